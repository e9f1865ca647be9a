//! Versions: `ETag`, `If-Match`, `If-None-Match`, and writers that collide.

use super::SHARED;
use madang_testing::{Answer, in_parallel};
use madang_tests::{BookRent, problem};
use serde_json::json;

fn etag(answer: &Answer) -> String {
    let etag = answer.header("etag").unwrap_or_else(|| panic!("no ETag\n{answer}"));
    assert!(etag.len() > 2 && etag.starts_with('"') && etag.ends_with('"'), "{answer}");
    etag.to_owned()
}

#[test]
fn every_change_has_an_etag_of_its_own() {
    let host = SHARED.host();
    let client = host.client();
    let made = client.post("/bookrent/books", json!({"title": "a", "status": true})).expect(201);
    let path = made.location();
    assert_eq!(etag(&client.get(path).expect(200)), etag(&made));
    let patched = client.patch(path, json!({"title": "b"})).expect(200);
    assert_ne!(etag(&patched), etag(&made));
    let put = client.put(path, json!({"title": "c", "status": true})).expect(200);
    assert!(![etag(&made), etag(&patched)].contains(&etag(&put)));
    assert_eq!(etag(&client.get(path).expect(200)), etag(&put));
}

#[test]
fn a_stale_if_match_is_412_and_changes_nothing() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let path = format!("/bookrent/books/{}", shop.register("first"));
    let stale = shop.client.with("if-match", etag(&shop.client.get(&path).expect(200)));
    let current = etag(&shop.client.patch(&path, json!({"title": "second"})).expect(200));
    problem(&stale.patch(&path, json!({"title": "lost"})), 412, &path);
    problem(&stale.put(&path, json!({"title": "lost", "status": true})), 412, &path);
    problem(&stale.delete(&path), 412, &path);
    let found = shop.client.get(&path).expect(200);
    assert_eq!((found.json()["title"].as_str(), etag(&found)), (Some("second"), current.clone()));

    let fresh = shop.client.with("if-match", format!("\"other\", {current}"));
    let changed = fresh.patch(&path, json!({"title": "third"})).expect(200);
    assert_eq!(changed.json()["title"], "third");
    let _ = shop.client.with("if-match", "*").delete(&path).expect(204);
}

#[test]
fn an_if_none_match_that_matches_is_304_without_a_body() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let rent = shop.rent(shop.register("cached"), 1);
    shop.settle();
    let (view, delivery) = (&shop.view_of(rent)["id"], &shop.deliveries_of(rent)[0]["id"]);
    for path in [
        format!("/bookrent/rents/{rent}"),
        format!("/bookrent/views/{view}"),
        format!("/bookrent/deliveries/{delivery}"),
    ] {
        let current = etag(&shop.client.get(&path).expect(200));
        for known in
            [current.clone(), format!("W/{current}"), format!("\"x\", {current}"), "*".into()]
        {
            let answer = shop.client.with("if-none-match", known).get(&path).expect(304);
            assert!(answer.body.is_empty(), "{answer}");
            assert_eq!(etag(&answer), current);
        }
        let _ = shop.client.with("if-none-match", "\"other\"").get(&path).expect(200);
    }
    // Once it has changed, what was known is known no more.
    let rents = format!("/bookrent/rents/{rent}");
    let knowing = shop.client.with("if-none-match", etag(&shop.client.get(&rents).expect(200)));
    shop.cancel(rent);
    assert_eq!(knowing.get(&rents).expect(200).json()["status"], "Cancel");
}

#[test]
fn of_writers_that_know_the_same_version_one_wins() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let path = format!("/bookrent/books/{}", shop.register("start"));
    let client = shop.client.with("if-match", etag(&shop.client.get(&path).expect(200)));
    let answers = in_parallel(20, |i| client.patch(&path, json!({"title": format!("by {i}")})));
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(won.len(), 1, "{} writers won", won.len());
    for lost in answers.iter().filter(|answer| answer.status != 200) {
        problem(lost, 412, &path);
    }
    let found = shop.client.get(&path).expect(200).json();
    assert_eq!(found["title"], won[0].json()["title"]);
}

#[test]
fn writers_that_know_no_version_collide_without_losing_an_update() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let path = format!("/bookrent/books/{}", shop.register("start"));
    let first = etag(&shop.client.get(&path).expect(200));
    let client = &shop.client;
    let answers = in_parallel(30, |i| client.patch(&path, json!({"title": format!("by {i}")})));
    let (changed, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.status == 200);
    for answer in refused {
        problem(answer, 409, &path);
    }
    assert!(!changed.is_empty());
    // Each change led to a version of its own, and each answer shows the change that it made.
    let mut versions: Vec<_> = changed.iter().map(|answer| etag(answer)).collect();
    versions.sort();
    versions.dedup();
    assert_eq!(versions.len(), changed.len(), "two writers made one version");
    assert!(!versions.contains(&first));
    for (i, answer) in answers.iter().enumerate().filter(|(_, answer)| answer.status == 200) {
        assert_eq!(answer.json()["title"], format!("by {i}"), "{answer}");
    }
    let found = client.get(&path).expect(200);
    let last =
        changed.iter().find(|answer| etag(answer) == etag(&found)).expect("nobody's version");
    assert_eq!(found.json(), last.json());
}
