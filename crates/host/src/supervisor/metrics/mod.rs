//! `GET /metrics`: what is counted in the processes, what stands in Redis and what the components say
//! of themselves, for Prometheus.

mod stored;
mod text;

pub use text::CONTENT_TYPE;

use self::{
    stored::Logs,
    text::{Kind, Text},
};
use super::{processes::Process, tally::Counts};
use crate::{
    contexts::Context,
    guest::meter::{BOUNDS, CLASSES, Ends, Measure, Measures},
    telemetry::export::Sent,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// How a circuit breaker may stand.
const STATES: [&str; 3] = ["closed", "half-open", "open"];

/// What the supervisor knows at the moment of a scrape.
#[derive(Debug)]
pub struct Figures {
    /// What the processes have counted.
    pub measures: Measures,
    /// How many requests were turned away.
    pub shed: Counts,
    /// What became of spans, if any are made.
    pub spans: Option<Sent>,
    /// The processes that run components.
    pub processes: Vec<Process>,
    /// The application's contexts.
    pub contexts: Vec<Context>,
    /// The application's base URL.
    pub http: String,
    /// The certificate that it shows, in PEM, where that is HTTPS.
    pub certificate: Option<String>,
    /// Its Redis, if it uses one.
    pub redis: Option<String>,
}

/// Asks Redis and the components for the rest, and writes all of it down. What does not answer has no
/// numbers, and `madang_redis_up` and `madang_component_up` say so.
pub async fn scrape(figures: Figures) -> String {
    let logs = async {
        match &figures.redis {
            Some(url) => Some(stored::logs(url, &figures.contexts).await.ok()),
            None => None,
        }
    };
    let (logs, infos) = tokio::join!(logs, stored::infos(&figures));
    let mut text = Text::default();
    requests(&mut text, &figures.measures);
    instances(&mut text, &figures);
    outbound(&mut text, &figures.measures);
    if let Some(Sent { sent, lost, .. }) = figures.spans {
        let name = "madang_spans_total";
        let help = "Spans of all components, by whether the collector took them.";
        text.metric(name, Kind::Counter, help);
        for (result, count) in [("sent", sent), ("lost", lost)] {
            text.sample(name, &[("result", result)], count);
        }
    }
    processes(&mut text, &figures.processes);
    if let Some(logs) = &logs {
        text.metric("madang_redis_up", Kind::Gauge, "Whether Redis answers.");
        text.sample("madang_redis_up", &[], u8::from(logs.is_some()));
    }
    events(&mut text, &figures.contexts, logs.flatten().unwrap_or_default(), &infos);
    breakers(&mut text, &infos);
    text.finish()
}

/// A metric with one number for each component.
fn each(
    text: &mut Text,
    name: &str,
    kind: Kind,
    help: &str,
    measures: &Measures,
    number: fn(&Measure) -> u64,
) {
    text.metric(name, kind, help);
    for (id, measure) in measures {
        text.sample(name, &[("component", id)], number(measure));
    }
}

/// A metric with two numbers for each component: how often something ended well, and how often not.
fn ends(text: &mut Text, name: &str, help: &str, measures: &Measures, of: fn(&Measure) -> Ends) {
    text.metric(name, Kind::Counter, help);
    for (id, measure) in measures {
        let Ends { ok, failed } = of(measure);
        for (result, count) in [("ok", ok), ("failed", failed)] {
            text.sample(name, &[("component", id), ("result", result)], count);
        }
    }
}

fn requests(text: &mut Text, measures: &Measures) {
    let name = "madang_requests_total";
    let help = "Requests of clients and neighbours, by the class of the answer's status; gone: the \
                client did not wait. Questions for health and info are not counted.";
    text.metric(name, Kind::Counter, help);
    for (id, measure) in measures {
        for (class, count) in CLASSES.iter().zip(measure.requests) {
            text.sample(name, &[("component", id), ("status", class)], count);
        }
    }
    let name = "madang_request_duration_seconds";
    text.metric(name, Kind::Histogram, "How long a request's answer took to begin.");
    for (id, measure) in measures {
        let bounds = BOUNDS.iter().map(|bound| seconds(*bound).to_string());
        let mut so_far = 0;
        for (bound, count) in bounds.chain(["+Inf".to_owned()]).zip(measure.durations) {
            so_far += count;
            text.sample(&format!("{name}_bucket"), &[("component", id), ("le", &bound)], so_far);
        }
        text.sample(&format!("{name}_sum"), &[("component", id)], seconds(measure.micros));
        text.sample(&format!("{name}_count"), &[("component", id)], so_far);
    }
    let help = "Messages of Redis channels that were handled.";
    ends(text, "madang_messages_total", help, measures, |measure| measure.messages);
}

#[expect(clippy::cast_precision_loss, reason = "nobody tells a microsecond in 200 years")]
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

fn instances(text: &mut Text, figures: &Figures) {
    let measures = &figures.measures;
    let help = "Instances that trapped.";
    each(text, "madang_traps_total", Kind::Counter, help, measures, |measure| measure.traps);
    let help = "Instances that were stopped at --request-timeout.";
    each(text, "madang_timeouts_total", Kind::Counter, help, measures, |one| one.timeouts);
    let help = "Instances that live now.";
    each(text, "madang_instances", Kind::Gauge, help, measures, |measure| measure.instances);
    let help = "The most instances that lived at once in one process.";
    each(text, "madang_instances_peak", Kind::Gauge, help, measures, |measure| measure.peak);
    let help = "Requests that were turned away because as many were at work and waiting as may be.";
    text.metric("madang_shed_total", Kind::Counter, help);
    for (id, count) in &figures.shed {
        text.sample("madang_shed_total", &[("component", id)], count);
    }
}

fn outbound(text: &mut Text, measures: &Measures) {
    let help = "Redis commands of components.";
    ends(text, "madang_outbound_redis_total", help, measures, |measure| measure.redis);
    let help =
        "HTTP requests of components, neighbours' included; ok: an answer came, whatever it was.";
    ends(text, "madang_outbound_http_total", help, measures, |measure| measure.http);
}

fn processes(text: &mut Text, processes: &[Process]) {
    // Those that are being taken over from have no place any more, and nobody counts their restarts.
    let places: Vec<_> = processes.iter().filter(|process| process.restarts.is_some()).collect();
    text.metric("madang_process_up", Kind::Gauge, "Whether the process runs.");
    for process in &places {
        let up = u8::from(process.pid.is_some());
        text.sample("madang_process_up", &[("process", &process.name)], up);
    }
    let name = "madang_process_restarts_total";
    text.metric(name, Kind::Counter, "How often the process was replaced because it had ended.");
    for process in &places {
        text.sample(name, &[("process", &process.name)], process.restarts.unwrap_or(0));
    }
    let name = "madang_process_memory_bytes";
    text.metric(name, Kind::Gauge, "Resident memory, what is shared with others included.");
    for process in &places {
        if let Some(bytes) = process.memory {
            text.sample(name, &[("process", &process.name)], bytes);
        }
    }
}

fn events(
    text: &mut Text,
    contexts: &[Context],
    logs: Logs,
    infos: &BTreeMap<String, Option<Value>>,
) {
    text.metric("madang_events_total", Kind::Counter, "Events in a system's log.");
    for (system, head) in &logs.heads {
        text.sample("madang_events_total", &[("system", system)], head);
    }
    let labels = |context: &'_ Context| {
        [("component", context.component.clone()), ("system", context.system.clone())]
    };
    let mut metric = |name: &str, help: &str, number: &dyn Fn(&Context) -> Option<u64>| {
        text.metric(name, Kind::Gauge, help);
        for context in contexts {
            if let Some(number) = number(context) {
                let labels = labels(context);
                let labels = labels.each_ref().map(|(label, value)| (*label, value.as_str()));
                text.sample(name, &labels, number);
            }
        }
    };
    // Redis tells it of a component that is down, too; a view keeps its place in its own database.
    metric("madang_event_lag", "Events that a context has not handled yet.", &|context| {
        let head = logs.heads.get(&context.system)?;
        match logs.contexts.get(&context.component)?.cursor {
            Some(cursor) => Some(head.saturating_sub(cursor)),
            None => infos.get(&context.component)?.as_ref()?["lag"].as_u64(),
        }
    });
    metric("madang_dead_letters", "Events that a context could not handle.", &|context| {
        Some(logs.contexts.get(&context.component)?.dead_letters)
    });
    metric("madang_component_up", "Whether a component tells its info.", &|context| {
        Some(u64::from(infos.get(&context.component)?.is_some()))
    });
}

fn breakers(text: &mut Text, infos: &BTreeMap<String, Option<Value>>) {
    let infos = infos.iter().filter_map(|(id, info)| Some((id, info.as_ref()?)));
    let all: Vec<_> = infos
        .flat_map(|(id, info)| {
            let breakers = info["breakers"].as_array().into_iter().flatten();
            breakers.filter_map(move |breaker| Some((id, breaker["target"].as_str()?, breaker)))
        })
        .collect();
    let name = "madang_breaker_state";
    text.metric(name, Kind::Gauge, "1 for the state in which a circuit breaker is.");
    for (id, target, breaker) in &all {
        for state in STATES {
            let labels = [("component", id.as_str()), ("target", *target), ("state", state)];
            text.sample(name, &labels, u8::from(breaker["state"] == state));
        }
    }
    let name = "madang_breaker_cut_off_total";
    text.metric(name, Kind::Counter, "Calls that a circuit breaker did not let through.");
    for (id, target, breaker) in &all {
        let labels = [("component", id.as_str()), ("target", *target)];
        text.sample(name, &labels, breaker["cutOff"].as_u64().unwrap_or(0));
    }
}
