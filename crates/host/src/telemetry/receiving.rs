//! The span of a message that a component hears.

use super::{Tracer, context::Context, scope::Scope, span::Span, wire::Kind};
use crate::guest::state::Guest;
use std::sync::Arc;

/// The span of a message, and the scope of the instance that hears it. A CloudEvent says what it
/// follows from (CloudEvents' extension for distributed tracing).
pub fn receive(
    tracer: &Arc<Tracer>,
    guest: &Guest,
    channel: &str,
    message: &[u8],
) -> (Arc<Scope>, Option<Span>) {
    #[derive(serde::Deserialize)]
    struct Traced<'a> {
        traceparent: &'a str,
    }
    let parent = serde_json::from_slice(message)
        .ok()
        .and_then(|Traced { traceparent }| Context::parse(traceparent));
    let (context, mut span) = tracer.enter(parent, Kind::Consumer, &format!("{channel} receive"));
    if let Some(span) = &mut span {
        span.set("messaging.system", "redis")
            .set("messaging.operation", "receive")
            .set("messaging.destination.name", channel)
            .set("component_id", guest.id.as_str());
    }
    (Scope::new(tracer, context), span)
}
