//! Each event has its golden, each golden its event, and all are what the AsyncAPI documents say.

use crate::asyncapi::AsyncApi;
use crate::golden::{self, comparable};
use crate::systems::{ALL, System};
use madang_testing::repository;
use std::collections::BTreeSet;
use std::fs;

#[test]
fn every_event_has_a_golden_and_every_golden_an_event() {
    let mut wrong = Vec::new();
    for folder in fs::read_dir(repository().join("docs/contracts")).expect("the contracts") {
        let folder = folder.expect("a folder").path();
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        if folder.is_dir() && !ALL.iter().any(|system| system.name == name) {
            wrong.push(format!(
                "{name}: nothing tells its events: give it a place in tests/tests/golden/systems.rs"
            ));
        }
    }
    for System { name, history, .. } in ALL {
        let events = AsyncApi::read(name).events();
        let goldens: BTreeSet<String> = golden::read(name).into_keys().collect();
        let history: BTreeSet<String> = history.iter().map(|&event| event.to_owned()).collect();
        for event in events.difference(&goldens) {
            wrong.push(format!(
                "{name}: {event} has no golden: docs/EVENTS.md says how to write it"
            ));
        }
        for event in goldens.difference(&events) {
            wrong.push(format!(
                "{name}: {event} has a golden and nobody tells it: an event's name never changes, and one \
                 is told as long as anybody hears it; then its goldens are deleted (docs/EVENTS.md)"
            ));
        }
        for event in events.symmetric_difference(&history) {
            wrong.push(format!(
                "{name}: `history` in tests/tests/golden/systems.rs is not the events of its AsyncAPI \
                 document: {event}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_golden_agrees_with_the_schema_of_its_event() {
    let mut wrong = Vec::new();
    for System { name, .. } in ALL {
        let asyncapi = AsyncApi::read(name);
        let mut goldens = golden::read(name);
        // The test above tells of those that have no event.
        goldens.retain(|event, _| asyncapi.events().contains(event));
        for (event, versions) in goldens {
            let newest = versions.keys().last().copied();
            for (version, golden) in versions {
                let mut faults = if newest == Some(version) {
                    asyncapi.faults_of_newest(&event, &golden)
                } else {
                    asyncapi.faults_of_former(&event, &golden)
                };
                if comparable(&golden) != golden {
                    faults.push("it has times or ids of one run".to_owned());
                }
                let file = format!("docs/contracts/{name}/events/{event}.{version}.json");
                wrong.extend(faults.into_iter().map(|fault| format!("{file}: {fault}")));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nA golden is what was told, so mend what tells it, or add the next version \
         (docs/EVENTS.md)",
        wrong.join("\n")
    );
}
