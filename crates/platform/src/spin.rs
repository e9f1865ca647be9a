//! The host's ports on Spin, and the two ways in: a request and a doorbell.

use std::cell::OnceCell;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use spin_sdk::redis::{Connection, RedisParameter, RedisResult};
use wasi::http::types::{
    Fields, IncomingBody, IncomingRequest, IncomingResponse, Method, OutgoingBody,
    OutgoingResponse, ResponseOutparam, Scheme,
};
use wasi::io::streams::StreamError;

use crate::call::{Answered, Outbound};
use crate::consumer::Drained;
use crate::context::{Context, Definition};
use crate::env::{Cause, Cell, Env, Host, Rows};
use crate::error::Error;
use crate::fetch::{self, Limit};
use crate::health;
use crate::http::{MAX_BODY, Request, Response, parse_query};
use crate::keyvalue::{self, atomics, store};
use crate::redis::Reply;
use crate::rest::{self, cors};
use crate::site::{self, Site};
use crate::trace;
use crate::world::types::Problem;

/// Our own host's word on whether an instance of the component has trapped in this process: `1`, or `0`. Stock Spin does
/// not say.
const TRAPPED: &str = "MADANG_TRAPPED";
/// Bytes read at once.
const CHUNK: u64 = 64 * 1024;

/// Spin, as a context sees it. Redis and the key-value store are opened when they are first needed, once
/// for a request.
struct Spin {
    /// The key-value store that it opens: the one of its component's name.
    label: String,
    redis: OnceCell<Connection>,
    bucket: OnceCell<store::Bucket>,
}

impl Spin {
    fn of(definition: &Definition) -> Self {
        let label = format!("{}-{}", definition.system, definition.context);
        Spin { label, redis: OnceCell::new(), bucket: OnceCell::new() }
    }

    fn bucket(&self) -> Result<&store::Bucket, String> {
        if let Some(bucket) = self.bucket.get() {
            return Ok(bucket);
        }
        let label = &self.label;
        let bucket = store::open(label)
            .map_err(|error| format!("the key-value store {label} {}", keyvalue::reason(error)))?;
        Ok(self.bucket.get_or_init(|| bucket))
    }

    fn redis(&self) -> Result<&Connection, String> {
        if let Some(connection) = self.redis.get() {
            return Ok(connection);
        }
        let url = self.variable("redis_url").ok_or("variable redis_url is not set")?;
        let connection = Connection::open(&url).map_err(|error| format!("Redis: {error}"))?;
        Ok(self.redis.get_or_init(|| connection))
    }
}

impl Host for Spin {
    fn redis(&self, command: &str, words: Vec<Vec<u8>>) -> Result<Vec<Reply>, String> {
        let words: Vec<_> = words.into_iter().map(RedisParameter::Binary).collect();
        let results = self.redis()?.execute(command, &words).map_err(|error| error.to_string())?;
        Ok(results
            .into_iter()
            .map(|result| match result {
                RedisResult::Nil => Reply::Nil,
                RedisResult::Status(text) => Reply::Bytes(text.into_bytes()),
                RedisResult::Int64(number) => Reply::Int(number),
                RedisResult::Binary(bytes) => Reply::Bytes(bytes),
            })
            .collect())
    }

    fn sqlite(&self, label: &str, sql: &str, values: Vec<Cell>) -> Result<Rows, String> {
        use spin_sdk::sqlite::{Connection, Value};
        let values: Vec<_> = values
            .into_iter()
            .map(|cell| match cell {
                Cell::Null => Value::Null,
                Cell::Integer(number) => Value::Integer(number),
                Cell::Text(text) => Value::Text(text),
            })
            .collect();
        let connection = Connection::open(label).map_err(|error| error.to_string())?;
        let result = connection.execute(sql, &values).map_err(|error| error.to_string())?;
        let rows = result.rows.into_iter().map(|row| {
            row.values
                .into_iter()
                .map(|value| match value {
                    Value::Integer(number) => Cell::Integer(number),
                    Value::Text(text) => Cell::Text(text),
                    Value::Real(_) | Value::Blob(_) | Value::Null => Cell::Null,
                })
                .collect()
        });
        Ok(Rows { rows: rows.collect() })
    }

