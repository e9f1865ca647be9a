//! Events: CloudEvents with the fields of the specification, in the log.

use madang_testing::Host;
use madang_testing::log::{Entry, without};
use madang_tests::outerpark::{OuterPark, asking};
use serde_json::json;

const SAGA: &str = "saga-of-this-test";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[test]
fn each_event_has_the_members_and_fields_of_the_specification() {
    let host = Host::start();
    let park = OuterPark::of(&host);
    let traced = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let client = park.client.with("x-correlation-id", SAGA).with("traceparent", traced);
    let sent = json!({"musicalId": 11, "name": "명성황후", "reservableSeat": 10});
    let musical = client.post("/outerpark/musicals", sent).expect(201).json()["id"].clone();
    let reserved = client.post("/outerpark/reservations", asking(11, 2)).expect(201);
    let reservation = reserved.json()["id"].clone();
    park.settle();
    let _ = client.delete(reserved.location()).expect(204);
    park.check();

    let log = park.log();
    let id_of = |kind: &str| {
        let entry = log.iter().find(|entry| entry.kind == kind);
        entry.unwrap_or_else(|| panic!("no {kind} in {log:#?}")).event["data"]["id"].clone()
    };
    let payment = id_of("PaymentApproved");
    let musical_with = |seats: u64| json!({"id": musical, "musicalId": 11, "name": "명성황후", "reservableSeat": seats});
    let reservation_in = |status: &str| {
        json!({"id": reservation, "musicalId": 11, "price": 100_000, "seats": 2,
            "status": status})
    };
    let payment_in = |status: &str| json!({"id": payment, "reservationId": reservation, "price": 100_000, "status": status});
    let notice = |id: u64, text: &str| json!({"id": id, "paymentId": payment, "sendText": text});
    let expected = [
        ("MusicalRegistered", "musical", "musicals", musical_with(10)),
        ("SeatModified", "musical", "musicals", musical_with(8)),
        ("Reserved", "reservation", "reservations", reservation_in("SeatsReserved")),
        ("PaymentApproved", "payment", "payments", payment_in("ApprovedPayment")),
        ("Noticed", "notice", "notices", notice(1, "ApprovedPayment")),
        ("Canceled", "reservation", "reservations", reservation_in("Canceled")),
        ("SeatModified", "musical", "musicals", musical_with(10)),
        ("PaymentCancelled", "payment", "payments", payment_in("PaymentCanceled")),
        ("Noticed", "notice", "notices", notice(2, "PaymentCanceled")),
    ];
    assert_eq!(log.len(), expected.len(), "{log:#?}");
    // Musical and payment hear a cancel at the same time: what each tells has no order.
    let mut told: Vec<_> = log.iter().collect();
    for (kind, context, collection, fields) in expected {
        let is_it = |entry: &&Entry| {
            let data = &entry.event["data"];
            entry.kind == kind && without(data, &["eventType", "timestamp"]) == fields
        };
        let at = told.iter().position(is_it);
        let entry = told.remove(at.unwrap_or_else(|| panic!("no {kind} of {fields} in {told:#?}")));
        let subject = format!("{collection}/{}", fields["id"]);
        assert_eq!(entry.fields(&format!("/outerpark/{context}"), &subject, SAGA), fields);
        assert_eq!(&entry.text_of("traceparent")[3..35], TRACE, "{kind}");
    }
}

#[test]
fn what_follows_from_an_event_names_it_as_its_cause() {
    let host = Host::start();
    let park = OuterPark::of(&host);
    let reservation = park.reserve(park.register(1), 1);
    park.settle();
    park.cancel(reservation);
    park.check();
    let log = park.log();
    let caused = |kind: &str| {
        let of = log.iter().filter(|entry| entry.kind == kind);
        of.map(|entry| entry.text_of("causationid").to_owned()).collect::<Vec<_>>()
    };
    let id =
        |kind: &str| log.iter().find(|entry| entry.kind == kind).unwrap().text_of("id").to_owned();
    assert_eq!(caused("PaymentApproved"), [id("Reserved")]);
    assert_eq!(caused("PaymentCancelled"), [id("Canceled")]);
    assert_eq!(caused("Noticed"), [id("PaymentApproved"), id("PaymentCancelled")]);
    assert_eq!(caused("SeatModified")[1], id("Canceled"));
}
