//! Calls to a neighbour that is slow or away: cut off, tried again, and bounded by who waits.

use madang_testing::{Host, HostBuilder, eventually};
use madang_tests::{BookRent, SETTLING, with_faults};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// A host whose breaker opens after four calls, and for half a second.
fn quick_to_open() -> HostBuilder {
    Host::builder()
        .variable("breaker_calls", "4")
        .variable("breaker_open_ms", "500")
        .variable("call_timeout_ms", "200")
}

fn breaker(shop: &BookRent) -> Value {
    shop.info("rent")["breakers"][0].clone()
}

/// A time in so many milliseconds, as RFC 3339 has it.
fn in_ms(milliseconds: u64) -> String {
    let time = SystemTime::now() + Duration::from_millis(milliseconds);
    humantime::format_rfc3339_millis(time).to_string()
}

#[test]
fn a_book_that_is_slow_is_cut_off_and_is_asked_again_once_it_is_quick() {
    let Some(host) = with_faults(quick_to_open()) else { return };
    let shop = BookRent::of(&host);
    host.delay("bookrent-book", 300..=400);
    let mut slow = Vec::new();
    while breaker(&shop)["state"] == "closed" {
        let book = shop.register("slow");
        assert_eq!(shop.ask(book, 1).expect(201).json()["status"], "Fail");
        slow.push(book);
    }
    // Registered meanwhile, it waits for book as well; the breaker is open for long enough only now.
    let book = shop.register("cut off");
    eventually(SETTLING, || {
        let before = breaker(&shop)["cutOff"].as_u64();
        let answer = shop.ask(book, 2).expect(201);
        assert_eq!(answer.json()["status"], "Fail");
        (breaker(&shop)["cutOff"].as_u64() > before).then_some(())
    });

    host.heal("bookrent-book");
    eventually(SETTLING, || {
        (shop.ask(book, 3).expect(201).json()["status"] == "Rent").then_some(())
    });
    eventually(SETTLING, || {
        shop.ask(book, 4).expect(201);
        (breaker(&shop)["state"] == "closed").then_some(())
    });
    shop.check();
    assert!(slow.iter().all(|book| shop.is_free(*book)));
    let printed = host.printed();
    // Those count, too, that give back what was cut off.
    let failed = printed.split("the breaker of book is open: ").nth(1);
    let failed = failed.and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
    assert!(failed >= Some(4), "it opened after {failed:?} calls");
    assert!(printed.contains("the breaker of book is closed"));
    assert!(
        printed.contains("called book/check-and-change-status: tries 1, breaker closed, no answer")
    );
    assert!(
        printed.contains("called book/check-and-change-status: tries 0, breaker open, cut off")
    );
}

/// Needs no fault of the host's, so it shows on every host that the store holds a breaker's state.
#[test]
fn a_neighbour_that_is_nowhere_is_cut_off() {
    let nowhere = Host::builder().variable("base_url", "http://127.0.0.1:9");
    let host = nowhere.variable("breaker_calls", "4").start();
    let shop = BookRent::of(&host);
    let book = shop.register("out of reach");
    for user in 1..=6 {
        assert_eq!(shop.ask(book, user).expect(201).json()["status"], "Fail");
    }
    let told = breaker(&shop);
    assert_eq!((&told["target"], &told["state"]), (&json!("book"), &json!("open")), "{told}");
    assert!(told["failed"].as_u64() >= Some(4) && told["cutOff"].as_u64() >= Some(1), "{told}");
    assert!(told["retries"].as_u64() >= Some(1), "{told}");
    assert!(shop.is_free(book));
}

#[test]
fn an_open_breaker_holds_for_all_workers_and_across_a_restart() {
    let Some(mut host) = with_faults(quick_to_open().variable("breaker_open_ms", "600000")) else {
        return;
    };
    let shop = BookRent::of(&host);
    let book = shop.register("cut off");
    shop.down(&["bookrent-book"]);
    while breaker(&shop)["state"] == "closed" {
        shop.ask(book, 1).expect(201);
    }
    host.heal("bookrent-book");
    host.restart();
    let shop = BookRent::of(&host);
    for user in 0..8 {
        // A connection of its own each, so that every worker gets some.
        let alone = BookRent::of(&host);
        assert_eq!(alone.ask(book, user + 1).expect(201).json()["status"], "Fail");
    }
    assert_eq!(breaker(&shop)["state"], "open");
}

