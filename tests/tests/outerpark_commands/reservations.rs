//! The commands on reservations.

use super::SHARED;
use madang_testing::{eventually, in_parallel};
use madang_tests::outerpark::{OuterPark, PRICE, asking};
use madang_tests::{SETTLING, errors, problem};
use serde_json::{Value, json};

const RESERVATIONS: &str = "/outerpark/reservations";

fn listed(park: &OuterPark, reservation: u64) -> bool {
    park.all("reservations").iter().any(|listed| listed["id"] == reservation)
}

#[test]
fn seats_are_reserved_and_are_fewer_then() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    let answer = park.ask(musical, 3).expect(201);
    let mut body = answer.json();
    let links = body.as_object_mut().unwrap().remove("_links").unwrap();
    assert_eq!(links["self"]["href"], answer.location());
    assert_eq!(links["reservation"]["href"], answer.location());
    assert_eq!(
        body,
        json!({"id": body["id"], "musicalId": musical.number, "price": 3 * PRICE, "seats": 3,
            "status": "SeatsReserved"})
    );
    assert_eq!(park.seats(musical), 7);
    assert!(listed(&park, body["id"].as_u64().unwrap()));
    park.reserve(musical, 7);
    assert_eq!(park.seats(musical), 0);
}

#[test]
fn too_many_seats_are_refused_and_nothing_is_stored() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let musical = park.register(2);
    let refused = problem(&park.ask(musical, 3), 409, RESERVATIONS);
    assert_eq!(refused["detail"], "Too big seats Count");
    assert_eq!(park.seats(musical), 2);
    let of_it = |row: &Value| row["musicalId"] == musical.number;
    assert!(!park.all("reservations").iter().any(of_it));
    assert!(!park.log().iter().any(|e| e.kind != "MusicalRegistered" && of_it(&e.event["data"])));
}

#[test]
fn a_musical_that_is_not_there_is_refused() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let refused = park.client.post(RESERVATIONS, asking(999_999_999, 1));
    let detail = problem(&refused, 409, RESERVATIONS)["detail"].clone();
    assert_eq!(detail, "there is no musical with that musicalId");
}

#[test]
fn the_seeds_number_as_text_is_taken() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let musical = park.register(1);
    let body = json!({"musicalId": musical.number.to_string(), "price": 1, "seats": 1});
    let reserved = park.client.post(RESERVATIONS, body).expect(201).json();
    assert_eq!(reserved["musicalId"], musical.number);
    assert_eq!(park.seats(musical), 0);
}

#[test]
fn what_is_no_reservation_is_refused_with_the_field_named() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let musical = park.register(500);
    for (property, value) in [
        ("musicalId", json!(0)),
        ("musicalId", json!("eleven")),
        ("musicalId", json!("")),
        ("price", json!(-1)),
        ("price", json!(0.5)),
        ("price", json!("free")),
        ("seats", json!(0)),
        ("seats", json!(101)),
        ("seats", json!(-1)),
        ("seats", json!(null)),
    ] {
        let mut body = asking(musical.number, 1);
        body[property] = value.clone();
        let answer = park.client.post(RESERVATIONS, body);
        let expected = ("Reservation".to_owned(), property.to_owned(), value);
        assert_eq!(errors(&answer, RESERVATIONS), [expected]);
    }
    assert_eq!(park.seats(musical), 500);
    park.reserve(musical, 100);
    assert_eq!(park.seats(musical), 400);
}

#[test]
fn a_canceled_reservation_leaves_the_collection_and_is_found_by_its_id() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let musical = park.register(5);
    let reservation = park.reserve(musical, 5);
    eventually(SETTLING, || (park.status(reservation) == "ApprovedPayment").then_some(()));
    park.cancel(reservation);
    assert_eq!(park.status(reservation), "Canceled");
    assert!(!listed(&park, reservation));
    eventually(SETTLING, || (park.seats(musical) == 5).then_some(()));
    eventually(SETTLING, || {
        (park.page_of(reservation)["status"] == "PaymentCanceled").then_some(())
    });
    assert_eq!(park.payments_of(reservation)[0]["status"], "PaymentCanceled");
    park.reserve(musical, 5);
}

#[test]
fn a_second_cancel_is_no_error_and_no_event() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let reservation = park.reserve(park.register(1), 1);
    let path = format!("{RESERVATIONS}/{reservation}");
    for _ in 0..3 {
        park.cancel(reservation);
    }
    let etag = park.client.get(&path).expect(200).header("etag").map(str::to_owned);
    let statuses = in_parallel(8, |_| park.client.delete(&path).status);
    assert_eq!(statuses, [204; 8]);
    assert_eq!(park.client.get(&path).expect(200).header("etag"), etag.as_deref());
    let told = park.log();
    let told = told.iter().filter(|e| e.kind == "Canceled" && e.number_of("id") == reservation);
    assert_eq!(told.count(), 1);
}

#[test]
fn of_many_who_cancel_at_once_all_are_told_and_one_is_the_cause() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let musical = park.register(2);
    let reservation = park.reserve(musical, 2);
    let path = format!("{RESERVATIONS}/{reservation}");
    assert_eq!(in_parallel(12, |_| park.client.delete(&path).status), [204; 12]);
    eventually(SETTLING, || (park.seats(musical) == 2).then_some(()));
    let told = park.log();
    let told = told.iter().filter(|e| e.kind == "Canceled" && e.number_of("id") == reservation);
    assert_eq!(told.count(), 1);
}

#[test]
fn what_was_never_reserved_is_not_canceled_and_what_is_reserved_is_not_changed() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let nowhere = format!("{RESERVATIONS}/999999999");
    problem(&park.client.delete(&nowhere), 404, &nowhere);
    let path = format!("{RESERVATIONS}/{}", park.reserve(park.register(1), 1));
    for answer in
        [park.client.patch(&path, json!({"seats": 2})), park.client.put(&path, asking(1, 2))]
    {
        problem(&answer, 405, &path);
        assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS, DELETE"), "{answer}");
    }
}

#[test]
fn an_idempotency_key_reserves_once_and_repeats_a_refusal() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let musical = park.register(3);
    let keyed = |key: &str, seats| {
        let client = park.client.with("idempotency-key", format!("{key}-{}", musical.number));
        client.post(RESERVATIONS, asking(musical.number, seats))
    };
    let first = keyed("reserves", 2).expect(201);
    assert_eq!(keyed("reserves", 2).expect(201).json(), first.json());
    problem(&keyed("reserves", 1), 422, RESERVATIONS);
    problem(&keyed("refused", 2), 409, RESERVATIONS);
    park.correct(musical, 50);
    let again = problem(&keyed("refused", 2), 409, RESERVATIONS);
    assert_eq!(again["detail"], "Too big seats Count");
    assert_eq!(park.seats(musical), 50);
}
