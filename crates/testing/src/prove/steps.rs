//! The steps of sagas, one after the other: at which call to the outside a host is killed next.

use crate::rng::Rng;
use crate::trades::Facts;
use madang_testing::Trigger;

/// The calls to the outside that the instances of a context make for one kind of command, woken in one way.
#[derive(Clone, Debug)]
pub struct Way {
    /// The system.
    pub system: &'static str,
    /// The context.
    pub context: &'static str,
    /// [`crate::ledger::Ask::tells`] of the commands.
    pub tells: &'static str,
    /// What wakes the instances.
    pub trigger: Trigger,
    /// The call after which one is killed next; 0 is before it begins.
    pub call: u32,
    struck: u64,
    spared: u32,
    is_over: bool,
}

impl Way {
    fn new(facts: &Facts, tells: &'static str, context: &'static str, trigger: Trigger) -> Self {
        let system = facts.name;
        Self { system, context, tells, trigger, call: 0, struck: 0, spared: 0, is_over: false }
    }

    /// The component.
    pub fn component(&self) -> String {
        format!("{}-{}", self.system, self.context)
    }
}

/// All ways of all systems, and how far each is gone.
#[derive(Debug)]
pub struct Walk {
    ways: Vec<Way>,
    is_whole: bool,
}

/// How many commands in a row have to be done without that anybody makes so many calls, until a whole way is gone.
const TRIES: u32 = 3;
/// Below this, chance draws a call; where nobody makes so many, it goes back by so many.
const DRAWN: u64 = 16;
const STRIDE: u32 = 4;

impl Walk {
    /// Every step of these systems.
    pub fn whole(systems: &[Facts]) -> Self {
        let mut ways = Vec::new();
        for facts in systems {
            for tells in facts.commanded {
                for context in facts.contexts {
                    ways.push(Way::new(facts, tells, context, Trigger::Http));
                    if facts.hearing.contains(context) {
                        ways.push(Way::new(facts, tells, context, Trigger::Redis));
                    }
                }
            }
        }
        Self { ways, is_whole: true }
    }

    /// One step of each way, the ways in any order.
    pub fn drawn(systems: &[Facts], seed: u64) -> Self {
        let (mut walk, mut rng) = (Self::whole(systems), Rng::new(seed));
        walk.ways.sort_by_cached_key(|_| rng.below(u64::MAX));
        walk.ways.iter_mut().for_each(|way| way.call = rng.below(DRAWN) as u32);
        Self { is_whole: false, ..walk }
    }

    /// Whether there is anything left of a system.
    pub fn goes_on(&self, system: &str) -> bool {
        self.ways.iter().any(|way| way.system == system && !way.is_over)
    }

    /// The way to go on with by a command of this kind, by its number; none where all of them are at their end.
    pub fn next(&self, system: &str, tells: &str) -> Option<usize> {
        let is_next = |way: &Way| way.system == system && way.tells == tells && !way.is_over;
        self.ways.iter().position(is_next)
    }

    /// A way.
    pub fn way(&self, number: usize) -> &Way {
        &self.ways[number]
    }

    /// A host was killed there.
    pub fn struck(&mut self, number: usize) {
        let way = &mut self.ways[number];
        way.struck += 1;
        way.spared = 0;
        way.call += 1;
        way.is_over = !self.is_whole;
    }

    /// The command was done, with all that followed, and nobody made so many calls.
    pub fn spared(&mut self, number: usize) {
        let way = &mut self.ways[number];
        way.spared += 1;
        if self.is_whole {
            way.is_over = way.spared >= TRIES;
        } else {
            way.is_over = way.call == 0;
            way.call = way.call.saturating_sub(STRIDE);
        }
    }

    /// What was struck, a line for each system.
    pub fn told(&self, systems: &[Facts]) -> Vec<String> {
        systems.iter().map(|facts| self.of(facts)).collect()
    }

    /// Contexts of these systems of which no step was struck.
    pub fn never_struck(&self, systems: &[Facts]) -> Vec<String> {
        let struck = |system: &str, context: &str| {
            let is_it = |way: &&Way| way.system == system && way.context == context;
            self.ways.iter().filter(is_it).map(|way| way.struck).sum::<u64>() > 0
        };
        let all =
            systems.iter().flat_map(|facts| facts.contexts.iter().map(move |c| (facts.name, *c)));
        let never = all.filter(|(system, context)| !struck(system, context));
        never.map(|(system, context)| format!("{system}-{context}")).collect()
    }

