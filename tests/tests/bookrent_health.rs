//! How each context says that it is: live, ready, info, and how far a view is behind.

use madang_testing::{Host, Redis, eventually, in_parallel};
use madang_tests::{BookRent, SETTLING, Shared};
use serde_json::{Value, json};

static SHARED: Shared = Shared::new(Host::start);

const CONTEXTS: [&str; 4] = ["book", "rent", "delivery", "view"];

fn health(shop: &BookRent, context: &str, kind: &str) -> (u16, Value) {
    let answer = shop.client.get(&format!("/bookrent/-/{context}/health/{kind}"));
    assert_eq!(answer.header("content-type"), Some("application/json"), "{answer}");
    assert_eq!(answer.header("retry-after").is_some(), answer.status == 503, "{answer}");
    (answer.status, answer.json())
}

#[test]
fn a_context_in_order_is_live_and_ready() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    for context in CONTEXTS {
        for kind in ["live", "ready"] {
            assert_eq!(health(&shop, context, kind), (200, json!({"status": "UP"})), "{context}");
        }
    }
}

#[test]
fn without_redis_a_context_is_live_and_not_ready_and_says_why() {
    let mut redis = Redis::start();
    let host = Host::builder().redis_url(redis.url()).start();
    if !host.has_faults() {
        return eprintln!("skipped: `spin up` ends when its Redis does");
    }
    let shop = BookRent::of(&host);
    redis.kill();
    for context in CONTEXTS {
        assert_eq!(health(&shop, context, "live"), (200, json!({"status": "UP"})), "{context}");
        let (status, body) = health(&shop, context, "ready");
        assert_eq!((status, &body["status"]), (503, &json!("DOWN")), "{context}");
        let reason = body["reason"].as_str().unwrap_or_default();
        assert!(reason.starts_with("unavailable: ") && reason.len() > 20, "{context}: {body}");
        // What is internal stays so.
        assert!(!reason.contains("redis://"), "{context}: {body}");
    }
    redis.restart();
    for context in CONTEXTS {
        eventually(SETTLING, || {
            let (status, body) = health(&shop, context, "ready");
            if status == 200 { Ok(()) } else { Err(body.to_string()) }
        });
    }
}

#[test]
fn a_context_that_cannot_go_on_is_not_ready_and_says_at_what() {
    let host = Host::builder().variable("max_attempts", "1000000").start();
    let shop = BookRent::of(&host);
    let mut redis = host.redis();
    let number: u64 = redis::cmd("INCR").arg("{bookrent}:log:head").query(&mut redis).unwrap();
    let _: String = redis::cmd("XADD")
        .arg(&["{bookrent}:log", &format!("{number}-0"), "t", "BookRented", "e", "{bad"])
        .query(&mut redis)
        .unwrap();
    for context in ["delivery", "view"] {
        eventually(SETTLING, || {
            let (status, body) = health(&shop, context, "ready");
            let reason = body["reason"].as_str().unwrap_or_default().to_owned();
            // Another try may be under way.
            if status == 503 && reason.contains("BookRented") {
                Ok(())
            } else {
                Err(body.to_string())
            }
        });
        assert_eq!(shop.info(context)["lag"], 1, "{context}");
    }
    for context in ["book", "rent"] {
        assert_eq!(health(&shop, context, "ready").0, 200, "{context}");
    }
}

#[test]
fn a_context_that_many_ask_while_it_works_is_ready_for_all_of_them() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    in_parallel(8, |i| {
        for n in 0..25 {
            if i == 0 {
                shop.rent(shop.register("asked about"), n + 1);
            } else {
                let context = CONTEXTS[(i + n as usize) % CONTEXTS.len()];
                assert_eq!(health(&shop, context, "ready"), (200, json!({"status": "UP"})));
            }
        }
    });
}

#[test]
fn info_tells_where_a_context_stands() {
    let host = Host::start();
    let shop = BookRent::of(&host);
    let rent = shop.rent(shop.register("told of"), 1);
    shop.cancel(rent);
    shop.settle();
    let heard = |context: &str| match context {
        "book" => json!(["DeliveryCancelled"]),
        "delivery" => json!(["BookRented", "BookCancelled"]),
        "view" => json!(["BookRented", "BookCancelled", "DeliveryStarted", "DeliveryCancelled"]),
        _ => json!([]),
    };
    let called = |context: &str| match context {
        "rent" => json!([{"target": "book", "state": "closed", "since": null, "calls": 1,
            "failed": 0, "retries": 0, "cutOff": 0}]),
        _ => json!([]),
    };
    for context in CONTEXTS {
        let mut info = shop.info(context);
        let version = info.as_object_mut().unwrap().remove("version");
        assert!(version.is_some_and(|v| v.as_str().is_some_and(|v| v.split('.').count() == 3)));
        assert_eq!(
            info,
            json!({
                "name": format!("bookrent-{context}"),
                "world": format!("madang:bookrent/{context}"),
                "subscriptions": heard(context),
                "cursor": 5, "lag": 0, "deadLetters": 0, "refusals": [],
                "breakers": called(context), "shed": 0,
            })
        );
    }
}

#[test]
fn a_view_says_how_far_it_is_behind() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    shop.rent(shop.register("followed"), 1);
    shop.settle();
    for path in
        ["/bookrent/views", "/bookrent/views/1", "/bookrent/views/search/findByUserId?userId=1"]
    {
        let answer = shop.client.get(path).expect(200);
        assert_eq!(answer.header("madang-lag"), Some("0"), "{answer}");
        assert_eq!(shop.client.head(path).header("madang-lag"), Some("0"));
    }
    assert_eq!(shop.client.get("/bookrent/books").expect(200).header("madang-lag"), None);
}

#[test]
fn a_get_on_a_view_catches_up_first() {
    let host = Host::start();
    let shop = BookRent::of(&host);
    for n in 1..=30 {
        let rent = shop.rent(shop.register("seen at once"), n);
        let path = format!("/bookrent/views/search/findByRentId?rentId={rent}");
        let answer = shop.client.get(&path).expect(200);
        if answer.header("madang-lag") == Some("0") {
            assert_eq!(answer.json()["_embedded"]["views"][0]["rentStatus"], "Rent", "{answer}");
        }
    }
}

#[test]
fn a_view_that_cannot_catch_up_answers_what_it_has_and_says_so() {
    let host = Host::builder().variable("max_attempts", "1000000").start();
    let shop = BookRent::of(&host);
    let rent = shop.rent(shop.register("before"), 1);
    shop.settle();
    let mut redis = host.redis();
    let number: u64 = redis::cmd("INCR").arg("{bookrent}:log:head").query(&mut redis).unwrap();
    let _: String = redis::cmd("XADD")
        .arg(&["{bookrent}:log", &format!("{number}-0"), "t", "BookRented", "e", "{bad"])
        .query(&mut redis)
        .unwrap();
    let path = format!("/bookrent/views/search/findByRentId?rentId={rent}");
    let answer = shop.client.get(&path).expect(200);
    assert_eq!(answer.header("madang-lag"), Some("1"), "{answer}");
    assert_eq!(answer.json()["_embedded"]["views"][0]["deliveryStatus"], "Delivery Started");
}
