//! Every transition of a breaker, with a clock and a store of the test's own.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::SystemTime;

use super::*;
use crate::call::{Answered, Outbound};
use crate::env::{self, Cause, Host, Rows};
use crate::redis::Reply;

/// A key-value store and a clock.
#[derive(Default)]
struct Store {
    numbers: RefCell<HashMap<String, i64>>,
    away: Cell<bool>,
    now: Cell<Duration>,
    open_ms: Cell<u64>,
}

impl Host for Store {
    fn count(&self, key: &str, delta: i64) -> Result<i64, String> {
        self.counted(key)?;
        let mut numbers = self.numbers.borrow_mut();
        let number = numbers.entry(key.to_owned()).or_default();
        *number += delta;
        Ok(*number)
    }
    fn counted(&self, key: &str) -> Result<i64, String> {
        if self.away.get() {
            return Err("away".to_owned());
        }
        Ok(self.numbers.borrow().get(key).copied().unwrap_or(0))
    }
    fn forget(&self, key: &str) -> Result<(), String> {
        self.numbers.borrow_mut().remove(key);
        Ok(())
    }
    fn variable(&self, name: &str) -> Option<String> {
        (name == "breaker_open_ms").then(|| self.open_ms.get().to_string())
    }
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + self.now.get()
    }
    fn pause(&self, time: Duration) {
        self.now.set(self.now.get() + time);
    }
    fn redis(&self, _: &str, _: Vec<Vec<u8>>) -> Result<Vec<Reply>, String> {
        Err("a breaker needs no Redis".to_owned())
    }
    fn sqlite(&self, _: &str, _: &str, _: Vec<env::Cell>) -> Result<Rows, String> {
        Err("a breaker needs no SQLite".to_owned())
    }
    fn send(&self, _: Outbound) -> Result<Answered, String> {
        Err("a breaker sends nothing".to_owned())
    }
    fn random(&self) -> u64 {
        0
    }
}

/// At 100,000 s of a clock, with the breaker open for 5 s.
fn store() -> Store {
    let store = Store::default();
    store.open_ms.set(5_000);
    store.now.set(Duration::from_secs(100_000));
    store
}

fn env(store: &Store) -> Env<'_> {
    Env::new(store, "system", "context", Cause::default())
}

fn later(store: &Store, milliseconds: u64) {
    store.pause(Duration::from_millis(milliseconds));
}

/// Calls that end so, each let through.
fn calls(breaker: &Breaker, verdicts: &[Verdict]) {
    for verdict in verdicts {
        let pass = breaker.admit().expect("it is not open");
        breaker.report(pass, *verdict);
    }
}

fn name(breaker: &Breaker) -> String {
    breaker.describe().unwrap()["state"].as_str().unwrap().to_owned()
}

/// The passes of an open breaker's probes.
fn opened(store: &Store, breaker: &Breaker) -> Vec<Pass> {
    calls(breaker, &[Bad; 10]);
    assert_eq!(name(breaker), "open");
    later(store, 5_000);
    assert_eq!(name(breaker), "half-open");
    (0..3).map(|_| breaker.admit().expect("three probes are let through")).collect()
}

use Verdict::{Bad, Good, Unknown};

#[test]
fn it_opens_when_half_of_at_least_ten_calls_failed() {
    let store = store();
    let env = env(&store);
    let breaker = Breaker::new(&env, "bank");
    calls(&breaker, &[Bad; 9]);
    assert_eq!(name(&breaker), "closed");
    calls(&breaker, &[Bad]);
    assert_eq!(name(&breaker), "open");
    assert_eq!(breaker.admit(), None);

    let other = Breaker::new(&env, "library");
    calls(&other, &[Good; 10]);
    calls(&other, &[Bad; 9]);
    assert_eq!(name(&other), "closed");
    calls(&other, &[Bad]);
    assert_eq!(name(&other), "open");
}

#[test]
fn calls_that_the_window_has_left_do_not_count() {
    let store = store();
    let env = env(&store);
    let breaker = Breaker::new(&env, "bank");
    calls(&breaker, &[Bad; 9]);
    later(&store, 10_000);
    calls(&breaker, &[Bad; 9]);
    assert_eq!(name(&breaker), "closed");
    later(&store, 9_000);
    calls(&breaker, &[Bad]);
    assert_eq!(name(&breaker), "open");
}

#[test]
fn it_lets_three_probes_through_when_its_time_is_over() {
    let store = store();
    let env = env(&store);
    let breaker = Breaker::new(&env, "bank");
    calls(&breaker, &[Bad; 10]);
    later(&store, 4_999);
    assert_eq!(breaker.admit(), None);
    later(&store, 1);
    let probes: Vec<_> = (0..5).filter_map(|_| breaker.admit()).collect();
    assert_eq!(probes.len(), 3);
    assert!(probes.iter().all(|pass| matches!(pass, Pass::Probe(_))));
}

