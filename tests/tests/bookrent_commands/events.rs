//! Events: CloudEvents with the fields of the specification, in the log and on the channel.

use madang_testing::Host;
use madang_tests::{BookRent, Channel, Entry};
use serde_json::json;
use std::collections::BTreeSet;

const SAGA: &str = "saga-of-this-test";
const TRACED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A rent that is cancelled, with all that is told of it: the entries of the log in order.
fn saga(host: &Host) -> (u64, u64, Vec<Entry>) {
    let shop = BookRent::of(host);
    let client = shop.client.with("x-correlation-id", SAGA).with("traceparent", TRACED);
    let sent = json!({"title": "모비 딕", "status": true});
    let book = client.post("/bookrent/books", sent).expect(201).json()["id"].clone();
    let rent = json!({"bookId": book, "userId": 8, "address": "서울시 중구"});
    let rent = client.post("/bookrent/rents", rent).expect(201);
    shop.settle();
    let _ = client.patch(rent.location(), json!({"status": "Cancel"})).expect(200);
    shop.check();
    (book.as_u64().unwrap(), rent.json()["id"].as_u64().unwrap(), shop.log())
}

#[test]
fn each_event_has_the_members_and_fields_of_the_specification() {
    let host = Host::start();
    let (book, rent, log) = saga(&host);
    let rent_fields = |status: &str| json!({"id": rent, "bookId": book, "userId": 8, "address": "서울시 중구", "status": status});
    let delivery = log[2].number_of("id");
    let delivery_fields = |status: &str| {
        json!({"id": delivery, "bookId": book, "rentId": rent, "userId": 8,
               "address": "서울시 중구", "status": status})
    };
    let expected = [
        (
            "Registered",
            "book",
            format!("books/{book}"),
            json!({"id": book, "title": "모비 딕", "status": true}),
        ),
        ("BookRented", "rent", format!("rents/{rent}"), rent_fields("Rent")),
        (
            "DeliveryStarted",
            "delivery",
            format!("deliveries/{delivery}"),
            delivery_fields("Delivery Started"),
        ),
        ("BookCancelled", "rent", format!("rents/{rent}"), rent_fields("Cancel")),
        (
            "DeliveryCancelled",
            "delivery",
            format!("deliveries/{delivery}"),
            delivery_fields("Delivery Cancelled"),
        ),
    ];
    assert_eq!(log.len(), expected.len(), "{log:#?}");
    for (entry, (kind, context, subject, fields)) in log.iter().zip(expected) {
        assert_eq!(entry.kind, kind);
        let source = format!("/bookrent/{context}");
        assert_eq!(entry.fields(&source, &subject, SAGA), fields, "{kind}");
        // No host that makes no spans comes in between.
        assert_eq!(entry.text_of("traceparent"), TRACED, "{kind}");
    }
}

#[test]
fn each_event_names_what_caused_it() {
    let host = Host::start();
    let (_, _, log) = saga(&host);
    let [registered, rented, started, cancelled, delivery_cancelled] = &log[..] else {
        panic!("{log:#?}")
    };
    let cause = |entry: &Entry| entry.text_of("causationid").to_owned();
    let id = |entry: &Entry| entry.text_of("id").to_owned();
    assert_eq!(cause(started), id(rented));
    assert_eq!(cause(delivery_cancelled), id(cancelled));
    // A command of its own each.
    let commands = [cause(registered), cause(rented), cause(cancelled)];
    let different: BTreeSet<_> = commands.iter().collect();
    assert_eq!(different.len(), 3, "{commands:?}");
    for command in &commands {
        assert!(!command.is_empty() && log.iter().all(|entry| id(entry) != *command), "{command}");
    }
}

#[test]
fn a_saga_without_a_name_is_named_after_its_first_command() {
    let host = Host::start();
    let shop = BookRent::of(&host);
    let book = shop.register("nameless");
    let asked = shop.ask(book, 1).expect(201);
    let name = asked.header("x-correlation-id").expect("the saga's name").to_owned();
    shop.check();
    let log = shop.log();
    let told: Vec<_> = log.iter().filter(|entry| entry.kind != "Registered").collect();
    assert_eq!(told.len(), 2);
    for entry in told {
        assert_eq!(entry.text_of("correlationid"), name, "{}", entry.kind);
    }
    assert_ne!(log[0].text_of("correlationid"), name);
    // One that is no name is not taken up.
    let odd = shop.client.with("x-correlation-id", "x".repeat(129));
    let _ = odd.post("/bookrent/books", json!({"title": "t", "status": true})).expect(201);
    let last = shop.log().pop().unwrap();
    assert!(last.text_of("correlationid").len() <= 128, "{last:?}");
}

#[test]
fn what_is_in_the_log_is_what_the_channel_tells() {
    let host = Host::start();
    let mut channel = Channel::open(&host);
    let (_, _, log) = saga(&host);
    for entry in &log {
        assert_eq!(channel.hear(), entry.text, "{}", entry.kind);
    }
}

#[test]
fn what_changes_nothing_for_others_is_told_to_nobody() {
    let host = Host::start();
    let shop = BookRent::of(&host);
    let book = shop.register("quiet");
    let rent = shop.rent(book, 1);
    shop.settle();
    let before = shop.log();
    let path = format!("/bookrent/books/{book}");
    assert_eq!(shop.ask(book, 2).expect(201).json()["status"], "Fail");
    let _ = shop.client.patch(&path, json!({"title": "quieter"})).expect(200);
    let _ = shop.client.delete(&path).expect(409);
    let _ = shop.client.patch(&format!("/bookrent/rents/{rent}"), json!({})).expect(200);
    let _ = shop.client.delete(&format!("/bookrent/rents/{}", rent + 1)).expect(204);
    let _ = shop.client.post("/bookrent/books", json!({"title": "", "status": true})).expect(400);
    shop.check();
    assert_eq!(shop.log(), before);
}
