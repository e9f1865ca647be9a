//! Musical is down, slow or cut off: nothing is stored, and no seat stays taken.

use madang_testing::{Answer, Host, eventually};
use madang_tests::outerpark::OuterPark;
use madang_tests::{SETTLING, problem, with_faults};
use serde_json::Value;

const RESERVATIONS: &str = "/outerpark/reservations";

/// That it was refused for now, and nothing of it is seen.
fn check_refused(park: &OuterPark, answer: &Answer) {
    let body = problem(answer, 503, RESERVATIONS);
    assert!(body["detail"].as_str().is_some_and(|d| d.contains("try again shortly")), "{answer}");
    assert!(answer.header("retry-after").is_some(), "{answer}");
    assert_eq!(park.all("reservations"), Vec::<Value>::new());
}

fn breaker(park: &OuterPark) -> Value {
    park.info("reservation")["breakers"][0].clone()
}

#[test]
fn with_musical_down_nothing_is_reserved_and_with_it_back_no_seat_is_missing() {
    let Some(host) = with_faults(Host::builder()) else { return };
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    park.down(&["musical"]);
    for _ in 0..3 {
        check_refused(&park, &park.ask(musical, 2));
    }
    park.heal(&["musical"]);
    park.settle_now();
    assert_eq!(park.seats(musical), 10);
    eventually(SETTLING, || (park.ask(musical, 10).status == 201).then_some(()));
    park.check();
    assert_eq!(park.seats(musical), 0);
    assert_eq!(park.told("Reserved"), 1);
}

#[test]
fn seats_that_musical_took_too_late_to_say_are_given_back() {
    let Some(host) = with_faults(Host::builder()) else { return };
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    // The caller's limit is 1000 ms.
    host.delay("outerpark-musical", 1300..=1400);
    check_refused(&park, &park.ask(musical, 4));
    park.heal(&["musical"]);
    park.settle_now();
    assert_eq!(park.seats(musical), 10);
    // They were taken: what is given back is told.
    assert_eq!(park.told("SeatModified"), 2);
    park.reserve(musical, 10);
    park.check();
    assert_eq!(park.told("Reserved"), 1);
}

#[test]
fn a_musical_that_is_slow_but_in_time_reserves() {
    let settings = Host::builder().variable("call_timeout_ms", "30000");
    let Some(host) = with_faults(settings) else { return };
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    host.delay("outerpark-musical", 100..=200);
    park.reserve(musical, 3);
    park.heal(&["musical"]);
    park.check();
    assert_eq!(park.seats(musical), 7);
}

#[test]
fn a_musical_that_is_cut_off_is_not_asked_and_owes_nothing() {
    let settings = Host::builder()
        .variable("breaker_calls", "4")
        .variable("breaker_open_ms", "500")
        .variable("call_timeout_ms", "200");
    let Some(host) = with_faults(settings) else { return };
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    park.down(&["musical"]);
    while breaker(&park)["state"] == "closed" {
        check_refused(&park, &park.ask(musical, 1));
    }
    eventually(SETTLING, || {
        let before = breaker(&park)["cutOff"].as_u64();
        check_refused(&park, &park.ask(musical, 1));
        (breaker(&park)["cutOff"].as_u64() > before).then_some(())
    });
    park.heal(&["musical"]);
    eventually(SETTLING, || (park.ask(musical, 10).status == 201).then_some(()));
    park.settle_now();
    park.check();
    assert_eq!(park.seats(musical), 0);
}

#[test]
fn a_key_that_was_refused_for_now_reserves_once_musical_is_back() {
    let Some(host) = with_faults(Host::builder()) else { return };
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    let keyed = park.client.with("idempotency-key", "patient");
    let body = madang_tests::outerpark::asking(musical.number, 6);
    park.down(&["musical"]);
    check_refused(&park, &keyed.post(RESERVATIONS, body.clone()));
    park.heal(&["musical"]);
    let reserved = eventually(SETTLING, || {
        let answer = keyed.post(RESERVATIONS, body.clone());
        if answer.status == 201 { Ok(answer.json()) } else { Err(answer.to_string()) }
    });
    assert_eq!(keyed.post(RESERVATIONS, body).expect(201).json(), reserved);
    park.settle_now();
    park.check();
    assert_eq!(park.seats(musical), 4);
}

#[test]
fn a_reservation_is_canceled_while_musical_is_down_and_its_seats_come_back_with_it() {
    let Some(host) = with_faults(Host::builder()) else { return };
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    let reservation = park.reserve(musical, 4);
    park.down(&["musical"]);
    park.cancel(reservation);
    assert_eq!(park.status(reservation), "Canceled");
    park.heal(&["musical"]);
    park.check();
    assert_eq!(park.seats(musical), 10);
}
