//! Internal calls: the service token, what pay answers to class, and gift to point.

use super::SHARED;
use madang_testing::{Answer, Client, SERVICE_TOKEN, eventually, in_parallel};
use madang_tests::lecture::{CONTEXTS, Lecture};
use madang_tests::{SETTLING, errors, problem};
use serde_json::{Value, json};

const TAKE: &str = "/lecture/-/pay/take";
const TAKE_BACK: &str = "/lecture/-/pay/take-back";
const GIVE: &str = "/lecture/-/gift/give";

/// Classes of these tests, far from those that class makes.
const CLASS: u64 = 5_000_000_000;

/// The body of any of the calls.
fn body(class: u64) -> Value {
    json!({"classId": class, "courseId": 1, "fee": 10_000, "student": "internal",
        "textBook": "kor_book"})
}

/// Asks as class, or point, does.
fn ask(client: &Client, path: &str, class: u64) -> Answer {
    client.with("idempotency-key", format!("classes/{class}")).post(path, body(class))
}

#[test]
fn internal_paths_ask_for_the_service_token() {
    let host = SHARED.host();
    let lecture = Lecture::of(&host);
    for client in [
        lecture.client.clone(),
        lecture.client.with("authorization", "Bearer wrong"),
        lecture.client.with("authorization", SERVICE_TOKEN),
    ] {
        for path in [TAKE, TAKE_BACK, GIVE] {
            problem(&ask(&client, path, CLASS), 401, path);
        }
        for context in CONTEXTS {
            let letters = format!("/lecture/-/{context}/dead-letters");
            problem(&client.get(&letters), 401, &letters);
        }
        let messages = "/lecture/-/alert/dead-messages";
        problem(&client.get(messages), 401, messages);
    }
    for collection in ["payments", "gifts"] {
        assert_eq!(lecture.of_class(collection, CLASS), Value::Null);
    }
    for context in CONTEXTS {
        let letters = format!("/lecture/-/{context}/dead-letters");
        let _ = lecture.internal().get(&letters).expect(200);
    }
}

#[test]
fn a_fee_is_taken_once_and_taken_back_once_whoever_asks_however_often() {
    let host = SHARED.host();
    let lecture = Lecture::of(&host);
    let (internal, class) = (lecture.internal(), CLASS + 1);
    let taken = in_parallel(8, |_| ask(&internal, TAKE, class).expect(200).json());
    assert_eq!(taken, vec![json!(true); 8]);
    assert_eq!(lecture.of_class("payments", class)["status"], "CONFIRM");
    let _ = in_parallel(8, |_| ask(&internal, TAKE_BACK, class).expect(200));
    assert_eq!(lecture.of_class("payments", class)["status"], "CANCEL");
    assert_eq!(ask(&internal, TAKE, class).expect(200).json(), false);
    let told = lecture.told_of(class);
    for kind in ["PaymentApproved", "PaymentCanceled"] {
        assert_eq!(told.iter().filter(|told| *told == kind).count(), 1, "{told:?}");
    }
    // All that followed from the payment ends with it.
    eventually(SETTLING, || {
        let gift = lecture.of_class("gifts", class);
        if gift["status"] == "GIFT_CANCEL" { Ok(()) } else { Err(gift.to_string()) }
    });
}

#[test]
fn what_is_taken_back_first_is_never_taken() {
    let host = SHARED.host();
    let lecture = Lecture::of(&host);
    let (internal, class) = (lecture.internal(), CLASS + 2);
    for _ in 0..2 {
        let _ = ask(&internal, TAKE_BACK, class).expect(200);
        // A call that was on its way when it was undone comes too late.
        assert_eq!(ask(&internal, TAKE, class).expect(200).json(), false);
    }
    assert_eq!(lecture.of_class("payments", class), Value::Null);
    assert!(!lecture.all("payments").iter().any(|payment| payment["classId"] == class));
    assert_eq!(lecture.told_of(class), Vec::<String>::new());
}

#[test]
fn a_gift_is_given_once_however_often_it_is_asked_for() {
    let host = SHARED.host();
    let lecture = Lecture::of(&host);
    let (internal, class) = (lecture.internal(), CLASS + 3);
    let _ = in_parallel(8, |_| ask(&internal, GIVE, class).expect(200));
    let gift = lecture.of_class("gifts", class);
    assert_eq!((&gift["count"], &gift["status"]), (&json!(1), &json!("GIFT_GIVEN")));
    assert_eq!(lecture.told_of(class), ["GiftGiven"]);
}

#[test]
fn an_internal_call_needs_its_key_and_its_fields() {
    let host = SHARED.host();
    let lecture = Lecture::of(&host);
    let keyed = lecture.internal().with("idempotency-key", "bad");
    for path in [TAKE, TAKE_BACK, GIVE] {
        problem(&lecture.internal().post(path, body(CLASS + 4)), 400, path);
        let _ = lecture.internal().get(path).expect(405);
        for (property, value) in
            [("classId", json!("seven")), ("classId", json!(-1)), ("student", json!(null))]
        {
            let mut body = body(CLASS + 4);
            body[property] = value;
            assert_eq!(errors(&keyed.post(path, body), path)[0].1, property);
        }
    }
    for path in [TAKE, GIVE] {
        assert_eq!(errors(&keyed.post(path, body(0)), path)[0].1, "classId");
    }
    assert_eq!(lecture.told_of(CLASS + 4), Vec::<String>::new());
}
