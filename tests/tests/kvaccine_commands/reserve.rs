//! Reserving a day.

use super::SHARED;
use madang_testing::in_parallel;
use madang_tests::kvaccine::{self, KVaccine, Person};
use madang_tests::{errors, problem};
use serde_json::{Value, json};

const RESERVE: &str = "/kvaccine/user/reserve";

/// Whether a text is a time as kvaccine tells it.
fn is_time(value: &Value) -> bool {
    let form = "yyyy-MM-dd HH:mm:ss";
    value.as_str().is_some_and(|text| {
        let fits =
            |(t, f): (char, char)| if f.is_alphabetic() { t.is_ascii_digit() } else { t == f };
        text.len() == form.len() && text.chars().zip(form.chars()).all(fits)
    })
}

#[test]
fn what_is_reserved_is_told_with_the_number_masked() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    let person = Person::new();
    let answer = kv.ask(&person, kv.day()).expect(200);
    let user = answer.json();
    let expected = json!({
        "id": user["id"], "userName": person.name, "userRegNumber": person.masked(),
        "reserveStatus": "RESERVE", "reserveDate": kv.day(), "modifyDate": user["modifyDate"],
        "injectDate": null, "vaccineType": null,
    });
    assert_eq!(user, expected);
    assert!(is_time(&user["modifyDate"]), "{answer}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    kv.settle();
    let id = user["id"].as_u64().unwrap();
    let found = kv.user(id);
    assert_eq!(found["_links"]["user"]["href"], format!("{}/kvaccine/users/{id}", host.url()));
    assert_eq!(kv.statuses(id), ["RESERVE"; 4].map(Value::from));
    let search = format!("/kvaccine/reservations/search/findByUserId?userId={id}");
    let by_user = kv.client.get(&search).expect(200).json();
    assert_eq!(by_user["_embedded"]["reservations"].as_array().map(Vec::len), Some(1));
}

#[test]
fn users_reservations_and_hospitals_are_read_only() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    let user = kv.reserve(&Person::new());
    for collection in ["users", "reservations", "hospitals"] {
        let path = format!("/kvaccine/{collection}");
        let _ = kv.client.post(&path, json!({})).expect(405);
        let _ = kv.client.delete(&format!("{path}/{user}")).expect(405);
        let _ = kv.client.patch(&format!("{path}/{user}"), json!({})).expect(405);
    }
}

#[test]
fn one_reservation_of_a_person_is_running() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    let person = Person::new();
    let first = kv.reserve(&person);
    for day in [kv.day(), &kv.days[6]] {
        let told = problem(&kv.ask(&person, day), 409, RESERVE)["detail"].clone();
        assert_eq!(told, "that person has a reservation already");
    }
    kv.cancel(&person);
    let second = kv.reserve(&person);
    assert!(second > first);
    kv.settle();
    assert_eq!(kv.statuses(first), ["CANCEL"; 4].map(Value::from));
    assert_eq!(kv.statuses(second), ["RESERVE"; 4].map(Value::from));
}

#[test]
fn who_was_rejected_may_reserve_another_day() {
    let host = kvaccine::settings().variable("kvaccine_daily_capacity", "1").start();
    let kv = KVaccine::with_capacity(&host, 1);
    let (first, late) = (Person::new(), Person::new());
    kv.reserve(&first);
    let rejected = kv.reserve(&late);
    kv.settle();
    let null = Value::Null;
    let reject = json!("REJECT");
    assert_eq!(kv.statuses(rejected), [reject.clone(), reject.clone(), null, reject]);
    let _ = kv.ask(&late, &kv.days[5]).expect(200);
    kv.check();
    // Nobody is rejected of a day that has a place again.
    kv.cancel(&first);
    kv.settle();
    let again = kv.reserve(&Person::new());
    kv.check();
    assert_eq!(kv.user(again)["reserveStatus"], "RESERVE");
}

#[test]
fn of_many_times_that_a_person_reserves_at_once_one_is_done() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    let person = Person::new();
    let mut statuses = in_parallel(16, |_| kv.ask(&person, kv.day()).status);
    statuses.sort_unstable();
    let mut expected = vec![409; 16];
    expected[0] = 200;
    assert_eq!(statuses, expected);
}

#[test]
fn what_is_no_reservation_is_refused_with_the_field_named_and_nothing_repeated() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    let person = Person::new();
    let whole = person.wants(kv.day());
    for (property, value) in [
        ("userName", json!("")),
        ("userName", json!("김".repeat(101))),
        ("userName", json!(890_309)),
        ("userName", json!(format!("Kim {}", person.number))),
        ("userRegNumber", json!("")),
        ("userRegNumber", json!("890230-2766876")),
        ("userRegNumber", json!("8903092766876")),
        ("userRegNumber", json!({"890309-2766876": 1})),
        ("reserveDate", json!("2020-01-01")),
        ("reserveDate", json!("2026-02-30")),
        ("reserveDate", json!("tomorrow")),
        ("reserveDate", json!(person.number)),
        ("reserveDate", json!(20_261_122)),
        ("reserveDate", json!(null)),
    ] {
        let mut body = whole.clone();
        body[property] = value;
        let answer = kv.client.post(RESERVE, body);
        let expected = ("User".to_owned(), property.to_owned(), Value::Null);
        assert_eq!(errors(&answer, RESERVE), [expected]);
    }
    for body in ["", "{", "[]", "7"] {
        problem(&kv.client.post(RESERVE, body), 400, RESERVE);
    }
    // None of them was stored: the person has no reservation yet.
    kv.reserve(&person);
}

#[test]
fn a_key_has_one_effect_and_one_answer() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    let person = Person::new();
    let keyed =
        kv.client.with("idempotency-key", format!("key of {}", person.name).replace(' ', "-"));
    let body = person.wants(kv.day());
    let first = keyed.post(RESERVE, body.clone()).expect(200).json();
    assert_eq!(keyed.post(RESERVE, body).expect(200).json(), first);
    let other = person.wants(&kv.days[5]);
    problem(&keyed.post(RESERVE, other), 422, RESERVE);
    let cancel = "/kvaccine/user/cancel";
    let cancelled = keyed.post(cancel, person.cancels()).expect(200).json();
    assert_eq!(keyed.post(cancel, person.cancels()).expect(200).json(), cancelled);
}

#[test]
fn without_a_secret_nobody_is_known_and_nothing_is_stored() {
    for key in ["", "31 bytes are not enough for it."] {
        let host = kvaccine::settings().variable("kvaccine_register_key", key).start();
        let kv = KVaccine::of(&host);
        let person = Person::new();
        problem(&kv.ask(&person, kv.day()), 500, RESERVE);
        let cancel = "/kvaccine/user/cancel";
        problem(&kv.ask_to_cancel(&person), 500, cancel);
        assert_eq!(kv.all("users"), Vec::<Value>::new());
        assert_eq!(kv.log(), []);
        let told = String::from_utf8_lossy(&kv.places().of("kvaccine-user")).into_owned();
        if host.has_faults() {
            assert!(
                told.contains("variable kvaccine_register_key has fewer than 32 bytes"),
                "{told}"
            );
        }
    }
}
