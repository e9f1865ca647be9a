//! Policies, and My Page, that are killed between their steps: before they begin, and right after each
//! thing that they do to the outside. What else would wake the one that is killed is over by then, or
//! held back.

use super::host;
use madang_testing::{Trigger, in_parallel};
use madang_tests::outerpark::{Musical, OuterPark};
use madang_tests::{Step, kill_at_each_step};

/// Kills a context as a message wakes it; it makes at least so many calls: read the log, what the
/// policy does, commit, end the batch.
fn kill<T>(
    context: &str,
    least: u32,
    before: impl Fn(&OuterPark) -> T,
    act: impl Fn(&OuterPark, T),
) {
    let Some(host) = host() else { return };
    let park = OuterPark::of(&host);
    let step =
        Step { component: &format!("outerpark-{context}"), trigger: Trigger::Redis, before, act };
    let calls = kill_at_each_step(&park, &step);
    assert!(calls >= least, "{context} was killed at {calls} calls only");
}

/// A musical whose seats the next reservation holds already, so that `Reserved` is all that is told
/// of it.
fn held(park: &OuterPark) -> Musical {
    let musical = park.register(5);
    park.hold_for_next(musical, 2);
    park.settle();
    musical
}

/// A reservation that is not paid; payment is down.
fn unpaid(park: &OuterPark) -> u64 {
    park.down(&["payment"]);
    let reservation = park.reserve(park.register(5), 2);
    park.follow_all(&["musical", "reservation", "notice", "customer-center"]);
    reservation
}

/// A reservation that is paid.
fn paid(park: &OuterPark) -> u64 {
    let reservation = park.reserve(park.register(5), 2);
    park.settle();
    reservation
}

/// A reservation that is canceled, and its payment is not; payment is down.
fn not_repaid(park: &OuterPark) {
    let reservation = paid(park);
    park.down(&["payment"]);
    park.cancel(reservation);
    park.follow_all(&["musical", "notice", "customer-center"]);
}

fn reserve(park: &OuterPark, musical: Musical) {
    park.reserve(musical, 2);
}

fn cancel(park: &OuterPark, reservation: u64) {
    park.cancel(reservation);
}

fn heal_payment<T>(park: &OuterPark, _: T) {
    park.heal(&["payment"]);
}

#[test]
fn payment_and_musical_killed_on_what_reservation_tells() {
    let kills: [fn(); 3] = [
        || kill("payment", 5, held, reserve),
        || kill("payment", 6, paid, cancel),
        || kill("musical", 6, paid, cancel),
    ];
    in_parallel(kills.len(), |i| kills[i]());
}

#[test]
fn reservation_and_notice_killed_on_what_payment_tells() {
    let kills: [fn(); 3] = [
        || kill("reservation", 5, unpaid, heal_payment),
        || kill("notice", 5, unpaid, heal_payment),
        || kill("notice", 5, not_repaid, heal_payment),
    ];
    in_parallel(kills.len(), |i| kills[i]());
}

#[test]
fn my_page_killed_on_each_event_that_it_hears() {
    let held_and_unpaid = |park: &OuterPark| {
        park.down(&["payment"]);
        let musical = park.register(5);
        park.hold_for_next(musical, 2);
        park.follow("customer-center");
        musical
    };
    let alone = |park: &OuterPark| {
        let reservation = paid(park);
        park.down(&["payment", "musical"]);
        reservation
    };
    in_parallel(4, |i| match i {
        0 => kill("customer-center", 6, held_and_unpaid, reserve),
        1 => kill("customer-center", 6, unpaid, heal_payment),
        2 => kill("customer-center", 6, alone, cancel),
        _ => kill("customer-center", 6, not_repaid, heal_payment),
    });
}