    fn of(&self, facts: &Facts) -> String {
        let ways = || self.ways.iter().filter(|way| way.system == facts.name);
        let by = |trigger| {
            ways().filter(|way| way.trigger == trigger).map(|way| way.struck).sum::<u64>()
        };
        let (requests, messages) = (by(Trigger::Http), by(Trigger::Redis));
        let never = self.never_struck(&[*facts]).len();
        let (components, all) = (facts.contexts.len() - never, facts.contexts.len());
        let left = ways().filter(|way| !way.is_over).count();
        let whole = match (self.is_whole, left) {
            (false, _) => "drawn by the seed".to_owned(),
            (true, 0) => "every one".to_owned(),
            (true, left) => format!("{left} of {} ways not gone to their end", ways().count()),
        };
        format!(
            "steps of {}: {} in {components} of {all} components, {requests} woken by requests and {messages} by \
             messages; {whole}",
            facts.name,
            requests + messages
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    const SHOP: Facts = Facts {
        name: "shop",
        contexts: &["till", "van"],
        hearing: &["van"],
        asked: &[],
        intents: None,
        follows: &[],
        commanded: &["Bought", "Returned"],
    };

    type Calls = BTreeMap<(&'static str, &'static str, bool), u32>;

    /// How many calls each context makes: the van none for requests, and the till hears nothing.
    fn calls() -> Calls {
        let calls = [
            (("Bought", "till", true), 5),
            (("Bought", "van", false), 9),
            (("Returned", "till", true), 2),
            (("Returned", "van", false), 4),
        ];
        calls.into()
    }

    /// Walks to the end: which calls of which ways were struck.
    fn walked(mut walk: Walk) -> (Walk, BTreeSet<(&'static str, &'static str, u32)>) {
        let mut struck = BTreeSet::new();
        while let Some(at) = SHOP.commanded.iter().find_map(|tells| walk.next("shop", tells)) {
            let Way { tells, context, trigger, call, .. } = *walk.way(at);
            let most = calls().get(&(tells, context, trigger == Trigger::Http)).copied();
            if most.is_some_and(|most| call <= most) {
                assert!(struck.insert((tells, context, call)), "{tells} {context} {call} again");
                walk.struck(at);
            } else {
                walk.spared(at);
            }
        }
        assert!(!walk.goes_on("shop"));
        (walk, struck)
    }

    #[test]
    fn a_walk_strikes_every_step_once() {
        let (walk, struck) = walked(Walk::whole(&[SHOP]));
        let all = calls().values().map(|most| most + 1).sum::<u32>();
        assert_eq!(struck.len(), all as usize);
        assert_eq!(walk.never_struck(&[SHOP]), Vec::<String>::new());
        let told = walk.told(&[SHOP]).join("");
        assert!(
            told.contains(
                "24 in 2 of 2 components, 9 woken by requests and 15 by messages; every one"
            ),
            "{told}"
        );
    }

    #[test]
    fn a_step_that_is_spared_now_and_then_is_no_end() {
        let mut walk = Walk::whole(&[SHOP]);
        let at = walk.next("shop", "Bought").unwrap();
        for _ in 0..5 {
            (1..TRIES).for_each(|_| walk.spared(at));
            walk.struck(at);
        }
        assert_eq!((walk.next("shop", "Bought"), walk.way(at).call), (Some(at), 5));
        (0..TRIES).for_each(|_| walk.spared(at));
        assert_ne!(walk.next("shop", "Bought"), Some(at));
        assert_eq!(walk.never_struck(&[SHOP]), ["shop-van"]);
    }

    #[test]
    fn seeds_draw_each_step_in_turn() {
        let all = walked(Walk::whole(&[SHOP])).1;
        let of = |seed| walked(Walk::drawn(&[SHOP], seed)).1;
        assert!((1..=100).all(|seed| of(seed).len() == calls().len()), "one of each way");
        assert_eq!((1..=100).flat_map(of).collect::<BTreeSet<_>>(), all);
        assert_eq!(of(7), of(7));
    }
}
