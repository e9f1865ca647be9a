//! A collector of spans (OTLP over HTTP in protobuf), by OpenTelemetry's own reading of the protocol.

use crate::HostBuilder;
use crate::wait::eventually;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::{Span as Record, span::SpanKind, status::StatusCode};
use prost::Message;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How long spans may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A collector on a free port. Its threads end with the test's process.
#[derive(Debug, Clone)]
pub struct Collector {
    origin: String,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// What it answers; 0 for nothing at all.
    status: AtomicU16,
    got: Mutex<Got>,
}

#[derive(Debug, Default)]
struct Got {
    spans: Vec<Span>,
    /// The heads of the requests.
    heads: Vec<String>,
}

/// A span that came.
#[derive(Debug, Clone)]
pub struct Span {
    /// The trace, in hexadecimal digits.
    pub trace: String,
    /// Its own id.
    pub id: String,
    /// The id of what it follows from.
    pub parent: Option<String>,
    /// What it is called.
    pub name: String,
    /// Which side of which call it is.
    pub kind: SpanKind,
    /// Its attributes, as text.
    pub attributes: BTreeMap<String, String>,
    /// Those of what it is of.
    pub resource: BTreeMap<String, String>,
    /// Why it failed, if it did; may be empty.
    pub error: Option<String>,
    /// The ids of spans of other traces that it has to do with.
    pub links: Vec<String>,
    /// When it began and ended, in nanoseconds since 1970.
    pub time: (u64, u64),
}

impl Collector {
    /// One that takes everything.
    ///
    /// # Panics
    /// When there is no port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("its address"));
        let shared = Shared { status: AtomicU16::new(200), got: Mutex::default() };
        let collector = Self { origin, shared: Arc::new(shared) };
        let shared = collector.shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                thread::spawn(move || while serve(&stream, &shared).is_some() {});
            }
        });
        collector
    }

    /// Its base URL.
    pub fn url(&self) -> &str {
        &self.origin
    }

    /// A host that sends its spans there, soon.
    pub fn of_spans(&self, settings: HostBuilder) -> HostBuilder {
        settings.env("OTEL_EXPORTER_OTLP_ENDPOINT", self.url()).env("OTEL_BSP_SCHEDULE_DELAY", "50")
    }

    /// What it answers from now on; with 0 nothing, and nobody's connection is closed.
    pub fn answer(&self, status: u16) {
        self.shared.status.store(status, Ordering::Relaxed);
    }

    /// All spans that it took.
    pub fn spans(&self) -> Vec<Span> {
        self.got(|got| got.spans.clone())
    }

    /// The heads of all requests, also of those that it did not take.
    pub fn heads(&self) -> Vec<String> {
        self.got(|got| got.heads.clone())
    }

    fn got<T>(&self, read: impl FnOnce(&Got) -> T) -> T {
        read(&self.shared.got.lock().expect("its threads do not panic"))
    }

    /// The spans of a trace, once they are such that `so` finds what it looks for.
    #[track_caller]
    pub fn trace(&self, trace: &str, so: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        eventually(PATIENCE, || {
            let mut spans = self.spans();
            spans.retain(|span| span.trace == trace);
            if so(&spans) { Ok(spans) } else { Err(format!("in vain:\n{}", tree(&spans))) }
        })
    }
}

impl Span {
    /// An attribute.
    pub fn of(&self, attribute: &str) -> &str {
        self.attributes.get(attribute).map_or("", String::as_str)
    }
}

/// Spans as a tree, each on a line of its own below what it follows from, by their names and components;
/// what follows from none of them is at the left.
pub fn tree(spans: &[Span]) -> String {
    let ids: BTreeSet<&str> = spans.iter().map(|span| span.id.as_str()).collect();
    let mut text = String::new();
    let is_first = |span: &&Span| !span.parent.as_deref().is_some_and(|one| ids.contains(one));
    let mut first: Vec<&Span> = spans.iter().filter(is_first).collect();
    sort(&mut first);
    for span in first {
        branch(spans, span, 0, &mut text);
    }
    text
}

fn branch(spans: &[Span], span: &Span, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    let component = match span.of("component_id") {
        "" => String::new(),
        component => format!(" ({component})"),
    };
    let error = span.error.as_ref().map_or("", |_| " failed");
    let _ = writeln!(text, "{indent}{}{component}{error}", span.name);
    let follows = |other: &&Span| other.parent.as_ref() == Some(&span.id);
    let mut next: Vec<&Span> = spans.iter().filter(follows).collect();
    sort(&mut next);
    for span in next {
        branch(spans, span, depth + 1, text);
    }
}

/// What happens at once stands in an order of its own.
fn sort(spans: &mut [&Span]) {
    spans.sort_by_key(|span| (span.name.clone(), span.of("component_id").to_owned(), span.time));
}

/// Takes one request; `None` where there is no more.
fn serve(mut stream: &TcpStream, shared: &Shared) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let lower = head.to_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.and_then(|length| length.parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let status = shared.status.load(Ordering::Relaxed);
    let mut got = shared.got.lock().ok()?;
    got.heads.push(lower);
    if status == 200 {
        let request = ExportTraceServiceRequest::decode(&body[..]).expect("spans in protobuf");
        got.spans.extend(spans(request));
    }
    drop(got);
    while shared.status.load(Ordering::Relaxed) == 0 {
        thread::sleep(Duration::from_millis(20));
    }
    let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(answer.as_bytes()).ok()
}

fn spans(request: ExportTraceServiceRequest) -> Vec<Span> {
    let mut spans = Vec::new();
    for of in request.resource_spans {
        let resource = of.resource.map(|resource| texts(resource.attributes)).unwrap_or_default();
        for record in of.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            spans.push(span(record, &resource));
        }
    }
    spans
}

fn span(record: Record, resource: &BTreeMap<String, String>) -> Span {
    let kind = record.kind();
    let failed = record.status.filter(|status| status.code() == StatusCode::Error);
    Span {
        trace: hex(&record.trace_id),
        id: hex(&record.span_id),
        parent: Some(hex(&record.parent_span_id)).filter(|parent| !parent.is_empty()),
        name: record.name,
        kind,
        attributes: texts(record.attributes),
        resource: resource.clone(),
        error: failed.map(|status| status.message),
        links: record.links.iter().map(|link| hex(&link.span_id)).collect(),
        time: (record.start_time_unix_nano, record.end_time_unix_nano),
    }
}

fn texts(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |value: AnyValue| match value.value {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::BoolValue(truth)) => truth.to_string(),
        other => format!("{other:?}"),
    };
    let pair = |one: KeyValue| (one.key, one.value.map(text).unwrap_or_default());
    attributes.into_iter().map(pair).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
