//! Each consumer killed at each of its steps, on each event that it hears: nothing is lost and nothing
//! happens twice.

use super::{host, host_with, kill_at};
use madang_testing::{Trigger, in_parallel};
use madang_tests::kvaccine::{KVaccine, Person};

/// Kills a context at each step of hearing what `act` tells, on a host of its own.
fn kill<T>(context: &str, least: u32, before: impl Fn(&KVaccine) -> T, act: impl Fn(&KVaccine, T)) {
    let Some(host) = host() else { return };
    kill_at(&KVaccine::of(&host), context, Trigger::Redis, least, before, act);
}

fn reserved(kv: &KVaccine) -> (Person, u64) {
    kv.reserved()
}

fn nobody(_: &KVaccine) -> Person {
    Person::new()
}

fn reserve(kv: &KVaccine, person: Person) {
    kv.reserve(&person);
}

fn cancel(kv: &KVaccine, (person, _): (Person, u64)) {
    kv.cancel(&person);
}

fn inject(kv: &KVaccine, (_, user): (Person, u64)) {
    let _ = kv.inject(user).expect(200);
}

#[test]
fn user_and_reservation_killed_on_each_event_that_they_hear() {
    in_parallel(5, |i| match i {
        0 => kill("reservation", 5, nobody, reserve),
        1 => kill("reservation", 5, reserved, cancel),
        2 => kill("reservation", 5, reserved, inject),
        3 => kill("user", 4, reserved, inject),
        _ => {
            let Some(host) = host_with(0) else { return };
            let kv = KVaccine::with_capacity(&host, 0);
            kill_at(&kv, "user", Trigger::Redis, 4, nobody, reserve);
        }
    });
}

#[test]
fn hospital_and_stock_killed_on_each_event_that_they_hear() {
    in_parallel(4, |i| match i {
        0 => kill("hospital", 4, nobody, reserve),
        1 => kill("hospital", 4, reserved, cancel),
        2 => kill("vaccine-stock", 4, nobody, reserve),
        _ => kill("vaccine-stock", 4, reserved, cancel),
    });
}

#[test]
fn dashboard_killed_on_each_event_that_it_hears() {
    in_parallel(3, |i| match i {
        0 => kill("dashboard", 6, nobody, reserve),
        1 => kill("dashboard", 6, reserved, cancel),
        _ => kill("dashboard", 6, reserved, inject),
    });
}
