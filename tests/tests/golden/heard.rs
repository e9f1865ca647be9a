//! Every golden, of every version, is read by every context that hears its event.

use crate::asyncapi::AsyncApi;
use crate::golden;
use crate::systems::{self, for_each_system};
use madang_testing::log;
use madang_testing::system::System;
use madang_tests::{SETTLING, kvaccine};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

for_each_system!(reads_all_goldens);

/// One history from the oldest versions on, then one from the next: an event in two versions would be one
/// that happened twice.
#[track_caller]
fn reads_all_goldens(system: &systems::System) {
    let goldens = golden::read(system.name);
    let most = goldens.values().map(|versions| versions.len()).max().unwrap_or_default();
    assert!(most > 0, "{} has no goldens: docs/EVENTS.md says how to write them", system.name);
    for version in 0..most {
        let of = |event: &&str| {
            let versions = goldens.get(*event)?;
            versions.values().nth(version).or(versions.values().last()).cloned()
        };
        let history: Vec<_> = system.history.iter().filter_map(of).collect();
        let heard = hear(system.name, &history);
        assert!(
            heard.unread.is_empty(),
            "{}\nWhoever hears an event reads it in all of its versions as long as one may be in a log: \
             WIT keeps the former record, and `heard!(Event or Event1)` reads it (docs/EVENTS.md)",
            heard.unread.join("\n")
        );
        let refused: BTreeSet<_> = heard.refused.iter().map(String::as_str).collect();
        let expected = system.refusals.iter().copied().collect();
        assert_eq!(
            refused, expected,
            "goldens of {} are read, and refused otherwise than `refusals` in \
             tests/tests/golden/systems.rs says: does `From<Event1> for Event` mean what it should?",
            system.name
        );
    }
}

/// What became of events, a line for each and each context that it is so for.
#[derive(Default)]
struct Heard {
    unread: Vec<String>,
    refused: BTreeSet<String>,
}

/// Puts events into the log of a system that has never seen any, each once all have heard the one before.
#[track_caller]
fn hear(name: &'static str, events: &[Value]) -> Heard {
    // A read model says why it cannot read an event when it tries that one by itself, the second time.
    let host = kvaccine::settings().variable("max_attempts", "2").start();
    let (system, asyncapi, mut redis) =
        (System::of(name, &host), AsyncApi::read(name), host.redis());
    let contexts: Vec<_> = asyncapi.hearing().into_iter().collect();
    let mut told = BTreeMap::new();
    for event in events {
        let kind = event["type"].as_str().expect("an event has a type");
        told.insert(log::tell(&mut redis, name, kind, event.to_string()), kind);
        system.settle_contexts(SETTLING, &contexts, |_| Ok(()));
    }
    let mut heard = Heard::default();
    for context in contexts {
        let letters = system.internal().get(&format!("/{name}/-/{context}/dead-letters"));
        for letter in letters.expect(200).json()["deadLetters"].as_array().into_iter().flatten() {
            let (number, event, why) = (&letter["number"], &letter["type"], &letter["reason"]);
            heard.unread.push(format!("{context} cannot read event {number}, {event}: {why}"));
        }
        let refusals = log::refusals(&mut redis, name, context).into_iter();
        // What contexts tell of goldens is told a second time: of that, anything may be refused.
        let of_told = refusals.filter_map(|(number, why)| Some((told.get(&number)?, why)));
        heard.refused.extend(of_told.map(|(event, why)| format!("{context}, {event}: {why}")));
    }
    heard
}

#[test]
fn what_hearers_cannot_read_is_found() {
    let golden = golden::read("bookrent")["BookRented"].values().last().cloned().expect("a golden");
    let asyncapi = AsyncApi::read("bookrent");
    let (hearing, field) =
        (asyncapi.hearing_of("BookRented").len(), asyncapi.required_of("BookRented")[0]);
    assert!(hearing > 0, "nobody hears BookRented");
    let with = |field: &str, value: Value| {
        let mut event = golden.clone();
        event["data"][field] = value;
        event
    };
    let mut without = golden.clone();
    without["data"].as_object_mut().expect("an event has fields").remove(field);
    let unreadable = [without, with(field, json!([])), with(field, Value::Null)];
    let unread = hear("bookrent", &unreadable).unread;
    assert_eq!(unread.len(), hearing * unreadable.len(), "more should be found: {unread:#?}");
    let unread = hear("bookrent", &[with("colour", json!("red"))]).unread;
    assert!(unread.is_empty(), "a field that nobody knows does harm: {unread:?}");
}
