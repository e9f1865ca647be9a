//! Each system's OpenAPI document, tried out on the running host by Schemathesis (`tests/schemathesis`): what
//! the document calls right is taken, what it calls wrong is refused, and no answer is another than it says.
//! Whatever it did, the system settles afterwards, and nothing that it told went to the dead letters.

use madang_testing::{Host, log, repository};
use madang_tests::kvaccine::{self, KVaccine};
use madang_tests::lecture::{self, Lecture};
use madang_tests::outerpark::{self, OuterPark};
use madang_tests::professor::{self, Professor};
use madang_tests::{BookRent, Killable};
use std::env;
use std::process::Command;

/// How many requests are made up for each operation, at most, by each phase that makes up any.
const EXAMPLES: &str = "25";
/// Where the random choices begin, unless `SCHEMATHESIS_SEED` says otherwise.
const SEED: &str = "20261121";

/// Has the document of a system tried out that the host serves.
#[track_caller]
fn try_out<'h>(system: &impl Killable<'h>, contexts: &[&str]) {
    if !system.host.has_faults() {
        eprintln!("skipped: on Spin so many requests take many minutes");
        return;
    }
    let schemathesis = repository().join("target/schemathesis/bin/schemathesis");
    assert!(
        schemathesis.is_file(),
        "Schemathesis is not there: `cargo xtask test` installs it into target/schemathesis"
    );
    let seed = env::var("SCHEMATHESIS_SEED").unwrap_or_else(|_| SEED.to_owned());
    let run = Command::new(schemathesis)
        .current_dir(repository().join("tests/schemathesis"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(["run", "--max-examples", EXAMPLES, "--seed", &seed])
        .arg(format!("{}/{}/openapi.json", system.host.url(), system.name))
        .output()
        .expect("Schemathesis runs");
    let said = String::from_utf8_lossy(&run.stdout);
    let failed = String::from_utf8_lossy(&run.stderr);
    assert!(
        run.status.success(),
        "{said}{failed}\nMend the context, or what its WIT says of the values (docs/contracts/README.md)."
    );
    // A run that has tried nothing is none.
    assert!(said.contains("Tested:") && !said.contains("Tested: 0"), "{said}");
    system.settle();
    log::hold(&log::contradictions(&system.log()), system.dead_letters(contexts));
}

#[test]
fn bookrent_keeps_its_contract() {
    let host = Host::start();
    try_out(&BookRent::of(&host), &["book", "rent", "delivery", "view"]);
}

#[test]
fn outerpark_keeps_its_contract() {
    let host = Host::start();
    try_out(&OuterPark::of(&host), &outerpark::CONTEXTS);
}

#[test]
fn kvaccine_keeps_its_contract() {
    let host = kvaccine::settings().start();
    try_out(&KVaccine::of(&host), &kvaccine::CONTEXTS);
}

#[test]
fn professor_keeps_its_contract() {
    let host = Host::start();
    try_out(&Professor::of(&host), &professor::CONTEXTS);
}

#[test]
fn lecture_keeps_its_contract() {
    let host = Host::start();
    try_out(&Lecture::of(&host), &lecture::CONTEXTS);
}
