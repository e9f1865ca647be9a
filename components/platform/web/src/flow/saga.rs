//! A saga: what was asked, told and heard, in the order of the log.

use std::time::{Duration, SystemTime};

use crate::log::{Entry, Log};
use crate::model::{Call, Context, System};
use crate::standing::Standing;
use crate::topology::Topology;

/// What became of an event with one who hears it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// It was handled.
    Heard,
    /// It is not yet handled.
    Waiting,
    /// It is not yet handled, and who hears it does not answer.
    Away,
    /// It could not be handled, and is among the dead letters.
    Dead,
}

/// A step of a saga.
pub(super) enum Step {
    /// A client's request.
    Asked { to: &'static str },
    /// A context's question to another, and its yes. The log does not have it: it follows from what was told, which
    /// is only told after a yes.
    Called { from: &'static str, call: &'static Call },
    /// An event.
    Told { entry: Box<Entry>, from: &'static str, hearers: Vec<(&'static str, Mark)> },
}

/// A saga.
pub(super) struct Saga {
    /// Who takes part, from left to right.
    pub(super) contexts: Vec<&'static Context>,
    /// What happened.
    pub(super) steps: Vec<Step>,
    begin: SystemTime,
}

impl Saga {
    /// From its events.
    pub(super) fn of(
        system: &'static System,
        entries: Vec<Entry>,
        standings: Vec<Standing>,
        log: &Log,
    ) -> Self {
        let numbers: Vec<u64> = entries.iter().map(|entry| entry.number).collect();
        let dead: Vec<_> = standings
            .iter()
            .filter(|standing| standing.dead > 0)
            .map(|standing| {
                let name = standing.context.name;
                (name, log.dead_among(name, &numbers).unwrap_or_default())
            })
            .collect();
        let mark = |hearer: &str, number: u64| {
            if dead.iter().any(|(name, dead)| *name == hearer && dead.contains(&number)) {
                return Mark::Dead;
            }
            match standings.iter().find(|standing| standing.context.name == hearer) {
                Some(standing) if standing.cursor >= number => Mark::Heard,
                Some(standing) if standing.is_up() => Mark::Waiting,
                _ => Mark::Away,
            }
        };
        let begin = entries.first().map_or(SystemTime::UNIX_EPOCH, Entry::time);
        let steps = steps(system, entries, mark);
        let contexts = taking_part(system, &steps);
        Saga { contexts, steps, begin }
    }

    /// How long after the first event another was told.
    pub(super) fn after(&self, entry: &Entry) -> Duration {
        entry.time().duration_since(self.begin).unwrap_or_default()
    }

    /// Whether somebody has yet to handle something.
    pub(super) fn is_under_way(&self) -> bool {
        self.marks().any(|mark| matches!(mark, Mark::Waiting | Mark::Away))
    }

    fn marks(&self) -> impl Iterator<Item = Mark> {
        self.steps
            .iter()
            .flat_map(|step| match step {
                Step::Told { hearers, .. } => hearers.as_slice(),
                _ => &[],
            })
            .map(|(_, mark)| *mark)
    }
}

fn steps(
    system: &'static System,
    entries: Vec<Entry>,
    mark: impl Fn(&str, u64) -> Mark,
) -> Vec<Step> {
    let topology = Topology::of(system);
    let known: Vec<String> = entries.iter().map(|entry| entry.event.id.clone()).collect();
    let mut steps = Vec::new();
    let mut called: Vec<(&str, &str)> = Vec::new();
    // What was asked for comes first, though who was asked on the way may have told something before.
    let is_first = |entry: &&Entry| entry.event.causationid == entry.event.correlationid;
    let first = entries.iter().find(is_first).and_then(|entry| system.context(entry.context()));
    let first = first.or_else(|| {
        let asked = entries.first()?.context();
        system.contexts.iter().find(|context| context.calls.iter().any(|call| call.to == asked))
    });
    steps.extend(first.map(|context| Step::Asked { to: context.name }));
    for entry in entries {
        let Some(context) = system.context(entry.context()) else { continue };
        let causes = &entry.event.causationid;
        let by_call = *causes != entry.event.correlationid && !known.contains(causes);
        // Whoever was called tells before the caller does; else the caller's own event shows the call.
        let callers = system.contexts.iter().filter(|_| by_call);
        let from_others =
            callers.flat_map(|from| from.calls.iter().map(move |call| (from.name, call)));
        let made = from_others.filter(|(_, call)| call.to == context.name);
        let own = context.calls.iter().map(|call| (context.name, call));
        let own = own.filter(|(_, call)| call.before.contains(&entry.event.kind.as_str()));
        for (from, call) in made.chain(own) {
            if !called.contains(&(from, call.to)) {
                called.push((from, call.to));
                steps.push(Step::Called { from, call });
            }
        }
        let hearers = topology.hearers(&entry.event.kind);
        let hearers = hearers.map(|hearer| (hearer, mark(hearer, entry.number))).collect();
        steps.push(Step::Told { entry: Box::new(entry), from: context.name, hearers });
    }
    steps
}

