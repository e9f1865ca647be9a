//! `Idempotency-Key` on POST.

use super::SHARED;
use madang_testing::{Host, Trigger, eventually, in_parallel};
use madang_tests::{BookRent, SETTLING, problem};
use serde_json::json;
use std::thread;

/// A host whose rent waits long for its book, so that a request can be caught while it runs.
fn patient() -> Host {
    Host::builder().variable("call_timeout_ms", "20000").start()
}

/// How long book holds its answer back, in milliseconds: far longer than asking again takes.
const SLOW: u64 = 3000;

#[test]
fn the_same_key_and_body_get_the_same_answer() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("asked for twice");
    let body = json!({"bookId": book, "userId": 1, "address": "a"});
    let keyed = shop.client.with("idempotency-key", format!("same-{book}"));
    let first = keyed.post("/bookrent/rents", body.clone()).expect(201);
    assert_eq!(first.json()["status"], "Rent");
    for _ in 0..3 {
        let again = keyed.post("/bookrent/rents", body.clone()).expect(201);
        assert_eq!(again.json(), first.json());
        for name in ["location", "etag", "content-type"] {
            assert_eq!(again.header(name), first.header(name), "{again}");
        }
    }
    // The stored answer, whatever has become of the rent since.
    let rent = first.json()["id"].as_u64().unwrap();
    shop.cancel(rent);
    let again = keyed.post("/bookrent/rents", body).expect(201);
    assert_eq!(again.json(), first.json());
    let of_book = shop.all("rents").into_iter().filter(|rent| rent["bookId"] == book);
    assert_eq!(of_book.count(), 1);
}

#[test]
fn an_answer_is_kept_for_a_day() {
    const DAY: i64 = 24 * 60 * 60;
    let host = SHARED.host();
    let keyed = host.client().with("idempotency-key", "kept-for-a-day");
    let _ = keyed.post("/bookrent/books", json!({"title": "t", "status": true})).expect(201);
    let mut redis = host.redis();
    let pattern = "{bookrent}:book:*kept-for-a-day";
    let records: Vec<String> = redis::cmd("KEYS").arg(pattern).query(&mut redis).unwrap();
    assert_eq!(records.len(), 1, "{records:?}");
    let left: i64 = redis::cmd("TTL").arg(&records[0]).query(&mut redis).unwrap();
    assert!((DAY - 600..=DAY).contains(&left), "{left} s are left");
}

#[test]
fn a_rent_that_failed_fails_again_for_its_key() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("taken");
    let holder = shop.rent(book, 1);
    let body = json!({"bookId": book, "userId": 2, "address": "a"});
    let keyed = shop.client.with("idempotency-key", format!("failed-{book}"));
    let first = keyed.post("/bookrent/rents", body.clone()).expect(201);
    assert_eq!(first.json()["status"], "Fail");
    shop.cancel(holder);
    eventually(SETTLING, || shop.is_free(book).then_some(()));
    let again = keyed.post("/bookrent/rents", body).expect(201);
    assert_eq!(again.json(), first.json());
    assert!(shop.is_free(book));
}

#[test]
fn the_same_key_with_another_body_is_422() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let keyed = shop.client.with("idempotency-key", "another-body");
    let _ = keyed.post("/bookrent/books", json!({"title": "one", "status": true})).expect(201);
    let other = keyed.post("/bookrent/books", json!({"title": "other", "status": true}));
    problem(&other, 422, "/bookrent/books");
    let _ = keyed.post("/bookrent/books", json!({"title": "one", "status": true})).expect(201);
    let made = shop.all("books").into_iter().filter(|book| book["title"] == "other");
    assert_eq!(made.count(), 0);
}

#[test]
fn the_same_key_on_another_collection_is_another_key() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let keyed = shop.client.with("idempotency-key", "two-collections");
    let made = keyed.post("/bookrent/books", json!({"title": "t", "status": true})).expect(201);
    let rent = json!({"bookId": made.json()["id"], "userId": 1, "address": "a"});
    assert_eq!(keyed.post("/bookrent/rents", rent).expect(201).json()["status"], "Rent");
}

