//! The commands on classes.

use super::SHARED;
use madang_testing::log::without;
use madang_testing::{eventually, in_parallel};
use madang_tests::lecture::{CLASSES, Lecture, asking};
use madang_tests::{SETTLING, errors, problem};
use serde_json::json;

fn is_listed(lecture: &Lecture, class: u64) -> bool {
    lecture.all("classes").iter().any(|listed| listed["id"] == class)
}

#[test]
fn a_class_is_registered_once_its_fee_is_taken() {
    let host = SHARED.host();
    let lecture = Lecture::of(&host);
    let answer = lecture.ask("one", 10_000).expect(201);
    let class = answer.json()["id"].as_u64().unwrap();
    let links = &answer.json()["_links"];
    assert_eq!(links["self"]["href"], answer.location());
    assert_eq!(links["class"]["href"], answer.location());
    let mut expected = asking("one", 10_000);
    (expected["id"], expected["status"]) = (json!(class), json!("CLASS_REGISTERED"));
    assert_eq!(without(&answer.json(), &["_links"]), expected);
    assert_eq!(lecture.of_class("classes", class), answer.json());
    assert!(is_listed(&lecture, class));
    // Nobody has to wait for that.
    let payment = lecture.of_class("payments", class);
    let paid = json!({"id": class, "classId": class, "courseId": 1, "fee": 10_000,
        "student": "one", "status": "CONFIRM"});
    assert_eq!(without(&payment, &["_links"]), paid);
}

#[test]
fn numbers_are_taken_as_text_too_as_the_seed_sends_them() {
    let host = SHARED.host();
    let lecture = Lecture::of(&host);
    let mut body = asking("gil-dong", 0);
    (body["courseId"], body["fee"]) = (json!("3"), json!("10000"));
    let class = lecture.client.post(CLASSES, body).expect(201).json();
    assert_eq!((&class["courseId"], &class["fee"]), (&json!(3), &json!(10_000)));
}

#[test]
fn what_is_no_class_is_refused_with_the_field_named() {
    let host = SHARED.host();
    let lecture = Lecture::of(&host);
    for (property, value) in [
        ("courseId", json!(0)),
        ("courseId", json!("")),
        ("courseId", json!(-1)),
        ("fee", json!(-1)),
        ("fee", json!("much")),
        ("fee", json!(1_000_000_001)),
        ("student", json!("")),
        ("student", json!("가".repeat(101))),
        ("student", json!(null)),
        ("textBook", json!("")),
        ("textBook", json!("책".repeat(201))),
    ] {
        let mut body = asking("refused", 1);
        body[property] = value.clone();
        let expected = ("Class".to_owned(), property.to_owned(), value);
        assert_eq!(errors(&lecture.client.post(CLASSES, body), CLASSES), [expected]);
    }
    for property in ["courseId", "fee", "student", "textBook"] {
        let body = without(&asking("refused", 1), &[property]);
        assert_eq!(errors(&lecture.client.post(CLASSES, body), CLASSES)[0].1, property);
    }
    for collection in ["classes", "payments"] {
        assert!(!lecture.all(collection).iter().any(|row| row["student"] == "refused"));
    }
}

#[test]
fn a_canceled_class_leaves_the_collection_and_is_found_by_its_id() {
    let host = SHARED.host();
    let lecture = Lecture::of(&host);
    let class = lecture.register("changes-his-mind", 10_000);
    lecture.cancel(class);
    assert!(!is_listed(&lecture, class));
    assert_eq!(lecture.of_class("classes", class)["status"], "CLASS_CANCEL");
    eventually(SETTLING, || {
        let gift = lecture.of_class("gifts", class);
        if gift["status"] == "GIFT_CANCEL" { Ok(()) } else { Err(gift.to_string()) }
    });
    let row = |collection, field: &str| lecture.of_class(collection, class)[field].clone();
    assert_eq!(row("payments", "status"), "CANCEL");
    assert_eq!(
        (row("points", "status"), row("points", "point")),
        (json!("POINT_CANCEL"), json!(0))
    );
    assert_eq!(row("gifts", "count"), 0);
    let canceled = || (row("deliveries", "status") == "DELIVERY_CANCEL").then_some(());
    eventually(SETTLING, canceled);
}

#[test]
fn of_many_who_cancel_at_once_or_again_all_are_told_and_one_is_the_cause() {
    let host = SHARED.host();
    let lecture = Lecture::of(&host);
    let class = lecture.register("impatient", 10_000);
    let path = format!("{CLASSES}/{class}");
    assert_eq!(in_parallel(12, |_| lecture.client.delete(&path).status), [204; 12]);
    let etag = lecture.client.get(&path).expect(200).header("etag").map(str::to_owned);
    lecture.cancel(class);
    assert_eq!(lecture.client.get(&path).expect(200).header("etag"), etag.as_deref());
    let told = lecture.told_of(class);
    assert_eq!(told.iter().filter(|kind| *kind == "ClassCanceled").count(), 1, "{told:?}");
}

#[test]
fn what_was_never_registered_is_not_canceled_and_what_is_registered_is_not_changed() {
    let host = SHARED.host();
    let lecture = Lecture::of(&host);
    let nowhere = format!("{CLASSES}/999999999");
    problem(&lecture.client.delete(&nowhere), 404, &nowhere);
    let path = format!("{CLASSES}/{}", lecture.register("steady", 1));
    for answer in [
        lecture.client.patch(&path, json!({"fee": 2})),
        lecture.client.put(&path, asking("another", 1)),
    ] {
        problem(&answer, 405, &path);
        assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS, DELETE"), "{answer}");
    }
}

#[test]
fn an_idempotency_key_registers_once() {
    let host = SHARED.host();
    let lecture = Lecture::of(&host);
    let keyed = lecture.client.with("idempotency-key", "class-once");
    let first = keyed.post(CLASSES, asking("twice", 5_000)).expect(201);
    assert_eq!(keyed.post(CLASSES, asking("twice", 5_000)).expect(201).json(), first.json());
    problem(&keyed.post(CLASSES, asking("twice", 6_000)), 422, CLASSES);
    let of_it = |collection| {
        let rows = lecture.all(collection).into_iter();
        rows.filter(|row| row["student"] == "twice").count()
    };
    assert_eq!((of_it("classes"), of_it("payments")), (1, 1));
}

#[test]
fn many_classes_at_once_are_all_registered_and_paid() {
    let host = SHARED.host();
    let lecture = Lecture::of(&host);
    let mut classes =
        in_parallel(24, |i| lecture.register(&format!("crowd-{i}"), 1_000 + i as u64));
    classes.sort_unstable();
    classes.dedup();
    assert_eq!(classes.len(), 24);
    for class in classes {
        let (class, payment) =
            (lecture.of_class("classes", class), lecture.of_class("payments", class));
        assert_eq!(payment["status"], "CONFIRM");
        assert_eq!((&payment["student"], &payment["fee"]), (&class["student"], &class["fee"]));
    }
}
