//! What one instance does, as spans: what it asks of the outside, and what it tells of itself.
//!
//! A component knows better than its host what it is at work on: one doorbell has it handle several
//! events, each of a trace of its own. So where spans are recorded, an instance finds the environment
//! variable `TRACEPARENT` (OpenTelemetry's name), the span that it was woken for, and may tell of spans
//! within by lines on its standard error, which then are no lines of its log:
//!
//! ```text
//! madang:span {"begin":{"traceparent":"00-…","parent":"00-…","name":"process BookRented","attributes":{}}}
//! madang:span {"end":{"traceparent":"00-…","error":"why it failed, if it did","attributes":{}}}
//! ```
//!
//! In between, what it asks of the outside belongs to that span. One that it never ends, because it
//! trapped, ends with the instance and tells why.

use super::{
    Tracer,
    context::Context,
    span::Span,
    wire::{Kind, Value},
};
use serde::Deserialize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What begins a line that tells of a span.
pub const MARK: &str = "madang:span ";
/// The variable that tells an instance that it may.
pub const VARIABLE: &str = "TRACEPARENT";
/// Spans that an instance may have open.
const DEEPEST: usize = 32;
/// Attributes that it may give each.
const ATTRIBUTES: usize = 32;

/// The spans of one instance.
#[derive(Debug)]
pub struct Scope {
    tracer: Arc<Tracer>,
    /// What woke it.
    base: Context,
    open: Mutex<Vec<Span>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Told {
    Begin(Begin),
    End(End),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    traceparent: String,
    parent: String,
    name: String,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    traceparent: String,
    error: Option<String>,
    #[serde(default)]
    attributes: Attributes,
}

type Attributes = serde_json::Map<String, serde_json::Value>;

impl Scope {
    /// Of an instance that is woken for `base`.
    pub fn new(tracer: &Arc<Tracer>, base: Context) -> Arc<Self> {
        Arc::new(Self { tracer: tracer.clone(), base, open: Mutex::default() })
    }

    fn open(&self) -> MutexGuard<'_, Vec<Span>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What woke the instance.
    pub fn base(&self) -> Context {
        self.base
    }

    /// What it is at work on.
    pub fn current(&self) -> Context {
        self.open().last().map_or(self.base, Span::context)
    }

    /// Begins a span of a call to the outside, if those are recorded.
    pub fn call(&self, name: &str) -> Option<Span> {
        self.tracer.within(self.current(), Kind::Client, name)
    }

    /// Begins a span of a call for which the component itself has said where it belongs.
    pub fn call_of(&self, parent: Context, name: &str) -> Option<Span> {
        self.tracer.within(parent, Kind::Client, name)
    }

    /// Takes note of a line of `component`, without its end. False if it tells of no span, or not as it
    /// should.
    pub fn hears(&self, component: &str, line: &str) -> bool {
        let Some(text) = line.strip_prefix(MARK) else { return false };
        match serde_json::from_str(text) {
            Ok(Told::Begin(begin)) => self.begin(component, &begin),
            Ok(Told::End(end)) => self.end(&end),
            Err(_) => None,
        }
        .is_some()
    }

    fn begin(&self, component: &str, begin: &Begin) -> Option<()> {
        let (own, parent) = (Context::parse(&begin.traceparent)?, Context::parse(&begin.parent)?);
        let mut open = self.open();
        if own.trace != parent.trace || open.len() >= DEEPEST {
            return None;
        }
        if let Some(mut span) = self.tracer.told(own, parent, Kind::Consumer, &begin.name) {
            if self.base.sampled {
                span.link(self.base);
            }
            span.set("component_id", component);
            describe(&mut span, &begin.attributes);
            open.push(span);
        }
        Some(())
    }

