//! What collectors take: OTLP's messages for traces in protobuf, as far as the host fills them.
//! Source: `opentelemetry/proto/trace/v1/trace.proto` and those that it imports, version 1.

#![allow(missing_docs, reason = "the names are the protocol's, and documented there")]

use prost::{
    Message,
    bytes::BufMut,
    encoding::{WireType, encode_key, encode_varint, encoded_len_varint},
};

/// A longer text is cut off, in bytes: nothing of a request's making is to fill the queue.
const LONGEST: usize = 1024;

#[derive(Clone, PartialEq, Message)]
pub struct Span {
    #[prost(bytes = "vec", tag = "1")]
    pub trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    pub name: String,
    #[prost(enumeration = "Kind", tag = "6")]
    pub kind: i32,
    #[prost(fixed64, tag = "7")]
    pub start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    pub end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    pub attributes: Vec<KeyValue>,
    #[prost(message, repeated, tag = "13")]
    pub links: Vec<Link>,
    #[prost(message, optional, tag = "15")]
    pub status: Option<Status>,
    #[prost(fixed32, tag = "16")]
    pub flags: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Kind {
    Unspecified = 0,
    Internal = 1,
    Server = 2,
    Client = 3,
    Producer = 4,
    Consumer = 5,
}

#[derive(Clone, PartialEq, Message)]
pub struct Link {
    #[prost(bytes = "vec", tag = "1")]
    pub trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub span_id: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Status {
    #[prost(string, tag = "2")]
    pub message: String,
    #[prost(int32, tag = "3")]
    pub code: i32,
}

#[derive(Clone, PartialEq, Message)]
pub struct KeyValue {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(message, optional, tag = "2")]
    pub value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub struct AnyValue {
    #[prost(oneof = "Value", tags = "1, 2, 3, 4")]
    pub value: Option<Value>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Value {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(bool, tag = "2")]
    Truth(bool),
    #[prost(int64, tag = "3")]
    Number(i64),
    #[prost(double, tag = "4")]
    Real(f64),
}

#[derive(Clone, PartialEq, Message)]
pub struct Resource {
    #[prost(message, repeated, tag = "1")]
    pub attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Scope {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub version: String,
}

/// A collector's answer.
#[derive(Clone, PartialEq, Message)]
pub struct Answer {
    #[prost(message, optional, tag = "1")]
    pub partial_success: Option<Partial>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Partial {
    #[prost(int64, tag = "1")]
    pub rejected_spans: i64,
    #[prost(string, tag = "2")]
    pub error_message: String,
}

/// `STATUS_CODE_ERROR`.
pub const ERROR: i32 = 2;

// Where a span is in `ScopeSpans`, that in `ResourceSpans`, and that in a request; and where scope and
// resource are.
const SPANS: u32 = 2;
const SCOPE: u32 = 1;
const SCOPE_SPANS: u32 = 2;
const RESOURCE: u32 = 1;
const RESOURCE_SPANS: u32 = 1;

/// Puts a span to others. Each is written when it ends, so that no batch of them holds a process up.
pub fn append(span: &Span, spans: &mut Vec<u8>) {
    prost::encoding::message::encode(SPANS, span, spans);
}

/// A request with spans that [`append`] has put together, of what `resource` describes.
pub fn request(resource: &Resource, scope: &Scope, spans: &[u8]) -> Vec<u8> {
    let within = prost::encoding::message::encoded_len(SCOPE, scope) + spans.len();
    let whole = prost::encoding::message::encoded_len(RESOURCE, resource) + field(within);
    let mut request = Vec::with_capacity(field(whole));
    begin(RESOURCE_SPANS, whole, &mut request);
    prost::encoding::message::encode(RESOURCE, resource, &mut request);
    begin(SCOPE_SPANS, within, &mut request);
    prost::encoding::message::encode(SCOPE, scope, &mut request);
    request.put_slice(spans);
    request
}

/// How long a field with so much in it is: all the tags here fit into one byte.
fn field(length: usize) -> usize {
    1 + encoded_len_varint(length as u64) + length
}

fn begin(tag: u32, length: usize, into: &mut Vec<u8>) {
    encode_key(tag, WireType::LengthDelimited, into);
    encode_varint(length as u64, into);
}

/// An attribute.
pub fn attribute(key: &str, value: impl Into<Value>) -> KeyValue {
    KeyValue { key: cut(key), value: Some(AnyValue { value: Some(value.into()) }) }
}

/// The text, not too long.
pub fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(LONGEST)].to_owned()
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(cut(text))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

/// What a component tells, in JSON; nothing that has parts.
impl Value {
    pub fn plain(value: &serde_json::Value) -> Option<Self> {
        match value {
            serde_json::Value::String(text) => Some(text.as_str().into()),
            serde_json::Value::Bool(truth) => Some(Self::Truth(*truth)),
            serde_json::Value::Number(number) => {
                number.as_i64().map(Self::Number).or_else(|| number.as_f64().map(Self::Real))
            }
            _ => None,
        }
    }
}
