//! Internal calls: the service token, and what book answers to rent.

use super::SHARED;
use madang_testing::{Answer, Client, SERVICE_TOKEN};
use madang_tests::{BookRent, errors, problem};
use serde_json::json;

const CHECK: &str = "/bookrent/-/book/check-and-change-status";
const GIVE_BACK: &str = "/bookrent/-/book/give-back";

/// Asks book as rent does.
fn ask(client: &Client, path: &str, book: u64, rent: u64) -> Answer {
    let key = format!("rents/{rent}");
    client.with("idempotency-key", key).post(path, json!({"bookId": book, "rentId": rent}))
}

/// Rents of these tests, far from those that rent makes.
const RENT: u64 = 5_000_000_000;

#[test]
fn internal_paths_ask_for_the_service_token() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("guarded");
    let unknown = [
        shop.client.clone(),
        shop.client.with("authorization", "Bearer wrong"),
        shop.client.with("authorization", format!("Bearer {SERVICE_TOKEN}x")),
        shop.client.with("authorization", format!("Bearer {}", &SERVICE_TOKEN[1..])),
        shop.client.with("authorization", format!("Basic {SERVICE_TOKEN}")),
        shop.client.with("authorization", SERVICE_TOKEN),
        shop.client.with("authorization", "Bearer "),
    ];
    for client in &unknown {
        for path in [CHECK, GIVE_BACK] {
            let answer = ask(client, path, book, RENT);
            problem(&answer, 401, path);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
        for context in ["book", "rent", "delivery", "view"] {
            let letters = format!("/bookrent/-/{context}/dead-letters");
            problem(&client.get(&letters), 401, &letters);
            let letter = format!("{letters}/1");
            problem(&client.delete(&letter), 401, &letter);
            let replay = format!("{letter}/replay");
            problem(&client.post(&replay, json!({})), 401, &replay);
            // Nor does it tell what there is.
            let nothing = format!("/bookrent/-/{context}/nothing");
            problem(&client.get(&nothing), 401, &nothing);
        }
    }
    assert!(shop.is_free(book));
    let internal = shop.internal();
    assert_eq!(ask(&internal, CHECK, book, RENT).expect(200).json(), true);
    for context in ["book", "rent", "delivery", "view"] {
        let _ = internal.get(&format!("/bookrent/-/{context}/dead-letters")).expect(200);
    }
}

#[test]
fn a_book_is_taken_once_and_again_for_the_same_rent() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let internal = shop.internal();
    let book = shop.register("taken by a call");
    let (one, other) = (RENT + 1, RENT + 2);
    for _ in 0..3 {
        assert_eq!(ask(&internal, CHECK, book, one).expect(200).json(), true);
    }
    assert!(!shop.is_free(book));
    assert_eq!(ask(&internal, CHECK, book, other).expect(200).json(), false);
    assert_eq!(shop.ask(book, 1).expect(201).json()["status"], "Fail");
    assert_eq!(ask(&internal, CHECK, 999_999_999, one + 10).expect(200).json(), false);
}

#[test]
fn only_the_rent_that_holds_a_book_gives_it_back() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let internal = shop.internal();
    let book = shop.register("given back by a call");
    let (one, other) = (RENT + 3, RENT + 4);
    assert_eq!(ask(&internal, CHECK, book, one).expect(200).json(), true);
    let _ = ask(&internal, GIVE_BACK, book, other).expect(200);
    assert!(!shop.is_free(book));
    for _ in 0..2 {
        let _ = ask(&internal, GIVE_BACK, book, one).expect(200);
        assert!(shop.is_free(book));
    }
    // A call that was on its way when it was undone comes too late.
    assert_eq!(ask(&internal, CHECK, book, one).expect(200).json(), false);
    assert_eq!(ask(&internal, CHECK, book, other).expect(200).json(), false);
    assert!(shop.is_free(book));
}

#[test]
fn an_internal_call_needs_its_key_and_its_fields() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("asked badly");
    let internal = shop.internal();
    let taking = json!({"bookId": book, "rentId": RENT + 5});
    problem(&internal.post(CHECK, taking), 400, CHECK);
    let keyed = internal.with("idempotency-key", "rents/bad");
    for (body, property) in [
        (json!({"bookId": book}), "rentId"),
        (json!({"rentId": 1}), "bookId"),
        (json!({"bookId": "one", "rentId": 1}), "bookId"),
    ] {
        let named: Vec<_> =
            errors(&keyed.post(CHECK, body), CHECK).into_iter().map(|e| e.1).collect();
        assert_eq!(named, [property]);
    }
    assert!(shop.is_free(book));
}

#[test]
fn the_seeds_get_that_changes_is_not_there() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("not taken by a GET");
    let path = "/bookrent/books/checkAndChangeStatus";
    for client in [&shop.client, &shop.internal()] {
        let answer = client.get(&format!("{path}?bookId={book}"));
        assert_eq!(errors(&answer, path)[0].1, "id", "{answer}");
        let _ = client.get(&format!("{CHECK}?bookId={book}&rentId=1")).expect(405);
    }
    assert!(shop.is_free(book));
}
