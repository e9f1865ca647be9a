//! That nothing untrue gets past the check.

use super::*;
use serde_json::json;

const DAY: &str = "2026-11-22";

fn entry(number: u64, kind: &str, user: u64, fields: Value) -> Entry {
    let mut data = json!({"userId": user, "userName": "Kim", "userRegNumber": "890309-2******",
        "reserveDate": DAY});
    if kind.starts_with("User") {
        data = json!({"id": user, "userName": "Kim", "userRegNumber": "890309-2******",
            "reserveDate": DAY, "modifyDate": "then"});
    }
    for (name, value) in fields.as_object().unwrap() {
        data[name] = value.clone();
    }
    let event = json!({"id": number.to_string(), "source": "/test", "data": data});
    Entry { number, kind: kind.to_owned(), text: event.to_string(), event }
}

fn standing(kind: &str, number: u64, user: u64, status: &str) -> Entry {
    entry(number, kind, user, json!({"reserveStatus": status}))
}

fn at_hospital(kind: &str, number: u64, user: u64, status: &str) -> Entry {
    let inject_date = if status == "INJECT" { json!("noon") } else { Value::Null };
    let fields =
        json!({"reserveStatus": status, "vaccineType": "Pfizer", "injectDate": inject_date});
    entry(number, kind, user, fields)
}

fn data(entry: &Entry) -> Value {
    entry.event["data"].clone()
}

fn row(user: u64, status: &str, extra: Value) -> Value {
    let mut row = json!({"userId": user, "userName": "Kim", "userRegNumber": "890309-2******",
        "reserveStatus": status, "reserveDate": DAY, "cancelDate": null, "injectDate": null,
        "vaccineType": null});
    for (name, value) in extra.as_object().unwrap() {
        row[name] = value.clone();
    }
    row
}

/// One who is injected, one who has cancelled, one who was rejected.
fn settled() -> Truth {
    let mut freed = standing("ReservationCancelled", 9, 2, "CANCEL");
    freed.event["data"]["cancelDate"] = json!("then");
    let log = vec![
        standing("UserReservationRequested", 1, 1, "RESERVE"),
        standing("ReservationRequested", 2, 1, "RESERVE"),
        at_hospital("HospitalReservationReceived", 3, 1, "RESERVE"),
        standing("UserReservationRequested", 4, 2, "RESERVE"),
        standing("ReservationRequested", 5, 2, "RESERVE"),
        at_hospital("HospitalReservationReceived", 6, 2, "RESERVE"),
        at_hospital("VaccineInjected", 7, 1, "INJECT"),
        standing("UserReservationCancelled", 8, 2, "CANCEL"),
        freed,
        at_hospital("HospitalReservationCancelled", 10, 2, "CANCEL"),
        standing("UserReservationRequested", 11, 3, "RESERVE"),
        standing("ReservationRejected", 12, 3, "REJECT"),
    ];
    let mut injected = data(&log[0]);
    for (name, value) in [("reserveStatus", "INJECT"), ("vaccineType", "Pfizer")] {
        injected[name] = json!(value);
    }
    injected["injectDate"] = json!("noon");
    injected["modifyDate"] = json!("noon");
    let mut rejected = data(&log[10]);
    rejected["reserveStatus"] = json!("REJECT");
    let mut used = data(&log[1]);
    used["reserveStatus"] = json!("INJECT");
    let stock = |count: i64| json!({"vaccineType": "Pfizer", "vaccineCount": count});
    Truth {
        users: vec![injected, data(&log[7]), rejected],
        running: vec![1],
        reservations: vec![used, data(&log[8]), data(&log[11])],
        hospitals: vec![data(&log[6]), data(&log[9])],
        ledger: [10, -1, -1, 1].map(stock).into(),
        stock: vec![stock(9)],
        rows: vec![
            row(1, "INJECT", json!({"injectDate": "noon", "vaccineType": "Pfizer"})),
            row(2, "CANCEL", json!({"cancelDate": "then", "vaccineType": "Pfizer"})),
            row(3, "REJECT", json!({})),
        ],
        left: vec![json!({"date": DAY, "count": 0}), json!({"date": "2026-11-23", "count": 1})],
        capacity: 1,
        dead_letters: 0,
        log,
    }
}

#[test]
fn what_agrees_is_no_contradiction() {
    assert_eq!(settled().contradictions(), Vec::<String>::new());
}

type Change = fn(&mut Truth);

#[test]
fn each_thing_that_is_not_true_is_found() {
    let changes: [(&str, Change); 24] = [
        ("the log has 13 where 12", |t| t.log[11].number = 13),
        ("a second VaccineInjected of user 1", |t| {
            t.log.push(at_hospital("VaccineInjected", 13, 1, "INJECT"));
        }),
        ("user 3 was not told", |t| drop(t.log.pop())),
        ("user 2 was not told", |t| drop(t.log.remove(9))),
        ("user 1 was not told", |t| t.log[6].number = 1),
        ("user 2 was not told", |t| t.log[5].number = 11),
        ("user {", |t| t.users[0]["reserveStatus"] = json!("RESERVE")),
        ("user {", |t| t.users[2]["modifyDate"] = Value::Null),
        ("no user of user 2", |t| drop(t.users.remove(1))),
        ("a user that nobody told of", |t| t.users.push(json!({"id": 4}))),
        ("reservation {", |t| t.reservations[1]["cancelDate"] = json!("now")),
        ("no hospital of user 2", |t| drop(t.hospitals.pop())),
        ("a hospital that nobody told of", |t| t.hospitals.push(t.hospitals[0].clone())),
        ("row {", |t| t.rows[1]["vaccineType"] = Value::Null),
        ("two people share a user", |t| t.running.push(1)),
        ("who is running: {", |t| t.running.push(2)),
        ("somebody is running who is no user", |t| t.running.push(9)),
        ("has 2, over its capacity", |t| t.reservations[2]["reserveStatus"] = json!("RESERVE")),
        ("is left, and 1 are taken", |t| t.left[0]["count"] = json!(1)),
        ("is left, and 0 are taken", |t| t.left[1]["count"] = json!(0)),
        ("there are 9 of Pfizer", |t| {
            t.ledger.extend([
                json!({"vaccineType": "Pfizer",
            "vaccineCount": 1}),
                json!({"vaccineType": "Pfizer", "vaccineCount": -1}),
            ])
        }),
        ("there are 8 of Pfizer", |t| t.stock[0]["vaccineCount"] = json!(8)),
        ("the stock has others", |t| {
            t.stock.push(json!({"vaccineType": "Water",
            "vaccineCount": 0}))
        }),
        ("in the clear", |t| t.rows[0]["userRegNumber"] = json!("890309-2766876")),
    ];
    for (expected, change) in changes {
        let mut truth = settled();
        change(&mut truth);
        let wrong = truth.contradictions().join("\n");
        assert!(wrong.contains(expected), "{expected:?} is not in {wrong:?}");
    }
}

#[test]
fn a_leak_is_found_in_either_spelling_and_named() {
    let mut places = Places::default();
    places.add("a".to_owned(), b"x890309-2766876y".to_vec());
    places.add("b".to_owned(), b"\0\x018903092766876".to_vec());
    places.add("c".to_owned(), b"890309-2****** 1234567890123".to_vec());
    let found = places.holding(&["890309-2766876".to_owned()]);
    assert_eq!(found, ["890309-2766876 in a", "8903092766876 in b"]);
    assert!(Places::holds_a_number("a 890309-2766876"));
    assert!(!Places::holds_a_number("a 890309-2******, 2026-11-22 12:00:00, 12345-1234567"));
}
