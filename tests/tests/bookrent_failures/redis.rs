//! Redis is killed and comes back.

use super::everything;
use madang_testing::{Backend, Body, Host, Redis, eventually};
use madang_tests::{BookRent, SETTLING, problem};
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// A host on a Redis that is the test's to kill; none where the backend does not outlive it. That
/// Redis has every write on disk before it answers.
fn host_on(redis: &Redis) -> Option<Host> {
    let host = Host::builder().redis_url(redis.url()).start();
    if !host.has_faults() {
        eprintln!("skipped: `spin up` ends when its Redis does");
        return None;
    }
    Some(host)
}

/// Waits until commands are carried out again.
fn await_recovery(shop: &BookRent) {
    eventually(SETTLING, || {
        ["book", "rent", "delivery", "view"].iter().try_for_each(|context| {
            let answer = shop.client.get(&format!("/bookrent/-/{context}/health/ready"));
            if answer.status == 200 { Ok(()) } else { Err(answer.to_string()) }
        })
    });
}

#[test]
fn without_redis_everything_is_503_until_it_is_back() {
    let mut redis = Redis::start();
    let Some(host) = host_on(&redis) else { return };
    let shop = BookRent::of(&host);
    let (book, other) = (shop.register("before"), shop.register("other"));
    let rent = shop.rent(book, 1);
    shop.check();
    let before = shop.log();
    redis.kill();
    let body = |json: serde_json::Value| Some(Body::from(json));
    for (method, path, body) in [
        ("GET", "/bookrent/books".to_owned(), None),
        ("GET", format!("/bookrent/books/{book}"), None),
        ("GET", "/bookrent/books?sort=title".to_owned(), None),
        ("POST", "/bookrent/books".to_owned(), body(json!({"title": "lost", "status": true}))),
        ("PUT", format!("/bookrent/books/{other}"), body(json!({"title": "lost", "status": true}))),
        ("DELETE", format!("/bookrent/books/{other}"), None),
        (
            "POST",
            "/bookrent/rents".to_owned(),
            body(json!({"bookId": other, "userId": 1, "address": "lost"})),
        ),
        ("PATCH", format!("/bookrent/rents/{rent}"), body(json!({"status": "Cancel"}))),
        ("GET", "/bookrent/deliveries".to_owned(), None),
        ("GET", "/bookrent/views".to_owned(), None),
    ] {
        let answer = shop.client.send(method, &path, body).unwrap();
        problem(&answer, 503, path.split('?').next().unwrap());
        assert!(answer.header("retry-after").is_some_and(|s| s.parse::<u32>().is_ok()), "{answer}");
    }
    redis.restart();
    await_recovery(&shop);
    shop.check();
    assert_eq!(shop.log(), before);
    shop.cancel(rent);
    shop.check();
}

#[test]
fn its_own_redis_is_started_again_with_all_that_it_held() {
    let mut host = Host::start();
    let shop = BookRent::of(&host);
    let rent = shop.rent(shop.register("held"), 1);
    shop.check();
    let before = (everything(&shop), shop.log());
    drop(shop);
    host.kill_redis();
    if !host.has_faults() {
        host.restart();
    }
    let shop = BookRent::of(&host);
    await_recovery(&shop);
    assert_eq!((everything(&shop), shop.log()), before);
    shop.cancel(rent);
    shop.check();
}

#[test]
fn a_host_that_starts_without_redis_waits_for_it() {
    if Backend::from_env() == Backend::Spin {
        return eprintln!("skipped: `spin up` does not start without its Redis");
    }
    let mut redis = Redis::start();
    redis.kill();
    let Some(host) = host_on(&redis) else { return };
    let shop = BookRent::of(&host);
    problem(&shop.client.get("/bookrent/books"), 503, "/bookrent/books");
    redis.restart();
    await_recovery(&shop);
    shop.rent(shop.register("after all"), 1);
    shop.check();
}

#[test]
fn what_was_acknowledged_is_there_when_redis_is_killed_under_load() {
    const CLIENTS: u64 = 4;
    const BEFORE: usize = 40;
    let mut redis = Redis::start();
    let Some(host) = host_on(&redis) else { return };
    let shop = BookRent::of(&host);
    let (acknowledged, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let rents = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (shop, acknowledged, stop) = (&shop, &acknowledged, &stop);
                scope.spawn(move || {
                    let mut rents = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        rents.extend(rent_and_cancel(shop, client));
                        acknowledged.fetch_add(1, Ordering::Relaxed);
                    }
                    rents
                })
            })
            .collect();
        let reach = |count: usize| {
            eventually(SETTLING, || {
                let so_far = acknowledged.load(Ordering::Relaxed);
                if so_far >= count { Ok(()) } else { Err(format!("{so_far} of {count}")) }
            });
        };
        for round in 1..=3 {
            reach(round * BEFORE);
            redis.kill();
            redis.restart();
        }
        reach(4 * BEFORE);
        stop.store(true, Ordering::Relaxed);
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect::<Vec<_>>()
    });
    await_recovery(&shop);
    shop.check();
    for (rent, status) in rents {
        assert_eq!(shop.rent_status(rent), status, "rent {rent}");
    }
}

/// What a client got acknowledged of a book, a rent and its cancel: the rent's id and last status. An
/// answer that is none, or a 5xx, acknowledges nothing.
fn rent_and_cancel(shop: &BookRent, client: u64) -> Option<(u64, &'static str)> {
    let send = |method: &str, path: &str, body| {
        let answer = shop.client.send(method, path, Some(Body::from(body))).ok()?;
        answer.is_success().then(|| answer.json())
    };
    let book = send("POST", "/bookrent/books", json!({"title": "t", "status": true}))?;
    let rent = json!({"bookId": book["id"], "userId": client + 1, "address": "a"});
    let rent = send("POST", "/bookrent/rents", rent)?;
    if rent["status"] != "Rent" {
        return None;
    }
    let id = rent["id"].as_u64()?;
    // One that may or may not have been cancelled says nothing.
    send("PATCH", &format!("/bookrent/rents/{id}"), json!({"status": "Cancel"}))?;
    Some((id, "Cancel"))
}
