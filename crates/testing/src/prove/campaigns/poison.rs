//! Events that nobody can handle: no JSON, of a type that nobody knows, without what they must have; and, in a
//! build that lets events do that, handlers that trap, loop and overflow their stack, in every context that hears
//! events. Each goes to the dead letters of whom it poisons, after its tries, and everything else goes on in order.

use super::{Play, Round, Scene};
use crate::args::POISONABLE;
use crate::crowd::{self, Tickets};
use crate::harm::Terms;
use crate::rng::Rng;
use crate::sabotage;
use crate::tally::Tally;
use crate::trades::Facts;
use madang_testing::log::tell;
use madang_testing::system::System;
use madang_testing::{Host, Redis};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often an event is tried here, and how long a handler may take.
const TRIES: &str = "2";
const LIMIT: &str = "2s";
/// What a poisoned handler does.
const HOWS: [&str; 3] = ["trap", "loop", "overflow"];
/// Why such an event is a dead letter.
const WITHOUT_ANSWER: &str = "the component ended without an answer";
/// Commands beside each poison.
const COMMANDS: u64 = 12;
/// How long poisoned handlers may take to end as dead letters until they are stuck; others are poisoned then.
const ENDED: Duration = Duration::from_secs(60);
/// How often it is looked at until then.
const LOOK: Duration = Duration::from_millis(100);

/// What a poisoned event is like that poisons whoever hears it.
#[derive(Clone, Copy, Debug)]
enum Poison {
    NoJson,
    UnknownType,
    WithoutFields,
}

/// Which types of events each context of a system hears.
type Heard = BTreeMap<&'static str, Vec<String>>;

/// Plays it: in short each context that hears is poisoned in one of the three ways, in full in all.
pub fn play(play: &Play) -> Tally {
    let (rounds, hows) = play.of((5, HOWS.len()), (1, 1));
    play.rounds(rounds, |round| one(play, round, hows))
}

fn one(play: &Play, mut round: Round, hows: usize) -> Tally {
    let poisonable = sabotage::of(POISONABLE);
    let settings = play
        .settings()
        .manifest(sabotage::manifest(poisonable))
        .variable("max_attempts", TRIES)
        .arg("--request-timeout")
        .arg(LIMIT);
    let scene = Scene::with(play, &round, Redis::start(), 1, settings);
    let facts: Vec<Facts> = scene.trades.iter().map(|trade| trade.facts()).collect();
    let hearing =
        facts.iter().flat_map(|f| f.hearing.iter().map(move |c| format!("{}-{c}", f.name)));
    let hearing: Vec<String> = hearing.collect();
    let hearing: Vec<&str> = hearing.iter().map(String::as_str).collect();
    let lacks = sabotage::told(&scene.stage.hosts[0], &hearing);
    assert_eq!(lacks, vec![POISONABLE; hearing.len()], "what was built");
    let mut poisoner = Poisoner::new(&scene.stage.hosts[0], facts);
    let records = crowd::at_work(
        &scene.stage.doors,
        &scene.trades,
        super::CLIENTS,
        &mut round.rng,
        |tickets, rng| {
            poisoner.poison_all(tickets, rng);
            let turn = round.seed as usize;
            (turn..turn + hows).for_each(|turn| poisoner.poison_handlers(tickets, rng, turn));
        },
    );
    let wrong = poisoner.ended_otherwise();
    let Poisoner { terms, faults, handlers, longest, .. } = poisoner;
    let mut tally = scene.reconciled(faults, &records, &terms);
    tally.harm.unexpected += wrong.len() as u64;
    tally.wrong.extend(wrong);
    let in_how_many = |how: &&str| {
        let of_it = handlers.iter().filter(|handler| handler.how == *how);
        of_it.map(|handler| handler.component.as_str()).collect::<BTreeSet<_>>().len()
    };
    let poisoned = HOWS.map(|how| format!("{how} in {}", in_how_many(&how))).join(", ");
    tally.notes.push(format!(
        "handlers, of {} contexts that hear: {poisoned}; dead letters after {:.0} s at most",
        hearing.len(),
        longest.as_secs_f64()
    ));
    if longest >= ENDED {
        tally.harm.stuck += 1;
        tally.wrong.push(format!("poisoned handlers were no dead letters after {ENDED:?}"));
    }
    tally
}

/// A handler that was poisoned.
struct Handler {
    how: &'static str,
    component: String,
    /// The number of the event.
    number: u64,
}

/// Puts poisoned events into logs, and down what has to come of them.
struct Poisoner<'h> {
    host: &'h Host,
    facts: Vec<(Facts, Heard)>,
    terms: Terms,
    faults: u64,
    handlers: Vec<Handler>,
    /// The longest that poisoned handlers took to end as dead letters.
    longest: Duration,
}

