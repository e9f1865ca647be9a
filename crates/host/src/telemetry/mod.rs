//! OpenTelemetry traces: what a request has caused, over all components and events, as spans that a
//! collector gets. Without `OTEL_EXPORTER_OTLP_ENDPOINT` or its like there is no [`Tracer`], and nothing
//! is done.
//!
//! Spans are written into a bounded queue when they end, and sent from there by a task of the process's
//! one thread ([`export`]): another thread would have the other cores wait whenever an instance's memory
//! is reset.

pub mod context;
pub mod export;
pub mod queue;
pub mod receiving;
pub mod sampler;
pub mod scope;
pub mod serving;
pub mod settings;
pub mod span;
pub mod wire;

use self::{context::Context, queue::Queue, settings::Settings, span::Span, wire::Kind};
use std::sync::Arc;

/// Makes one process's spans.
#[derive(Debug)]
pub struct Tracer {
    /// What the environment says.
    pub settings: Settings,
    /// Where they wait for the collector.
    pub queue: Queue,
}

impl Tracer {
    /// One with nothing to send yet.
    pub fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Self { queue: Queue::new(&settings), settings })
    }

    /// Where something that comes from elsewhere is in its trace, and its span if that is recorded.
    pub fn enter(
        self: &Arc<Self>,
        parent: Option<Context>,
        kind: Kind,
        name: &str,
    ) -> (Context, Option<Span>) {
        let mut context = parent.map_or_else(Context::root, Context::child);
        context.sampled = self.settings.sampler.samples(context.trace, parent);
        let span = context.sampled.then(|| Span::begin(self, context, parent, kind, name));
        (context, span)
    }

    /// A span within another of this process; none if that is not recorded.
    pub fn within(self: &Arc<Self>, parent: Context, kind: Kind, name: &str) -> Option<Span> {
        parent.sampled.then(|| Span::begin(self, parent.child(), Some(parent), kind, name))
    }

    /// A span that somebody else has named, if it is to be recorded.
    pub fn told(
        self: &Arc<Self>,
        own: Context,
        parent: Context,
        kind: Kind,
        name: &str,
    ) -> Option<Span> {
        let sampled = self.settings.sampler.samples(own.trace, Some(parent));
        let own = Context { sampled, ..own };
        sampled.then(|| Span::begin(self, own, Some(parent), kind, name))
    }
}