    fn send(&self, outbound: Outbound) -> Result<Answered, String> {
        let (response, limit) = fetch::begin("POST", outbound)?.answer()?;
        read_response(&response, &limit)
    }

    fn count(&self, key: &str, delta: i64) -> Result<i64, String> {
        atomics::increment(self.bucket()?, key, delta).map_err(keyvalue::reason)
    }

    fn counted(&self, key: &str) -> Result<i64, String> {
        let bytes = self.bucket()?.get(key).map_err(keyvalue::reason)?;
        match bytes {
            None => Ok(0),
            Some(bytes) => keyvalue::number(&bytes).ok_or_else(|| format!("{key} is no number")),
        }
    }

    fn forget(&self, key: &str) -> Result<(), String> {
        self.bucket()?.delete(key).map_err(keyvalue::reason)
    }

    fn variable(&self, name: &str) -> Option<String> {
        spin_sdk::variables::get(name).ok()
    }

    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }

    fn random(&self) -> u64 {
        random()
    }

    fn knows_no_trap(&self) -> bool {
        std::env::var(TRAPPED).is_ok_and(|trapped| trapped == "0")
    }

    fn hears_spans(&self) -> bool {
        traceparent().is_some()
    }

    fn tell_span(&self, told: &Value) {
        // One write: each is a call to the host.
        let line = format!("madang:span {told}\n");
        eprint!("{line}");
    }
}

/// What woke this instance, where the host makes spans and hears of others.
fn traceparent() -> Option<String> {
    std::env::var("TRACEPARENT").ok()
}

/// 64 random bits.
pub fn random() -> u64 {
    wasi::random::random::get_random_u64()
}

/// Answers a request to a component.
pub fn handle<C: Context>(version: &str, incoming: IncomingRequest, out: ResponseOutparam) {
    answer(incoming, out, |request| {
        let definition = C::define();
        rest::serve(&definition, &Spin::of(&definition), version, request)
    });
}

/// Answers a request to a component that has nothing but answers.
pub fn show<S: Site>(incoming: IncomingRequest, out: ResponseOutparam) {
    let origins = || spin_sdk::variables::get(cors::ORIGINS).ok();
    answer(incoming, out, |request| site::serve::<S>(request, origins));
}

fn answer(
    incoming: IncomingRequest,
    out: ResponseOutparam,
    serve: impl FnOnce(&Request) -> Response,
) {
    let response = match read_request(&incoming) {
        Ok(request) => serve(&request),
        Err(reason) => {
            eprintln!("the request could not be read: {reason}");
            Response::empty(400)
        }
    };
    respond(out, response);
}

/// Carries out a typed call of a component's own export.
///
/// # Errors
/// What `work` reports, as the world tells it.
pub fn typed<C: Context, T>(work: impl FnOnce(&Env) -> Result<T, Error>) -> Result<T, Problem> {
    let definition = C::define();
    let spin = Spin::of(&definition);
    let id = format!("{:016x}{:016x}", spin.random(), spin.random());
    let traceparent = trace::continued(traceparent().as_deref(), || spin.random());
    let cause = Cause { correlation: id.clone(), id, traceparent };
    work(&definition.env(&spin, cause)).map_err(Problem::from)
}

/// Hears a doorbell: whatever the message says, the log is read on from where the context stands.
///
/// # Errors
/// Where it could not be read to its end, so that Spin's log shows it. Nothing is lost: the next
/// doorbell or the next `health/ready` reads on.
pub fn hear<C: Context>() -> Result<(), Error> {
    let definition = C::define();
    let spin = Spin::of(&definition);
    let traceparent = trace::continued(traceparent().as_deref(), || spin.random());
    let cause = Cause { traceparent, ..Cause::default() };
    let env = definition.env(&spin, cause);
    match health::catch_up(&definition, &env) {
        Ok(Drained::CaughtUp | Drained::Busy) => Ok(()),
        Ok(Drained::Stuck(reason)) => {
            eprintln!("waiting: {reason}");
            Ok(())
        }
        Err(error) => {
            eprintln!("{error}");
            Err(error)
        }
    }
}