#[test]
fn it_closes_when_its_probes_pass_and_starts_anew() {
    let store = store();
    let env = env(&store);
    let breaker = Breaker::new(&env, "bank");
    for probe in opened(&store, &breaker) {
        assert_eq!(name(&breaker), "half-open");
        breaker.report(probe, Good);
    }
    assert_eq!(name(&breaker), "closed");
    // What failed before is in the window still, and counts no more.
    calls(&breaker, &[Bad; 9]);
    assert_eq!(name(&breaker), "closed");
    calls(&breaker, &[Bad]);
    assert_eq!(name(&breaker), "open");
}

#[test]
fn it_opens_again_when_a_probe_fails() {
    let store = store();
    let env = env(&store);
    let breaker = Breaker::new(&env, "bank");
    let probes = opened(&store, &breaker);
    breaker.report(probes[0], Good);
    breaker.report(probes[1], Bad);
    assert_eq!(name(&breaker), "open");
    // It is too late to say anything about what comes now.
    breaker.report(probes[2], Good);
    breaker.report(probes[2], Bad);
    assert_eq!((name(&breaker), breaker.admit()), ("open".to_owned(), None));
    later(&store, 5_000);
    assert_eq!(name(&breaker), "half-open");
}

#[test]
fn probes_that_are_lost_make_room_for_others() {
    let store = store();
    let env = env(&store);
    let breaker = Breaker::new(&env, "bank");
    opened(&store, &breaker);
    later(&store, 9_999);
    assert_eq!(breaker.admit(), None);
    later(&store, 1);
    assert_eq!(breaker.admit(), None);
    let probes: Vec<_> = (0..5).filter_map(|_| breaker.admit()).collect();
    assert_eq!(probes.len(), 3);
    probes.into_iter().for_each(|probe| breaker.report(probe, Good));
    assert_eq!(name(&breaker), "closed");
}

#[test]
fn a_probe_whose_caller_did_not_wait_is_taken_by_another() {
    let store = store();
    let env = env(&store);
    let breaker = Breaker::new(&env, "bank");
    let probes = opened(&store, &breaker);
    assert_eq!(breaker.admit(), None);
    breaker.report(probes[0], Unknown);
    breaker.report(probes[1], Unknown);
    // The one that was turned away holds its number: it costs one probe, never lets one more in.
    assert!(matches!(breaker.admit(), Some(Pass::Probe(_))));
    assert_eq!(breaker.admit(), None);
}

#[test]
fn what_says_nothing_about_the_neighbour_does_not_count() {
    let store = store();
    let env = env(&store);
    let breaker = Breaker::new(&env, "bank");
    calls(&breaker, &[Unknown; 50]);
    let told = breaker.describe().unwrap();
    assert_eq!((&told["calls"], &told["state"]), (&json!(0), &json!("closed")));
}

#[test]
fn it_opens_once_however_many_see_it() {
    let store = store();
    let env = env(&store);
    let breaker = Breaker::new(&env, "bank");
    let passes: Vec<_> = (0..40).filter_map(|_| breaker.admit()).collect();
    for pass in passes {
        breaker.report(pass, Bad);
        later(&store, 1);
    }
    let opened = Duration::from_secs(100_000) + Duration::from_millis(9);
    let since = rfc3339(UNIX_EPOCH + opened);
    assert_eq!(breaker.describe().unwrap()["since"], json!(since));
}

#[test]
fn a_turn_whose_maker_died_is_made_by_another() {
    let store = store();
    let env = env(&store);
    let breaker = Breaker::new(&env, "bank");
    breaker.count("turn:0", 1).unwrap();
    calls(&breaker, &[Bad; 9]);
    calls(&breaker, &[Bad; TURNS as usize - 1]);
    assert_eq!(name(&breaker), "closed");
    calls(&breaker, &[Bad]);
    assert_eq!(name(&breaker), "open");
}

#[test]
fn a_clock_that_goes_back_keeps_nobody_out() {
    let store = store();
    let env = env(&store);
    let breaker = Breaker::new(&env, "bank");
    calls(&breaker, &[Bad; 10]);
    store.now.set(Duration::from_secs(100_000 - 3600));
    assert_eq!(name(&breaker), "half-open");
    for _ in 0..3 {
        let probe = breaker.admit().expect("a probe");
        breaker.report(probe, Good);
    }
    assert_eq!(name(&breaker), "closed");
}

#[test]
fn without_its_store_calls_go_through() {
    let store = store();
    store.away.set(true);
    let env = env(&store);
    let breaker = Breaker::new(&env, "bank");
    for _ in 0..50 {
        assert_eq!(breaker.admit(), Some(Pass::Unwatched));
        breaker.report(Pass::Unwatched, Bad);
    }
    assert!(breaker.describe().is_err());
}

#[test]
fn it_keeps_little() {
    let store = store();
    let env = env(&store);
    let breaker = Breaker::new(&env, "bank");
    for round in 0..200 {
        calls(&breaker, &[Good]);
        later(&store, if round % 20 == 0 { 60_000 } else { 700 });
        if round % 50 == 0 {
            opened(&store, &breaker).into_iter().for_each(|probe| breaker.report(probe, Good));
        }
    }
    // The buckets of a window, and a handful of numbers.
    let kept = store.numbers.borrow().len();
    assert!(kept <= BUCKETS as usize + 5, "{kept} numbers");
}
