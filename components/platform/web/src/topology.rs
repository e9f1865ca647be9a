//! Which context tells and hears which events: from the systems' AsyncAPI documents, which are made from the
//! contexts' own definitions, and taken in when this is built.

use crate::model::System;

include!(concat!(env!("OUT_DIR"), "/topology.rs"));

/// Of one system.
pub(crate) struct Topology {
    system: &'static str,
    tells: &'static [(&'static str, &'static str)],
    hears: &'static [(&'static str, &'static str)],
}

impl Topology {
    /// Of this system.
    pub(crate) fn of(system: &System) -> &'static Self {
        static NONE: Topology = Topology { system: "", tells: &[], hears: &[] };
        TOPOLOGIES.iter().find(|topology| topology.system == system.name).unwrap_or(&NONE)
    }

    /// The contexts that hear an event.
    pub(crate) fn hearers(&self, event: &str) -> impl Iterator<Item = &'static str> {
        self.hears.iter().filter(move |(_, heard)| *heard == event).map(|(context, _)| *context)
    }

    /// Whether a context hears anything.
    pub(crate) fn follows(&self, context: &str) -> bool {
        self.hears.iter().any(|(hearer, _)| *hearer == context)
    }

    /// Who hears whom, and of what: teller, hearer, events.
    pub(crate) fn links(&self) -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
        let mut links: Vec<(&str, &str, Vec<&str>)> = Vec::new();
        for (teller, event) in self.tells {
            for hearer in self.hearers(event) {
                match links.iter_mut().find(|(from, to, _)| from == teller && *to == hearer) {
                    Some((_, _, events)) => events.push(event),
                    None => links.push((teller, hearer, vec![event])),
                }
            }
        }
        links
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::systems::SYSTEMS;

    #[test]
    fn the_pages_know_every_context_that_tells_or_hears() {
        assert_eq!(TOPOLOGIES.len(), SYSTEMS.len());
        for system in SYSTEMS {
            let topology = Topology::of(system);
            let known: BTreeSet<_> = system.contexts.iter().map(|context| context.name).collect();
            let pairs = topology.tells.iter().chain(topology.hears);
            let told: BTreeSet<_> = pairs.map(|(context, _)| *context).collect();
            assert_eq!(told, known, "{}", system.name);
            for context in system.contexts {
                for call in context.calls {
                    assert!(known.contains(call.to), "{} calls {}", context.name, call.to);
                    let tells = |event: &&str| topology.tells.contains(&(context.name, *event));
                    assert!(call.before.iter().all(tells), "{}: {:?}", context.name, call.before);
                }
            }
        }
    }

    #[test]
    fn who_hears_whom_is_told_once_for_each_two() {
        let bookrent = SYSTEMS.iter().find(|system| system.name == "bookrent").unwrap();
        let topology = Topology::of(bookrent);
        assert_eq!(topology.hearers("BookRented").collect::<Vec<_>>(), ["delivery", "view"]);
        let links = topology.links();
        let view = links.iter().find(|(from, to, _)| (*from, *to) == ("rent", "view")).unwrap();
        assert_eq!(view.2.len(), 2, "{:?}", view.2);
        assert!(topology.follows("view") && !topology.follows("rent"));
    }
}
