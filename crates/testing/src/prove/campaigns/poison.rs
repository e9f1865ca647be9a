//! Events that nobody can handle: no JSON, of a type that nobody knows, without what they must have; and, in a
//! build that lets events do that, handlers that trap, loop and overflow their stack. Each goes to the dead
//! letters of whoever hears it, after its tries, and everything else goes on in order.

use super::{Play, Round, Scene};
use crate::args::POISONABLE;
use crate::harm::Terms;
use crate::rng::Rng;
use crate::tally::Tally;
use crate::trades::Facts;
use crate::{crowd, sabotage};
use madang_testing::log::tell;
use madang_testing::system::System;
use madang_testing::{Host, Redis};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How often an event is tried here, and how long a handler may take.
const TRIES: &str = "2";
const LIMIT: &str = "2s";

/// What a poisoned event is like.
#[derive(Clone, Copy, Debug)]
enum Poison {
    NoJson,
    UnknownType,
    WithoutFields,
    /// The handler does this.
    Handler(&'static str),
}

/// Plays it.
pub fn play(play: &Play) -> Tally {
    play.rounds(play.of(5, 1), |round| one(play, round))
}

fn one(play: &Play, mut round: Round) -> Tally {
    let settings = play
        .settings()
        .manifest(sabotage::manifest(sabotage::of(POISONABLE)))
        .variable("max_attempts", TRIES)
        .arg("--request-timeout")
        .arg(LIMIT);
    let scene = Scene::with(play, &round, Redis::start(), 1, settings);
    let lacks = sabotage::told(&scene.stage.hosts[0], &["bookrent-delivery"]);
    assert_eq!(lacks, [POISONABLE], "what was built");
    let facts: Vec<Facts> = scene.trades.iter().map(|trade| trade.facts()).collect();
    let mut terms = Terms::default();
    let mut faults = 0;
    let doors = scene.stage.doors.clone();
    let host = &scene.stage.hosts[0];
    let records =
        crowd::at_work(&doors, &scene.trades, super::CLIENTS, &mut round.rng, |tickets, rng| {
            for facts in &facts {
                let mut poisons = vec![Poison::NoJson, Poison::UnknownType, Poison::WithoutFields];
                if facts.name == "bookrent" {
                    poisons.extend(["trap", "loop", "overflow"].map(Poison::Handler));
                }
                let heard = heard(host, facts);
                for poison in poisons {
                    tickets.give(12);
                    put(host, rng, facts, poison, &heard, &mut terms);
                    faults += 1;
                    tickets.used();
                }
            }
        });
    scene.reconciled(faults, &records, &terms)
}

/// The types that are heard in a system, and by whom.
fn heard(host: &Host, facts: &Facts) -> BTreeMap<String, Vec<String>> {
    let system = System::of(facts.name, host);
    let mut heard: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for context in facts.hearing {
        let info = system.info(context);
        for kind in info["subscriptions"].as_array().into_iter().flatten().filter_map(Value::as_str)
        {
            heard.entry(kind.to_owned()).or_default().push((*context).to_owned());
        }
    }
    heard
}

/// Puts a poisoned event into the log, and down what has to come of it.
fn put(
    host: &Host,
    rng: &mut Rng,
    facts: &Facts,
    poison: Poison,
    heard: &BTreeMap<String, Vec<String>>,
    terms: &mut Terms,
) {
    let kinds: Vec<&String> = heard.keys().collect();
    let any = rng.pick(&kinds).to_string();
    let event = |kind: &str, data: Value| {
        let id = format!("poison/{}", terms.foreign.values().map(BTreeSet::len).sum::<usize>());
        json!({"id": id, "source": "/prove", "specversion": "1.0", "type": kind, "subject": "poison/1",
            "time": "2026-11-21T00:00:00Z", "datacontenttype": "application/json",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "correlationid": "poison", "causationid": "poison", "data": data})
        .to_string()
    };
    let (kind, text, dead) = match poison {
        Poison::NoJson => (any.clone(), "{no JSON".to_owned(), heard[&any].len() as u64),
        Poison::UnknownType => ("Poisoned".to_owned(), event("Poisoned", json!({})), 0),
        Poison::WithoutFields => (any.clone(), event(&any, json!({})), heard[&any].len() as u64),
        // Of a rent that nobody has: the view has nothing to change, and delivery is poisoned.
        Poison::Handler(how) => {
            let kind = "BookCancelled".to_owned();
            let data = json!({"id": 999_999, "bookId": 1, "userId": 1, "address": "a",
                "status": "Cancel", "poison": how});
            (kind.clone(), event(&kind, data), 1)
        }
    };
    let number = tell(&mut host.redis(), facts.name, &kind, text);
    terms.foreign.entry(facts.name).or_default().insert(number);
    *terms.dead.entry(facts.name).or_default() += dead;
}