impl<'h> Poisoner<'h> {
    fn new(host: &'h Host, facts: Vec<Facts>) -> Self {
        let facts = facts.into_iter().map(|facts| (facts, heard(host, &facts))).collect();
        let (terms, handlers, longest) = (Terms::default(), Vec::new(), Duration::ZERO);
        Self { host, facts, terms, faults: 0, handlers, longest }
    }

    /// Poisons everybody who hears an event, in each system.
    fn poison_all(&mut self, tickets: &Tickets, rng: &mut Rng) {
        for (facts, heard) in self.facts.clone() {
            for poison in [Poison::NoJson, Poison::UnknownType, Poison::WithoutFields] {
                let context = *rng.pick(facts.hearing);
                let any: &String = rng.pick(&heard[context]);
                let hear = heard.iter().filter(|(_, kinds)| kinds.contains(any));
                let hear: Vec<&str> = hear.map(|(context, _)| *context).collect();
                tickets.give(COMMANDS);
                let (kind, event, hear) = match poison {
                    Poison::NoJson => (any.as_str(), "{no JSON".to_owned(), hear),
                    Poison::UnknownType => ("Poisoned", self.event("Poisoned", json!({})), vec![]),
                    Poison::WithoutFields => (any.as_str(), self.event(any, json!({})), hear),
                };
                self.put(&facts, kind, &event, &hear);
                tickets.used();
            }
        }
    }

    /// Poisons each context that hears, one of each system at a time: each in another way than its neighbour, and in
    /// the next turn in another one than now.
    fn poison_handlers(&mut self, tickets: &Tickets, rng: &mut Rng, turn: usize) {
        let longest = self.facts.iter().map(|(facts, _)| facts.hearing.len()).max().unwrap_or(0);
        for place in 0..longest {
            tickets.give(COMMANDS);
            for (number, (facts, heard)) in self.facts.clone().into_iter().enumerate() {
                let Some(context) = facts.hearing.get(place) else { continue };
                let how = HOWS[(turn + number + place) % HOWS.len()];
                let kind: &String = rng.pick(&heard[context]);
                let event = json!({"poison": {"context": context, "how": how}});
                let number = self.put(&facts, kind, &self.event(kind, event), &[context]);
                let component = format!("{}-{context}", facts.name);
                self.handlers.push(Handler { how, component, number });
            }
            tickets.used();
            let begun = Instant::now();
            while !self.has_ended() && begun.elapsed() < ENDED {
                sleep(LOOK);
            }
            self.longest = self.longest.max(begun.elapsed());
        }
    }

    fn event(&self, kind: &str, data: Value) -> String {
        json!({"id": format!("poison/{}", self.faults), "source": "/prove", "specversion": "1.0", "type": kind,
            "subject": "poison/1", "time": "2026-11-21T00:00:00Z", "datacontenttype": "application/json",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "correlationid": "poison", "causationid": "poison", "data": data})
        .to_string()
    }

    /// Puts an event into the log, which has to become a dead letter of each of these contexts: its number.
    fn put(&mut self, facts: &Facts, kind: &str, event: &str, poisoned: &[&str]) -> u64 {
        let number = tell(&mut self.host.redis(), facts.name, kind, event);
        self.terms.foreign.entry(facts.name).or_default().insert(number);
        for context in poisoned {
            *self.terms.dead.entry(format!("{}-{context}", facts.name)).or_default() += 1;
        }
        self.faults += 1;
        number
    }

    /// Whether everybody has all the dead letters that have to come.
    fn has_ended(&self) -> bool {
        let mut redis = self.host.redis();
        self.terms.dead.iter().all(|(component, expected)| {
            let dead = redis::cmd("HLEN").arg(dead_letters(component)).query(&mut redis);
            dead.is_ok_and(|dead: u64| dead >= *expected)
        })
    }

    /// Poisoned handlers that gave a reason, a line each: who traps, loops or overflows cannot.
    fn ended_otherwise(&self) -> Vec<String> {
        let mut redis = self.host.redis();
        let mut wrong = Vec::new();
        for Handler { how, component, number } in &self.handlers {
            let get = redis::cmd("HGET").arg(dead_letters(component)).arg(number).to_owned();
            let letter: Option<String> = get.query(&mut redis).expect("Redis answers");
            if letter.as_ref().is_some_and(|letter| !letter.contains(WITHOUT_ANSWER)) {
                wrong.push(format!("{component} was to {how}: {letter:?}"));
            }
        }
        wrong
    }
}

/// The key of a component's dead letters.
fn dead_letters(component: &str) -> String {
    let (system, context) = component.split_once('-').expect("a component of a system");
    format!("{{{system}}}:dead:{context}")
}

/// The types of events that each context hears.
fn heard(host: &Host, facts: &Facts) -> Heard {
    let system = System::of(facts.name, host);
    let heard = |context: &&'static str| {
        let kinds = system.info(context)["subscriptions"].as_array().cloned().unwrap_or_default();
        let kinds = kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        (*context, kinds)
    };
    facts.hearing.iter().map(heard).collect()
}
