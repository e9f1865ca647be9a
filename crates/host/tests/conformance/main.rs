//! The embedded host is a Spin: each folder below `cases` is an application, with what is asked of it
//! and what it answers, or with what `up` says when it refuses it. All of them run on the embedded
//! host, and on `spin up` where it is on the `PATH`. `MADANG_TEST_CASE=<part of a name>` runs some.

mod case;
mod expected;
mod neighbour;
mod parity;
mod run;

use case::Case;
use madang_testing::{Backend, has_spin, in_parallel};
use run::{Surroundings, run};

/// How many hosts run at once: cases mostly wait for processes.
const AT_ONCE: usize = 4;

fn all_on(backend: Backend) {
    let cases = Case::asked_for();
    let surroundings = Surroundings::new();
    let faults = in_parallel(AT_ONCE, |first| {
        let mine = cases.iter().skip(first).step_by(AT_ONCE);
        mine.flat_map(|case| run(case, backend, &surroundings)).collect::<Vec<_>>()
    });
    let faults: Vec<_> = faults.into_iter().flatten().collect();
    assert!(faults.is_empty(), "{} faults on {backend:?}\n\n{}", faults.len(), faults.join("\n\n"));
}

#[test]
fn the_embedded_host_does_what_each_case_says() {
    all_on(Backend::Madang);
}

#[test]
fn spin_does_the_same() {
    if has_spin() {
        all_on(Backend::Spin);
    } else {
        eprintln!("spin is not on the PATH: nothing to compare with");
    }
}

#[test]
fn half_of_the_cases_deny_something() {
    let cases = Case::all();
    let denials = cases.iter().filter(|case| case.denies()).count();
    assert!(cases.len() >= 40 && denials * 2 >= cases.len(), "{denials} of {}", cases.len());
}
