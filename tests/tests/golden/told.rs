//! What is told today is the newest golden.

use crate::asyncapi::AsyncApi;
use crate::golden::{self, comparable, differences};
use crate::systems::{System, for_each_system};
use std::env;

/// Has goldens written that are missing or are not what is told any more, as a version of their own.
const WRITE: &str = "MADANG_WRITE_GOLDENS";

for_each_system!(told_as_golden);

#[track_caller]
fn told_as_golden(system: &System) {
    let (name, log, goldens) = (system.name, (system.run)(), golden::read(system.name));
    let may_write = env::var_os(WRITE).is_some_and(|value| !value.is_empty());
    let mut wrong = Vec::new();
    for event in AsyncApi::read(name).events() {
        let Some(entry) = log.iter().find(|entry| entry.kind == event) else {
            let place = "tests/tests/golden/systems.rs";
            wrong.push(format!("{event} is not told in the run of {name}: have {place} tell it"));
            continue;
        };
        let told = comparable(&entry.event);
        let newest = goldens.get(&event).and_then(|versions| versions.last_key_value());
        let next = newest.map_or(1, |(version, _)| version + 1);
        let differences = match newest {
            Some((_, golden)) => differences(golden, &told),
            None => vec!["there is no golden of it".to_owned()],
        };
        if differences.is_empty() {
            continue;
        }
        if may_write {
            golden::write(name, &event, next, &told);
            continue;
        }
        wrong.push(format!(
            "{event} is not told as its golden has it; {event}.{next}.json would be its next:\n  {}",
            differences.join("\n  ")
        ));
    }
    assert!(
        wrong.is_empty(),
        "{}\nIf that is meant, `{WRITE}=1` writes the next goldens to docs/contracts/{name}/events, and \
         docs/EVENTS.md says what else is to be done. A golden that was released is never edited.",
        wrong.join("\n")
    );
}
