//! Internal calls: the service token, and what musical answers to reservation.

use super::SHARED;
use madang_testing::{Answer, Client, SERVICE_TOKEN, in_parallel};
use madang_tests::outerpark::{CONTEXTS, Musical, OuterPark};
use madang_tests::{errors, problem};
use serde_json::json;

const CHECK: &str = "/outerpark/-/musical/check-and-modify-seat";
const GIVE_BACK: &str = "/outerpark/-/musical/give-back";

/// Reservations of these tests, far from those that reservation makes.
const RESERVATION: u64 = 5_000_000_000;

/// Asks musical as reservation does.
fn ask(client: &Client, path: &str, musical: Musical, seats: u64, reservation: u64) -> Answer {
    let body = json!({"musicalId": musical.number, "seats": seats, "reservationId": reservation});
    client.with("idempotency-key", format!("reservations/{reservation}")).post(path, body)
}

#[test]
fn internal_paths_ask_for_the_service_token() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let musical = park.register(1);
    for client in [
        park.client.clone(),
        park.client.with("authorization", "Bearer wrong"),
        park.client.with("authorization", SERVICE_TOKEN),
    ] {
        for path in [CHECK, GIVE_BACK] {
            let answer = ask(&client, path, musical, 1, RESERVATION);
            problem(&answer, 401, path);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
        for context in CONTEXTS {
            let letters = format!("/outerpark/-/{context}/dead-letters");
            problem(&client.get(&letters), 401, &letters);
        }
    }
    assert_eq!(park.seats(musical), 1);
    for context in CONTEXTS {
        let _ = park.internal().get(&format!("/outerpark/-/{context}/dead-letters")).expect(200);
    }
}

#[test]
fn seats_are_taken_once_however_often_a_reservation_asks() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let internal = park.internal();
    let musical = park.register(5);
    let (one, other) = (RESERVATION + 1, RESERVATION + 2);
    for _ in 0..3 {
        assert_eq!(ask(&internal, CHECK, musical, 3, one).expect(200).json(), true);
        assert_eq!(park.seats(musical), 2);
    }
    assert_eq!(ask(&internal, CHECK, musical, 3, other).expect(200).json(), false);
    assert_eq!(park.seats(musical), 2);
    // What could not be had may be asked for again: it is no answer for ever.
    park.correct(musical, 3);
    assert_eq!(ask(&internal, CHECK, musical, 3, other).expect(200).json(), true);
    assert_eq!(park.seats(musical), 0);
}

#[test]
fn of_many_calls_for_one_reservation_at_once_one_takes_the_seats() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let internal = park.internal();
    let musical = park.register(50);
    let answers =
        in_parallel(8, |_| ask(&internal, CHECK, musical, 5, RESERVATION + 3).expect(200).json());
    assert!(answers.iter().all(|answer| *answer == true), "{answers:?}");
    assert_eq!(park.seats(musical), 45);
    let _ = in_parallel(8, |_| ask(&internal, GIVE_BACK, musical, 5, RESERVATION + 3).expect(200));
    assert_eq!(park.seats(musical), 50);
}

#[test]
fn what_is_held_is_given_back_once_and_is_never_taken_again() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let internal = park.internal();
    let musical = park.register(5);
    let (one, other) = (RESERVATION + 4, RESERVATION + 5);
    assert_eq!(ask(&internal, CHECK, musical, 2, one).expect(200).json(), true);
    // Who holds nothing gives nothing back, and what it says to have held is not believed.
    let _ = ask(&internal, GIVE_BACK, musical, 100, other).expect(200);
    assert_eq!(park.seats(musical), 3);
    for _ in 0..2 {
        let _ = ask(&internal, GIVE_BACK, musical, 100, one).expect(200);
        assert_eq!(park.seats(musical), 5);
    }
    // A call that was on its way when it was undone comes too late.
    for late in [one, other] {
        assert_eq!(ask(&internal, CHECK, musical, 2, late).expect(200).json(), false);
    }
    assert_eq!(park.seats(musical), 5);
}

#[test]
fn an_internal_call_needs_its_key_and_its_fields() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let musical = park.register(200);
    let internal = park.internal();
    let whole = json!({"musicalId": musical.number, "seats": 1, "reservationId": RESERVATION + 6});
    problem(&internal.post(CHECK, whole.clone()), 400, CHECK);
    let keyed = internal.with("idempotency-key", "reservations/bad");
    for (property, value) in [
        ("musicalId", json!("eleven")),
        ("seats", json!(0)),
        ("seats", json!(101)),
        ("seats", json!(null)),
        ("reservationId", json!(0)),
        ("reservationId", json!(-1)),
    ] {
        let mut body = whole.clone();
        body[property] = value;
        let named: Vec<_> =
            errors(&keyed.post(CHECK, body), CHECK).into_iter().map(|e| e.1).collect();
        assert_eq!(named, [property]);
    }
    assert_eq!(park.seats(musical), 200);
    let nowhere = Musical { id: 0, number: 999_999_999 };
    problem(&ask(&internal, CHECK, nowhere, 1, RESERVATION + 7), 404, CHECK);
    let _ = internal.get(CHECK).expect(405);
}