#[test]
fn a_refused_body_is_refused_again_and_leaves_the_key_to_it() {
    let host = SHARED.host();
    let keyed = host.client().with("idempotency-key", "refused");
    for _ in 0..2 {
        let answer = keyed.post("/bookrent/books", json!({"title": "", "status": true}));
        problem(&answer, 400, "/bookrent/books");
    }
}

#[test]
fn a_key_that_is_none_is_400() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    for key in ["", "two words", &"x".repeat(256), "\"\""] {
        let keyed = shop.client.with("idempotency-key", key);
        let answer = keyed.post("/bookrent/books", json!({"title": "no key", "status": true}));
        let detail = problem(&answer, 400, "/bookrent/books")["detail"].clone();
        assert!(detail.as_str().unwrap().contains("Idempotency-Key"), "{answer}");
    }
    assert!(!shop.all("books").iter().any(|book| book["title"] == "no key"));
    let longest = shop.client.with("idempotency-key", "x".repeat(255));
    let _ = longest.post("/bookrent/books", json!({"title": "key", "status": true})).expect(201);
}

#[test]
fn fifty_at_once_with_one_key_make_one_rent() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("fifty at once");
    let body = json!({"bookId": book, "userId": 1, "address": "a"});
    let keyed = shop.client.with("idempotency-key", format!("fifty-{book}"));
    let answers = in_parallel(50, |_| keyed.post("/bookrent/rents", body.clone()));
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert!(!made.is_empty());
    assert_eq!(made[0].json()["status"], "Rent", "{}", made[0]);
    for answer in &made {
        assert_eq!(answer.json(), made[0].json());
    }
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        problem(answer, 409, "/bookrent/rents");
    }
    let again = keyed.post("/bookrent/rents", body).expect(201);
    assert_eq!(again.json(), made[0].json());
    let of_book = shop.all("rents").into_iter().filter(|rent| rent["bookId"] == book);
    assert_eq!(of_book.count(), 1);
}

#[test]
fn while_the_first_is_running_the_same_key_is_409() {
    let host = patient();
    if !host.has_faults() {
        return eprintln!("skipped: this backend injects no faults");
    }
    let shop = BookRent::of(&host);
    let book = shop.register("slow");
    let body = json!({"bookId": book, "userId": 1, "address": "a"});
    let keyed = shop.client.with("idempotency-key", "running");
    host.delay("bookrent-book", SLOW..=SLOW);
    let first = thread::scope(|scope| {
        let first = scope.spawn(|| keyed.post("/bookrent/rents", body.clone()));
        let mut redis = host.redis();
        let intents = "{bookrent}:rent:rents:intents";
        eventually(SETTLING, || {
            let waiting: u64 = redis::cmd("ZCARD").arg(intents).query(&mut redis).unwrap();
            (waiting > 0).then_some(())
        });
        problem(&keyed.post("/bookrent/rents", body.clone()), 409, "/bookrent/rents");
        first.join().unwrap()
    });
    host.heal("bookrent-book");
    assert_eq!(first.clone().expect(201).json()["status"], "Rent", "{first}");
    assert_eq!(keyed.post("/bookrent/rents", body).expect(201).json(), first.json());
    shop.check();
}

#[test]
fn a_key_whose_request_was_killed_gets_the_rent_that_it_began() {
    let host = patient();
    if !host.has_faults() {
        return eprintln!("skipped: this backend injects no faults");
    }
    let shop = BookRent::of(&host);
    let book = shop.register("killed");
    let body = json!({"bookId": book, "userId": 1, "address": "a"});
    let keyed = shop.client.with("idempotency-key", "killed");
    // The calls of a keyed POST: claim, next id, intent, book, ….
    host.crash("bookrent-rent", 3, Trigger::Http);
    let _ = keyed.post("/bookrent/rents", body.clone()).expect(500);
    host.heal("bookrent-rent");
    // Answered once the claim of the request that is gone ends, or whoever settles the rent does it.
    let answer = eventually(SETTLING, || {
        let answer = keyed.post("/bookrent/rents", body.clone());
        if answer.status == 201 { Ok(answer) } else { Err(answer.to_string()) }
    });
    assert_eq!(answer.json()["status"], "Rent", "{answer}");
    let of_book = shop.all("rents").into_iter().filter(|rent| rent["bookId"] == book);
    assert_eq!(of_book.count(), 1);
    shop.check();
}
