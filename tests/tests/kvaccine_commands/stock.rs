//! What arrives at the vaccine stock, and what there is.

use super::SHARED;
use madang_testing::in_parallel;
use madang_tests::kvaccine::{self, KVaccine, Person};
use madang_tests::{errors, problem};
use serde_json::{Value, json};

const STOCKS: &str = "/kvaccine/vaccineStocks";

#[test]
fn what_arrives_is_written_down_and_counted() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    let sent = json!({"vaccineType": "Sputnik", "vaccineCount": 100});
    let answer = kv.client.post(STOCKS, sent).expect(201);
    let entry = answer.json();
    assert_eq!((&entry["vaccineType"], &entry["vaccineCount"]), (&json!("Sputnik"), &json!(100)));
    assert_eq!(entry["time"].as_str().map(str::len), Some("yyyy-MM-dd HH:mm:ss".len()), "{answer}");
    assert_eq!(kv.client.get(answer.location()).expect(200).json(), entry);
    assert_eq!(kv.stock("Sputnik"), 100);
    // httpie sends text.
    let text = json!({"vaccineType": "Sputnik", "vaccineCount": "11"});
    assert_eq!(kv.client.post(STOCKS, text).expect(201).json()["vaccineCount"], 11);
    assert_eq!(kv.stock("Sputnik"), 111);
    let _ = kv.client.delete(answer.location()).expect(405);
    let _ = kv.client.put(answer.location(), json!({})).expect(405);
}

#[test]
fn what_arrives_at_once_is_counted_all_the_same() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    in_parallel(8, |_| kv.arrive("Novavax", 5));
    assert_eq!(kv.stock("Novavax"), 40);
    let keyed = kv.client.with("idempotency-key", "arrives-once");
    let body = json!({"vaccineType": "Novavax", "vaccineCount": 7});
    let first = keyed.post(STOCKS, body.clone()).expect(201).json();
    assert_eq!(keyed.post(STOCKS, body).expect(201).json(), first);
    assert_eq!(kv.stock("Novavax"), 47);
}

#[test]
fn what_is_no_arrival_is_refused_with_the_field_named() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    for (property, value) in [
        ("vaccineType", json!("")),
        ("vaccineType", json!("백".repeat(51))),
        ("vaccineType", json!(5)),
        ("vaccineType", json!(null)),
        ("vaccineCount", json!(0)),
        ("vaccineCount", json!(-1)),
        ("vaccineCount", json!(1_000_000_001)),
        ("vaccineCount", json!(1.5)),
        ("vaccineCount", json!("many")),
        ("vaccineCount", json!(null)),
    ] {
        let mut body = json!({"vaccineType": "Refused", "vaccineCount": 1});
        body[property] = value;
        let named = errors(&kv.client.post(STOCKS, body), STOCKS);
        assert_eq!(
            (named.len(), named[0].0.as_str(), named[0].1.as_str()),
            (1, "VaccineStock", property)
        );
    }
    let balances = kv.client.get("/kvaccine/stock").expect(200).json();
    assert!(!balances.to_string().contains("Refused"), "{balances}");
    let _ = kv.client.post("/kvaccine/stock", json!({})).expect(405);
}

#[test]
fn each_vaccine_has_its_balance() {
    let types = "Pfizer, Moderna";
    let host = kvaccine::settings().variable("kvaccine_vaccine_types", types).start();
    let kv = KVaccine::of(&host);
    assert_eq!(kv.client.get("/kvaccine/stock").expect(200).json(), json!([]));
    kv.arrive("Pfizer", 30);
    kv.arrive("Moderna", 20);
    let users: Vec<_> = (0..12).map(|_| kv.reserve(&Person::new())).collect();
    kv.check();
    let chosen = |vaccine: &str| {
        let of_it = |row: &&Value| row["vaccineType"] == vaccine;
        kv.all("hospitals").iter().filter(of_it).count() as i64
    };
    let (pfizer, moderna) = (chosen("Pfizer"), chosen("Moderna"));
    assert_eq!(pfizer + moderna, users.len() as i64);
    let expected = json!([
        {"vaccineType": "Moderna", "vaccineCount": 20 - moderna},
        {"vaccineType": "Pfizer", "vaccineCount": 30 - pfizer},
    ]);
    assert_eq!(kv.client.get("/kvaccine/stock").expect(200).json(), expected);
}

#[test]
fn more_types_than_a_hospital_has_are_refused() {
    let host = kvaccine::settings().start();
    let kv = KVaccine::of(&host);
    in_parallel(4, |i| (0..25).for_each(|n| kv.arrive(&format!("type {i}.{n}"), 2)));
    let one_more = json!({"vaccineType": "one more", "vaccineCount": 2});
    problem(&kv.client.post(STOCKS, one_more), 409, STOCKS);
    kv.arrive("type 0.0", 2);
    kv.check();
    assert_eq!(kv.all("vaccineStocks").len(), 101);
}