/// The contexts of these steps, in the system's order.
fn taking_part(system: &'static System, steps: &[Step]) -> Vec<&'static Context> {
    let takes_part = |name: &str| {
        steps.iter().any(|step| match step {
            Step::Asked { to } => *to == name,
            Step::Called { from, call } => *from == name || call.to == name,
            Step::Told { from, hearers, .. } => {
                *from == name || hearers.iter().any(|(hearer, _)| *hearer == name)
            }
        })
    };
    system.contexts.iter().filter(|context| takes_part(context.name)).collect()
}

#[cfg(test)]
mod tests {
    use madang::event::Envelope;
    use serde_json::json;

    use super::*;
    use crate::systems;

    fn entry(number: u64, source: &str, kind: &str, id: &str, cause: &str) -> Entry {
        let event: Envelope = serde_json::from_value(json!({
            "id": id, "source": source, "specversion": "1.0", "type": kind, "subject": "x/1",
            "time": "2026-11-21T16:02:38.545Z", "datacontenttype": "application/json",
            "traceparent": "", "correlationid": "saga", "causationid": cause, "data": {},
        }))
        .unwrap();
        Entry { number, event }
    }

    fn told(steps: &[Step]) -> Vec<String> {
        steps
            .iter()
            .map(|step| match step {
                Step::Asked { to } => format!("asked {to}"),
                Step::Called { from, call } => format!("{from} calls {}", call.to),
                Step::Told { entry, from, hearers } => {
                    let hearers: Vec<_> =
                        hearers.iter().map(|(name, mark)| format!("{name} {mark:?}")).collect();
                    format!("{from} tells {}: {}", entry.event.kind, hearers.join(", "))
                }
            })
            .collect()
    }

    #[test]
    fn a_rent_asks_its_book_before_it_is_told() {
        let system = systems::named("bookrent").unwrap();
        let entries = vec![
            entry(2, "/bookrent/rent", "BookRented", "rents/1@2", "saga"),
            entry(3, "/bookrent/delivery", "DeliveryStarted", "deliveries/1@1", "rents/1@2"),
        ];
        let mark = |hearer: &str, number| match (hearer, number) {
            ("view", 3) => Mark::Waiting,
            _ => Mark::Heard,
        };
        let steps = steps(system, entries, mark);
        assert_eq!(
            told(&steps),
            [
                "asked rent",
                "rent calls book",
                "rent tells BookRented: delivery Heard, view Heard",
                "delivery tells DeliveryStarted: view Waiting",
            ]
        );
        let names: Vec<_> =
            taking_part(system, &steps).iter().map(|context| context.name).collect();
        assert_eq!(names, ["rent", "book", "delivery", "view"]);
    }

    #[test]
    fn who_is_called_may_tell_first() {
        let system = systems::named("lecture").unwrap();
        let entries = vec![
            entry(4, "/lecture/pay", "PaymentApproved", "payments/1@1", "a-call"),
            entry(5, "/lecture/class", "ClassRegistered", "classes/1@2", "saga"),
        ];
        let steps = steps(system, entries, |_, _| Mark::Heard);
        let told = told(&steps);
        assert_eq!(told[0], "asked class");
        assert_eq!(told[1], "class calls pay");
        assert!(told[2].starts_with("pay tells PaymentApproved: "), "{told:?}");
        assert!(told[3].starts_with("class tells ClassRegistered: "), "{told:?}");
        assert_eq!(told.len(), 4, "the call is drawn once: {told:?}");
    }
}
