//! The commands on courses.

use super::SHARED;
use madang_testing::log::without;
use madang_tests::lecture::{Lecture, offering};
use madang_tests::{errors, problem};
use serde_json::json;

const COURSES: &str = "/lecture/courses";

#[test]
fn a_course_is_registered_modified_and_deleted_and_each_is_told() {
    let host = SHARED.host();
    let lecture = Lecture::of(&host);
    let answer = lecture.client.post(COURSES, offering("korean")).expect(201);
    let path = answer.location();
    let mut expected = offering("korean");
    expected["id"] = answer.json()["id"].clone();
    assert_eq!(without(&answer.json(), &["_links"]), expected);
    assert_eq!(lecture.client.get(path).expect(200).json(), answer.json());
    assert!(lecture.all("courses").contains(&answer.json()));

    let put = lecture.client.put(path, offering("english")).expect(200).json();
    assert_eq!((&put["name"], &put["fee"]), (&json!("english"), &json!(10_000)));
    let patched = lecture.client.patch(path, json!({"fee": 12_000})).expect(200).json();
    assert_eq!((&patched["name"], &patched["fee"]), (&json!("english"), &json!(12_000)));
    // Nothing is another by it, so nobody is told.
    let _ = lecture.client.patch(path, json!({"fee": 12_000})).expect(200);
    let _ = lecture.client.delete(path).expect(204);
    let item = format!("{COURSES}/{}", expected["id"]);
    problem(&lecture.client.get(&item), 404, &item);
    problem(&lecture.client.delete(&item), 404, &item);
    problem(&lecture.client.put(&item, offering("again")), 404, &item);

    let log = lecture.log();
    let of_it = log.iter().filter(|entry| {
        entry.kind.starts_with("Course") && entry.event["data"]["id"] == expected["id"]
    });
    let told: Vec<_> = of_it
        .map(|e| (e.kind.as_str(), e.event["data"]["name"].clone(), e.number_of("fee")))
        .collect();
    let expected = [
        ("CourseRegistered", json!("korean"), 10_000),
        ("CourseModified", json!("english"), 10_000),
        ("CourseModified", json!("english"), 12_000),
        ("CourseDeleted", json!("english"), 12_000),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_fee_is_taken_as_text_too_and_is_a_number_from_then_on() {
    let host = SHARED.host();
    let lecture = Lecture::of(&host);
    let mut body = offering("english");
    body["fee"] = json!("20000");
    let answer = lecture.client.post(COURSES, body).expect(201);
    assert_eq!(answer.json()["fee"], 20_000);
    let patched = lecture.client.patch(answer.location(), json!({"fee": "0"})).expect(200).json();
    assert_eq!(patched["fee"], 0);
}

#[test]
fn what_is_no_course_is_refused_with_the_field_named() {
    let host = SHARED.host();
    let lecture = Lecture::of(&host);
    let course = format!("{COURSES}/{}", lecture.offer("stays"));
    for (property, value) in [
        ("name", json!("")),
        ("name", json!("가".repeat(201))),
        ("teacher", json!("")),
        ("teacher", json!(5)),
        ("fee", json!(-1)),
        ("fee", json!(1_000_000_001)),
        ("fee", json!("free")),
        ("fee", json!(0.5)),
        ("textBook", json!("")),
        ("textBook", json!("책".repeat(201))),
    ] {
        let mut body = offering("refused");
        body[property] = value.clone();
        let named = [("Course".to_owned(), property.to_owned(), value.clone())];
        assert_eq!(errors(&lecture.client.post(COURSES, body), COURSES), named);
        assert_eq!(
            errors(&lecture.client.patch(&course, json!({property: value})), &course),
            named
        );
    }
    for property in ["name", "teacher", "fee", "textBook"] {
        let body = without(&offering("refused"), &[property]);
        assert_eq!(errors(&lecture.client.post(COURSES, body), COURSES)[0].1, property);
    }
    assert_eq!(lecture.client.get(&course).expect(200).json()["name"], "stays");
    assert!(!lecture.all("courses").iter().any(|course| course["name"] == "refused"));
}
