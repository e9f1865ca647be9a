//! What a context does for an event, told to a host that makes spans of it. The host knows what woke the
//! context, and one doorbell has it handle several events, each of a trace of its own; so the context says
//! which it is at work on. Elsewhere nothing is said, and a trace is handed on as it came.
//!
//! The form of what is said: `crates/host/src/telemetry/scope.rs`.

use std::fmt::Display;

use serde_json::{Value, json};

use crate::env::{Env, Host};
use crate::event::Envelope;
use crate::trace;

/// One event's handling, from its begin on.
pub(crate) struct Span<'h> {
    /// Who is told of its end.
    told: Option<&'h dyn Host>,
    traceparent: String,
}

impl<'h> Span<'h> {
    /// Begins to handle an event, for the how-manieth time.
    pub(crate) fn of(env: &Env<'h>, envelope: &Envelope, number: u64, tries: u64) -> Self {
        let (host, parent) = (env.host, envelope.traceparent.as_str());
        if !host.hears_spans() || !trace::is_valid(parent) {
            return Span { told: None, traceparent: parent.to_owned() };
        }
        let traceparent = trace::child(parent, host.random());
        host.tell_span(&json!({"begin": {
            "traceparent": traceparent,
            "parent": parent,
            "name": format!("process {}", envelope.kind),
            "attributes": {
                "messaging.operation": "process",
                "cloudevents.event_id": envelope.id,
                "cloudevents.event_source": envelope.source,
                "cloudevents.event_type": envelope.kind,
                "cloudevents.event_subject": envelope.subject,
                "madang.event": number,
                "madang.tries": tries,
            },
        }}));
        Span { told: Some(host), traceparent }
    }

    /// What follows from it carries this.
    pub(crate) fn traceparent(&self) -> String {
        self.traceparent.clone()
    }

    /// It ends, as its result says; `outcome` is one of a few words.
    pub(crate) fn end<T, E: Display>(self, result: &Result<T, E>, outcome: &str) {
        let Some(host) = self.told else { return };
        let mut end = json!({"traceparent": self.traceparent});
        match result {
            Ok(_) => end["attributes"] = json!({"madang.outcome": outcome}),
            Err(error) => end["error"] = Value::String(error.to_string()),
        }
        host.tell_span(&json!({"end": end}));
    }
}
