//! A rent, and the book that it asks, killed between the steps of the command. However far it came, it
//! ends as `Rent` with the book held, or as `Fail` with the book free.

use super::host;
use madang_testing::Trigger;
use madang_tests::{BookRent, Step, kill_at_each_step};
use serde_json::{Value, json};

/// The rents of a book that can be seen, by status.
fn statuses(shop: &BookRent, book: u64) -> Vec<Value> {
    let rents = shop.all("rents").into_iter().filter(|rent| rent["bookId"] == book);
    rents.map(|rent| rent["status"].clone()).collect()
}

/// What must hold of a book that one rent has asked for, once all has settled.
fn check_one(shop: &BookRent, book: u64) {
    shop.settle();
    match statuses(shop, book).as_slice() {
        [] => assert!(shop.is_free(book), "nobody rents book {book}, and it is not free"),
        [status] if status == "Rent" => assert!(!shop.is_free(book)),
        [status] if status == "Fail" => {
            assert!(shop.is_free(book), "the rent failed, and book {book} is not free");
        }
        other => panic!("one was asked for: {other:?}"),
    }
    // Another can rent it exactly when nobody has it.
    let was_free = shop.is_free(book);
    let next = shop.ask(book, 2);
    // A crash strikes once in each process: this one was killed in another. `check` sees what becomes of it.
    if next.status != 500 {
        let status = &next.expect(201).json()["status"];
        assert_eq!(status, if was_free { "Rent" } else { "Fail" });
    }
}

#[test]
fn rent_killed_while_it_is_asked_for() {
    let Some(host) = host() else { return };
    let shop = BookRent::of(&host);
    let step = Step {
        component: "bookrent-rent",
        trigger: Trigger::Http,
        before: |shop: &BookRent| shop.register("asked for"),
        act: |shop: &BookRent, book| {
            let answer = shop.ask(book, 1);
            assert!([201, 500].contains(&answer.status), "{answer}");
            check_one(shop, book);
        },
    };
    let calls = kill_at_each_step(&shop, &step);
    // At least: take an id, store the intent, ask book, commit.
    assert!(calls > 4, "killed at {calls} calls only");
}

#[test]
fn a_rent_that_others_finish_goes_on_with_its_saga() {
    let Some(host) = host() else { return };
    let shop = BookRent::of(&host);
    let book = shop.register("finished by others");
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let client = shop.client.with("x-correlation-id", "begun");
    let client = client.with("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    // Right after the intent is stored.
    host.crash("bookrent-rent", 2, Trigger::Http);
    let body = json!({"bookId": book, "userId": 1, "address": "a"});
    let _ = client.post("/bookrent/rents", body).expect(500);
    host.heal("bookrent-rent");
    shop.check();
    let log = shop.log();
    let kinds: Vec<_> = log.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, ["Registered", "BookRented", "DeliveryStarted"]);
    for entry in &log[1..] {
        assert_eq!(entry.text_of("correlationid"), "begun", "{entry:?}");
        assert_eq!(&entry.text_of("traceparent")[3..35], trace, "{entry:?}");
    }
}

#[test]
fn rent_killed_while_it_is_cancelled() {
    let Some(host) = host() else { return };
    let shop = BookRent::of(&host);
    let step = Step {
        component: "bookrent-rent",
        trigger: Trigger::Http,
        before: |shop: &BookRent| shop.rent(shop.register("cancelled"), 1),
        act: |shop: &BookRent, rent| {
            let path = format!("/bookrent/rents/{rent}");
            let cancel = json!({"status": "Cancel"});
            let answer = shop.client.patch(&path, cancel.clone());
            assert!([200, 500].contains(&answer.status), "{answer}");
            // Nothing of it is done, or all.
            let again = shop.client.patch(&path, cancel);
            assert!([200, 409].contains(&again.status), "{again}");
            assert_eq!(shop.rent_status(rent), "Cancel");
        },
    };
    let calls = kill_at_each_step(&shop, &step);
    assert!(calls > 2, "killed at {calls} calls only");
}

#[test]
fn book_killed_while_a_rent_asks_for_it() {
    let Some(host) = host() else { return };
    let shop = BookRent::of(&host);
    let step = Step {
        component: "bookrent-book",
        trigger: Trigger::Http,
        before: |shop: &BookRent| shop.register("asked for"),
        act: |shop: &BookRent, book| {
            // A book that gives no answer is one that cannot be had.
            let status = shop.ask(book, 1).expect(201).json()["status"].clone();
            assert!(status == "Rent" || status == "Fail", "{status}");
            check_one(shop, book);
        },
    };
    let calls = kill_at_each_step(&shop, &step);
    // At least: has it been asked before, read the book, commit.
    assert!(calls > 3, "killed at {calls} calls only");
}
