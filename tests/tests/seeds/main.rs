//! The requests of the seed documents, as people can send them from their editors (`tests/seeds`), and the
//! answers that the documents describe.

mod crowd;
mod parse;
mod play;
mod script;
mod seed;
mod subset;

use madang_testing::Host;
use madang_tests::kvaccine;
use script::{Origin, Script};
use std::fmt::Write as _;
use std::fs;

#[test]
fn bookrent() {
    play::play("bookrent", Host::builder);
}

#[test]
fn outerpark() {
    // The limit of the document, under which a service that takes 400 to 620 ms is too late at times.
    play::play("outerpark", || Host::builder().variable("call_timeout_ms", "610"));
}

#[test]
fn kvaccine() {
    play::play("kvaccine", kvaccine::settings);
}

#[test]
fn professor() {
    play::play("professor", Host::builder);
}

#[test]
fn lecture() {
    play::play("lecture", Host::builder);
}

/// The requests cannot be compared with documents that are not here; their numbers can.
#[test]
fn the_read_me_counts_the_requests_of_each_section() {
    let mut table =
        String::from("| file | section | of the document | added |\n|---|---|---|---|\n");
    for system in ["bookrent", "outerpark", "kvaccine", "professor", "lecture"] {
        let steps = Script::of(system).unwrap_or_else(|e| panic!("{e}")).steps;
        for section in steps.chunk_by(|a, b| a.section == b.section) {
            let of_seed = section.iter().filter(|step| step.origin == Origin::Seed).count();
            let (name, added) = (&section[0].section, section.len() - of_seed);
            writeln!(table, "| `{system}.http` | {name} | {of_seed} | {added} |").unwrap();
        }
    }
    let path = script::folder().join("README.md");
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(
        text.contains(&table),
        "tests/seeds/README.md counts other requests than the files have. Where no request of a seed \
         document was lost or made up, its table is to be\n{table}"
    );
}