#[test]
fn a_try_that_fails_is_repeated_and_has_one_effect() {
    let Some(host) = with_faults(Host::builder().workers(1)) else { return };
    let shop = BookRent::of(&host);
    let book = shop.register("repeated");
    // Killed right after it has taken the book, before it could say so.
    host.crash("bookrent-book", 2, madang_testing::Trigger::Http);
    shop.rent(book, 1);
    shop.check();
    let told = breaker(&shop);
    assert_eq!(
        (&told["calls"], &told["failed"], &told["retries"]),
        (&json!(2), &json!(1), &json!(1))
    );
}

#[test]
fn whoever_does_not_wait_gets_an_answer_in_time() {
    let Some(host) = with_faults(Host::builder().variable("breaker_calls", "1")) else { return };
    let shop = BookRent::of(&host);
    let book = shop.register("too slow for some");
    host.delay("bookrent-book", 600..=600);
    let hurried = shop.client.with("x-request-deadline", in_ms(300));
    let wanted = json!({"bookId": book, "userId": 1, "address": "1 Gwanghwamun, Seoul"});
    let answer = hurried.post("/bookrent/rents", wanted).expect(201);
    assert_eq!(answer.json()["status"], "Fail");
    let told = breaker(&shop);
    assert_eq!((&told["state"], &told["calls"]), (&json!("closed"), &json!(0)));
    host.heal("bookrent-book");
    shop.check();
    assert!(shop.is_free(book));
}

#[test]
fn a_deadline_that_has_passed_or_is_none_is_refused() {
    let host = Host::start();
    let at =
        |deadline: &str| host.client().with("x-request-deadline", deadline).get("/bookrent/books");
    let passed = at("2026-01-01T00:00:00Z").expect(504);
    assert!(passed.json()["detail"].as_str().unwrap().contains("2026-01-01T00:00:00Z"), "{passed}");
    let none = at("soon").expect(400);
    assert!(none.json()["detail"].as_str().unwrap().contains("X-Request-Deadline"), "{none}");
    let _ = at(&in_ms(10_000)).expect(200);
}

#[test]
fn the_limit_of_the_host_bounds_calls_so_that_there_is_an_answer() {
    let settings = Host::builder().arg("--request-timeout").arg("800ms");
    let Some(host) = with_faults(settings.variable("call_timeout_ms", "5000")) else { return };
    let shop = BookRent::of(&host);
    let book = shop.register("slow");
    host.delay("bookrent-book", 1500..=1500);
    assert_eq!(shop.ask(book, 1).expect(201).json()["status"], "Fail");
    host.heal("bookrent-book");
    shop.check();
}

#[test]
fn a_client_with_too_many_requests_is_told_when_to_come_back() {
    let settings = Host::builder().variable("rate_limit", "3");
    let host = settings.variable("rate_limit_window_s", "3600").start();
    let client = host.client();
    for left in ["2", "1", "0"] {
        let answer = client.get("/bookrent/books").expect(200);
        let told = answer.header("ratelimit").unwrap_or_default();
        assert!(told.starts_with(&format!("\"books\";r={left};t=")), "{answer}");
        assert_eq!(answer.header("ratelimit-policy"), Some("\"books\";q=3;w=3600"));
    }
    let refused = client.get("/bookrent/books").expect(429);
    assert!(refused.header("retry-after").is_some_and(|t| t.parse::<u64>().is_ok()), "{refused}");
    assert_eq!(refused.json()["status"], 429);
    // Another collection has a limit of its own, and probes have none.
    let _ = client.get("/bookrent/views").expect(200);
    let _ = client.get("/bookrent/-/book/health/live").expect(200);
}
