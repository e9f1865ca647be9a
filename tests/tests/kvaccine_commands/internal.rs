//! Internal calls: the service token, and what reservation answers to user.

use super::SHARED;
use madang_testing::SERVICE_TOKEN;
use madang_tests::kvaccine::{CONTEXTS, KVaccine};
use madang_tests::{errors, problem};
use serde_json::json;

const DATE: &str = "/kvaccine/-/reservation/date";

#[test]
fn internal_paths_ask_for_the_service_token() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    let question = json!({"first": kv.days[0], "days": 10});
    for client in [kv.client.clone(), kv.client.with("authorization", SERVICE_TOKEN)] {
        let client = client.with("idempotency-key", "a-question");
        problem(&client.post(DATE, question.clone()), 401, DATE);
        for context in CONTEXTS {
            let letters = format!("/kvaccine/-/{context}/dead-letters");
            problem(&client.get(&letters), 401, &letters);
        }
    }
    for context in CONTEXTS {
        let _ = kv.internal().get(&format!("/kvaccine/-/{context}/dead-letters")).expect(200);
    }
}

#[test]
fn reservation_tells_the_days_that_it_is_asked_for() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    let internal = kv.internal().with("idempotency-key", "a-question");
    let asked = json!({"first": "2027-02-27", "days": 3});
    let days = internal.post(DATE, asked).expect(200).json();
    let day = |date: &str| json!({"date": date, "count": 1000});
    assert_eq!(days, json!([day("2027-02-27"), day("2027-02-28"), day("2027-03-01")]));
    for (property, value) in [
        ("first", json!("2027-02-29")),
        ("first", json!(7)),
        ("days", json!(0)),
        ("days", json!(32)),
        ("days", json!(-1)),
        ("days", json!(70_000)),
    ] {
        let mut body = json!({"first": "2027-02-27", "days": 3});
        body[property] = value;
        assert_eq!(errors(&internal.post(DATE, body), DATE)[0].1, property);
    }
    problem(&kv.internal().post(DATE, json!({})), 400, DATE);
}