fn read_request(incoming: &IncomingRequest) -> Result<Request, String> {
    let method = match incoming.method() {
        Method::Get => "GET".to_owned(),
        Method::Head => "HEAD".to_owned(),
        Method::Post => "POST".to_owned(),
        Method::Put => "PUT".to_owned(),
        Method::Delete => "DELETE".to_owned(),
        Method::Connect => "CONNECT".to_owned(),
        Method::Options => "OPTIONS".to_owned(),
        Method::Trace => "TRACE".to_owned(),
        Method::Patch => "PATCH".to_owned(),
        Method::Other(other) => other,
    };
    let scheme = match incoming.scheme() {
        Some(Scheme::Https) => "https".to_owned(),
        _ => "http".to_owned(),
    };
    let target = incoming.path_with_query().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    // A host hands names over in lower case (HTTP/2 has no others), and most values are ASCII.
    let text = |bytes: Vec<u8>| {
        String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    };
    let mut headers: Vec<(String, String)> = incoming
        .headers()
        .entries()
        .into_iter()
        .map(|(mut name, value)| {
            name.make_ascii_lowercase();
            (name, text(value))
        })
        .collect();
    if let Some(authority) = incoming.authority()
        && !headers.iter().any(|(name, _)| name == "host")
    {
        headers.push(("host".to_owned(), authority));
    }
    let body = incoming.consume().map_err(|()| "the body was taken already")?;
    let body = match method.as_str() {
        "GET" => Vec::new(),
        _ => read_all(body, MAX_BODY + 1, &Limit(None))?,
    };
    Ok(Request { method, scheme, path: path.to_owned(), query: parse_query(query), headers, body })
}

fn read_response(response: &IncomingResponse, limit: &Limit) -> Result<Answered, String> {
    let retry_after = response.headers().get(&"retry-after".to_owned()).into_iter().next();
    let seconds = retry_after.and_then(|value| std::str::from_utf8(&value).ok()?.parse().ok());
    let body = response.consume().map_err(|()| "the answer's body was taken already")?;
    Ok(Answered {
        status: response.status(),
        retry_after: seconds.map(Duration::from_secs),
        body: read_all(body, MAX_BODY, limit)?,
    })
}

/// Reads a body to its end, or until it has `most` bytes.
pub(crate) fn read_all(body: IncomingBody, most: usize, limit: &Limit) -> Result<Vec<u8>, String> {
    let stream = body.stream().map_err(|()| "the body was taken already")?;
    let mut bytes = Vec::new();
    while bytes.len() < most {
        match stream.read(CHUNK) {
            Ok(chunk) if chunk.is_empty() => limit.wait(&stream.subscribe())?,
            Ok(chunk) => bytes.extend(chunk),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => return Err(error.to_debug_string()),
        }
    }
    bytes.truncate(most);
    Ok(bytes)
}

pub(crate) fn write_all(body: OutgoingBody, bytes: &[u8], limit: &Limit) -> Result<(), String> {
    let stream = body.write().map_err(|()| "the body was taken already")?;
    let mut rest = bytes;
    while !rest.is_empty() {
        let room = stream.check_write().map_err(|error| error.to_string())?;
        let (now, later) = rest.split_at(rest.len().min(usize::try_from(room).unwrap_or(0)));
        if now.is_empty() {
            limit.wait(&stream.subscribe())?;
        } else {
            stream.write(now).map_err(|error| error.to_string())?;
        }
        rest = later;
    }
    drop(stream);
    OutgoingBody::finish(body, None).map_err(|error| error.to_string())
}

fn respond(out: ResponseOutparam, response: Response) {
    let mut headers: Vec<(String, Vec<u8>)> =
        response.headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
    if !response.body.is_empty() {
        let length = response.body.len().to_string().into_bytes();
        headers.push(("content-length".to_owned(), length));
    }
    let Ok(fields) = Fields::from_list(&headers) else {
        // A header that cannot be sent is a bug of the platform; the client gets a plain 500.
        let answer = OutgoingResponse::new(Fields::new());
        let _ = answer.set_status_code(500);
        return ResponseOutparam::set(out, Ok(answer));
    };
    let answer = OutgoingResponse::new(fields);
    let _ = answer.set_status_code(response.status);
    let body = answer.body();
    ResponseOutparam::set(out, Ok(answer));
    if let Ok(body) = body
        && let Err(error) = write_all(body, &response.body, &Limit(None))
    {
        eprintln!("the answer could not be sent: {error}");
    }
}
