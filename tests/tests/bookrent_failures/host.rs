//! The host is stopped or killed, and started again on the same state.

use super::everything;
use madang_testing::{Client, Host, eventually};
use madang_tests::{BookRent, SETTLING};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A host that acknowledges nothing that is not on disk.
fn host() -> Host {
    Host::builder().env("MADANG_REDIS_FSYNC", "always").start()
}

#[test]
fn stopped_and_started_again_it_is_as_it_was() {
    let mut host = host();
    let shop = BookRent::of(&host);
    let (kept, given_back) = (shop.register("kept"), shop.register("given back"));
    shop.rent(kept, 1);
    let rent = shop.rent(given_back, 2);
    shop.cancel(rent);
    assert_eq!(shop.ask(kept, 3).expect(201).json()["status"], "Fail");
    shop.check();
    let (before, log) = (everything(&shop), shop.log());
    drop(shop);
    host.restart();
    let shop = BookRent::of(&host);
    assert_eq!(everything(&shop), before);
    assert_eq!(shop.log(), log);
    shop.check();
    // It goes on where it was.
    let next = shop.rent(given_back, 4);
    assert!(next > rent);
    shop.check();
}

#[test]
fn what_was_not_handled_before_a_stop_is_handled_after_it() {
    let mut host = host();
    if !host.has_faults() {
        return eprintln!("skipped: this backend injects no faults");
    }
    let shop = BookRent::of(&host);
    shop.down(&["bookrent-delivery", "bookrent-view"]);
    let rents = ["a", "b", "c"].map(|title| shop.rent(shop.register(title), 1));
    drop(shop);
    // A host that was stopped forgets the faults.
    host.restart();
    let shop = BookRent::of(&host);
    shop.check();
    for rent in rents {
        assert_eq!(shop.view_of(rent)["deliveryStatus"], "Delivery Started");
    }
}

/// A rent that a client got acknowledged: its id, and whether its cancel was, too.
struct Acknowledged {
    book: u64,
    rent: u64,
    is_cancelled: bool,
}

/// Registers, rents and cancels until the host gives no answer any more.
fn work_until_the_end(client: &Client, user: u64, count: &AtomicUsize) -> Vec<Acknowledged> {
    let mut acknowledged = Vec::new();
    let send = |method: &str, path: &str, body: Value| {
        let answer = client.send(method, path, Some(body.into())).ok()?;
        answer.is_success().then(|| answer.json())
    };
    loop {
        let book = json!({"title": "under load", "status": true});
        let Some(book) = send("POST", "/bookrent/books", book) else { return acknowledged };
        let asking = json!({"bookId": book["id"], "userId": user, "address": "a"});
        let Some(rent) = send("POST", "/bookrent/rents", asking) else { return acknowledged };
        assert_eq!(rent["status"], "Rent");
        let [book, rent] = [book, rent].map(|item| item["id"].as_u64().unwrap());
        acknowledged.push(Acknowledged { book, rent, is_cancelled: false });
        count.fetch_add(1, Ordering::Relaxed);
        if rent % 2 == 0 {
            let path = format!("/bookrent/rents/{rent}");
            let cancelled = send("PATCH", &path, json!({"status": "Cancel"}));
            let Some(last) = acknowledged.last_mut() else { return acknowledged };
            last.is_cancelled = cancelled.is_some();
            if cancelled.is_none() {
                return acknowledged;
            }
        }
    }
}

#[test]
fn killed_under_load_it_loses_nothing_that_it_acknowledged() {
    const CLIENTS: u64 = 4;
    let mut host = host();
    for round in 1..=2 {
        let (client, count) = (host.client(), AtomicUsize::new(0));
        let acknowledged: Vec<_> = thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|user| {
                    let (client, count) = (&client, &count);
                    scope.spawn(move || work_until_the_end(client, user + 1, count))
                })
                .collect();
            eventually(SETTLING, || (count.load(Ordering::Relaxed) >= 50).then_some(()));
            host.kill();
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
        });
        host.restart();
        let shop = BookRent::of(&host);
        shop.check();
        for Acknowledged { book, rent, is_cancelled } in acknowledged {
            let status = shop.rent_status(rent);
            // What was sent and not acknowledged may have been done.
            let may_be = if is_cancelled { vec!["Cancel"] } else { vec!["Rent", "Cancel"] };
            assert!(
                may_be.iter().any(|may| status == *may),
                "round {round}: rent {rent}: {status}"
            );
            assert_eq!(shop.is_free(book), status == "Cancel", "round {round}: book {book}");
        }
    }
}