    fn end(&self, end: &End) -> Option<()> {
        let context = Context::parse(&end.traceparent)?;
        let mut open = self.open();
        // One that is not recorded is not there.
        if let Some(at) = open.iter().rposition(|span| span.context().span == context.span) {
            let mut span = open.remove(at);
            describe(&mut span, &end.attributes);
            match &end.error {
                Some(why) => span.fail("failed", why),
                None => span.end(),
            }
        }
        Some(())
    }

    /// The instance has failed, and with it what it was at work on.
    pub fn failed(&self, kind: &str, why: &str) {
        for mut span in self.open().drain(..) {
            span.fail(kind, why);
        }
    }
}

fn describe(span: &mut Span, attributes: &Attributes) {
    for (key, value) in attributes.iter().take(ATTRIBUTES) {
        if let Some(value) = Value::plain(value) {
            span.set(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::settings::Settings;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const OWN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00000000000000aa-01";

    fn scope() -> (Arc<Tracer>, Arc<Scope>) {
        let tracer = Tracer::new(Settings::of("http://c/v1/traces"));
        let scope = Scope::new(&tracer, Context::root());
        (tracer, scope)
    }

    fn begin(own: &str, parent: &str) -> String {
        format!(
            "{MARK}{{\"begin\":{{\"traceparent\":\"{own}\",\"parent\":\"{parent}\",\"name\":\"a\"}}}}"
        )
    }

    fn spans(tracer: &Tracer) -> usize {
        std::iter::from_fn(|| tracer.queue.take()).map(|batch| batch.spans).sum()
    }

    #[test]
    fn what_it_tells_is_what_it_is_at_work_on() {
        let (tracer, scope) = scope();
        assert!(scope.call("GET").is_none(), "nobody wants to know");
        assert!(scope.hears("a", &begin(OWN, PARENT)));
        assert_eq!(Some(scope.current()), Context::parse(OWN));
        scope.call("GET").unwrap().end();
        assert!(scope.hears("a", &format!("{MARK}{{\"end\":{{\"traceparent\":\"{OWN}\"}}}}")));
        assert_eq!((scope.current(), spans(&tracer)), (scope.base(), 2));
    }

    #[test]
    fn a_span_that_is_not_wanted_is_not_recorded() {
        let (tracer, scope) = scope();
        let not = |text: &str| text.replace("-01", "-00");
        assert!(scope.hears("a", &begin(&not(OWN), &not(PARENT))));
        assert!(
            scope.hears("a", &format!("{MARK}{{\"end\":{{\"traceparent\":\"{}\"}}}}", not(OWN)))
        );
        assert_eq!((scope.current(), spans(&tracer)), (scope.base(), 0));
    }

    #[test]
    fn what_is_left_open_ends_with_the_instance() {
        let (tracer, scope) = scope();
        scope.hears("a", &begin(OWN, PARENT));
        scope.failed("trap", "unreachable");
        assert_eq!(spans(&tracer), 1);
        scope.hears("a", &begin(OWN, PARENT));
        drop(scope);
        assert_eq!(spans(&tracer), 1);
    }

    #[test]
    fn other_lines_are_the_logs() {
        let (tracer, scope) = scope();
        let elsewhere = PARENT.replace("4bf9", "4bf8");
        for line in [
            "POST /a 503 in 1 ms; saga x".to_owned(),
            MARK.to_owned(),
            format!("{MARK}{{}}"),
            format!("{MARK}{{\"end\":{{\"traceparent\":\"x\"}}}}"),
            begin(OWN, "x"),
            begin(OWN, &elsewhere),
            begin(OWN, PARENT).replace("name", "title"),
            format!(" {}", begin(OWN, PARENT)),
        ] {
            assert!(!scope.hears("a", &line), "{line}");
        }
        assert!((0..DEEPEST).all(|_| scope.hears("a", &begin(OWN, PARENT))));
        assert!(!scope.hears("a", &begin(OWN, PARENT)));
        drop(scope);
        assert_eq!(spans(&tracer), DEEPEST);
    }
}
