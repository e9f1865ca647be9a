//! One span in the making.

use super::{
    Tracer,
    context::Context,
    wire::{self, ERROR, Kind, Link, Status, Value},
};
use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

/// A span that is recorded. It ends when it is dropped: by [`Span::end`] or [`Span::fail`] as it was
/// meant to, else because nobody waited for its end any more.
#[derive(Debug)]
pub struct Span {
    tracer: Arc<Tracer>,
    context: Context,
    record: wire::Span,
    is_done: bool,
}

impl Span {
    /// Begins a span of this name, of `parent` if it is not the first of its trace.
    pub(super) fn begin(
        tracer: &Arc<Tracer>,
        context: Context,
        parent: Option<Context>,
        kind: Kind,
        name: &str,
    ) -> Self {
        let record = wire::Span {
            trace_id: context.trace.to_be_bytes().to_vec(),
            span_id: context.span.to_be_bytes().to_vec(),
            parent_span_id: parent.map_or(Vec::new(), |one| one.span.to_be_bytes().to_vec()),
            name: wire::cut(name),
            kind: kind.into(),
            start_time_unix_nano: now(),
            flags: 1,
            ..wire::Span::default()
        };
        Self { tracer: tracer.clone(), context, record, is_done: false }
    }

    /// What those that follow from it carry.
    pub fn context(&self) -> Context {
        self.context
    }

    /// With an attribute.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) -> &mut Self {
        self.record.attributes.push(wire::attribute(key, value));
        self
    }

    /// Says that it has to do with another trace.
    pub fn link(&mut self, other: Context) {
        self.record.links.push(Link {
            trace_id: other.trace.to_be_bytes().to_vec(),
            span_id: other.span.to_be_bytes().to_vec(),
        });
    }

    /// Says that what it is of has failed: of what kind of a low number of them (`error.type`), and why.
    pub fn fail(&mut self, kind: &str, why: &str) {
        self.set("error.type", kind);
        self.record.status = Some(Status { message: wire::cut(why), code: ERROR });
        self.is_done = true;
    }

    /// Ends it as its result says.
    pub fn ended<T, E: ToString>(mut self, result: &Result<T, E>) {
        match result {
            Ok(_) => self.end(),
            Err(error) => self.fail("failed", &error.to_string()),
        }
    }

    /// Ends it.
    pub fn end(mut self) {
        self.is_done = true;
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if !self.is_done {
            self.fail("abandoned", "it was left before its end");
        }
        // A clock that was set back must not make it end before it began.
        self.record.end_time_unix_nano = now().max(self.record.start_time_unix_nano);
        self.tracer.queue.put(&self.record);
    }
}

/// Nanoseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
