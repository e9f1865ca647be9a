//! Injecting the vaccine.

use super::SHARED;
use madang_testing::in_parallel;
use madang_tests::kvaccine::{KVaccine, Person};
use madang_tests::{errors, problem};
use serde_json::{Value, json};

const INJECT: &str = "/kvaccine/hospital/inject";

#[test]
fn an_injection_is_told_and_all_follow() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    let (person, user) = kv.reserved();
    let vaccine = kv.of_user("hospitals", user)["vaccineType"].clone();
    let answer = kv.inject(user).expect(200);
    let injected = answer.json();
    let expected = json!({
        "id": injected["id"], "hospitalName": "Korean Hospital", "userId": user,
        "userName": person.name, "userRegNumber": person.masked(), "reserveDate": kv.day(),
        "injectDate": injected["injectDate"], "vaccineType": vaccine, "reserveStatus": "INJECT",
    });
    assert_eq!(injected, expected);
    kv.settle();
    assert_eq!(kv.statuses(user), ["INJECT"; 4].map(Value::from));
    for row in [kv.user(user), kv.of_user("dashboards", user)] {
        let told = (&row["injectDate"], &row["vaccineType"]);
        assert_eq!(told, (&injected["injectDate"], &vaccine), "{row}");
    }
}

#[test]
fn only_what_is_reserved_is_injected_and_once() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    let told = |user, status| problem(&kv.inject(user), status, INJECT)["detail"].clone();
    let nowhere = "there is no reservation of that user at the hospital";
    assert_eq!(told(999_999_999, 404), nowhere);
    assert_eq!(told(0, 404), nowhere);
    let (_, injected) = kv.reserved();
    let _ = kv.inject(injected).expect(200);
    assert_eq!(told(injected, 409), "the vaccine is injected already");
    let (person, canceled) = kv.reserved();
    kv.cancel(&person);
    kv.settle();
    assert_eq!(told(canceled, 409), "the reservation at the hospital is canceled");
}

#[test]
fn of_many_injections_at_once_one_is_done() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    let (_, user) = kv.reserved();
    let mut statuses = in_parallel(8, |_| kv.inject(user).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409]);
}

#[test]
fn who_is_injected_is_a_number() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    let number = Person::new().number;
    for value in [json!("one"), json!(-1), json!(1.5), json!(null), json!(number)] {
        let answer = kv.client.post(INJECT, json!({"userId": value}));
        let expected = ("Hospital".to_owned(), "userId".to_owned(), Value::Null);
        assert_eq!(errors(&answer, INJECT), [expected]);
    }
    assert_eq!(errors(&kv.client.post(INJECT, json!({})), INJECT)[0].1, "userId");
}
