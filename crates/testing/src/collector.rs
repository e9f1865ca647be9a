//! A collector of spans: OTLP over HTTP in protobuf. It reads fields by the numbers that
//! `opentelemetry/proto/trace/v1/trace.proto` and those that it imports give them, and knows nothing of
//! how the host writes them.

use crate::HostBuilder;
use crate::wait::eventually;
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
    /// Which side of which call it is: 2 server, 3 client, 5 consumer.
    pub kind: u64,
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
        got.spans.extend(spans(&body));
    }
    drop(got);
    while shared.status.load(Ordering::Relaxed) == 0 {
        thread::sleep(Duration::from_millis(20));
    }
    let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(answer.as_bytes()).ok()
}

/// A field's value, as far as the wire tells what it is.
#[derive(Clone, Copy)]
enum Field<'b> {
    Number(u64),
    Bytes(&'b [u8]),
}

/// A message's fields with their numbers.
struct Fields<'b>(Vec<(u64, Field<'b>)>);

impl<'b> Fields<'b> {
    fn read(mut bytes: &'b [u8]) -> Self {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let key = varint(&mut bytes);
            let field = match key & 7 {
                0 => Field::Number(varint(&mut bytes)),
                1 => Field::Number(fixed(&mut bytes, 8)),
                2 => {
                    let length = usize::try_from(varint(&mut bytes)).expect("it is in memory");
                    let (value, rest) = bytes.split_at(length);
                    bytes = rest;
                    Field::Bytes(value)
                }
                5 => Field::Number(fixed(&mut bytes, 4)),
                kind => panic!("a field of kind {kind}"),
            };
            fields.push((key >> 3, field));
        }
        Self(fields)
    }

    fn number(&self, number: u64) -> u64 {
        match self.0.iter().rev().find(|(one, _)| *one == number) {
            Some((_, Field::Number(value))) => *value,
            Some(_) => panic!("field {number} is no number"),
            None => 0,
        }
    }

    fn all(&self, number: u64) -> impl Iterator<Item = &'b [u8]> {
        self.0.iter().filter(move |(one, _)| *one == number).map(move |(_, field)| match field {
            Field::Bytes(bytes) => *bytes,
            Field::Number(_) => panic!("field {number} is a number"),
        })
    }

    fn bytes(&self, number: u64) -> &'b [u8] {
        self.all(number).last().unwrap_or_default()
    }

    fn text(&self, number: u64) -> String {
        String::from_utf8(self.bytes(number).to_vec()).expect("text is UTF-8")
    }

    /// Attributes, as text.
    fn attributes(&self, number: u64) -> BTreeMap<String, String> {
        let pair = |pair| {
            let pair = Self::read(pair);
            let value = Self::read(pair.bytes(2));
            let text = match value.0.first() {
                Some((1, _)) => value.text(1),
                Some((2, Field::Number(truth))) => (*truth == 1).to_string(),
                Some((3, Field::Number(number))) => number.to_string(),
                _ => panic!("{} is neither text, truth nor whole number", pair.text(1)),
            };
            (pair.text(1), text)
        };
        self.all(number).map(pair).collect()
    }
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = fixed(bytes, 1);
        value |= (byte & 0x7f) << shift;
        if byte < 0x80 {
            return value;
        }
    }
    panic!("a number without an end")
}

fn fixed(bytes: &mut &[u8], length: usize) -> u64 {
    let (value, rest) = bytes.split_at(length);
    *bytes = rest;
    value.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

fn spans(request: &[u8]) -> Vec<Span> {
    let mut spans = Vec::new();
    for of in Fields::read(request).all(1).map(Fields::read) {
        let resource = Fields::read(of.bytes(1)).attributes(1);
        for scope in of.all(2).map(Fields::read) {
            spans.extend(scope.all(2).map(|record| span(&Fields::read(record), &resource)));
        }
    }
    spans
}

fn span(record: &Fields, resource: &BTreeMap<String, String>) -> Span {
    let status = Fields::read(record.bytes(15));
    Span {
        trace: hex(record.bytes(1)),
        id: hex(record.bytes(2)),
        parent: Some(hex(record.bytes(4))).filter(|parent| !parent.is_empty()),
        name: record.text(5),
        kind: record.number(6),
        attributes: record.attributes(9),
        resource: resource.clone(),
        error: (status.number(3) == 2).then(|| status.text(2)),
        links: record.all(13).map(|link| hex(Fields::read(link).bytes(2))).collect(),
        time: (record.number(7), record.number(8)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
