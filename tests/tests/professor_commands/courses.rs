//! The commands on courses.

use super::SHARED;
use madang_testing::{eventually, in_parallel};
use madang_tests::professor::{Professor, korean};
use madang_tests::{SETTLING, errors, problem};
use serde_json::{Value, json};

const COURSES: &str = "/professor/courseManagements";

#[test]
fn the_seeds_course_is_registered_and_found_by_its_number() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let body = json!({"courseNo": "700000001", "title": "국어", "courseInfo": "국어과목",
        "dueDate": "2021-07-01"});
    let answer = system.client.post(COURSES, body).expect(201);
    let mut course = answer.json();
    let links = course.as_object_mut().unwrap().remove("_links").unwrap();
    assert_eq!(links["self"]["href"], answer.location());
    assert_eq!(links["courseManagement"]["href"], answer.location());
    assert_eq!(
        course,
        json!({"id": course["id"], "courseNo": 700_000_001, "title": "국어",
            "dueDate": "2021-07-01", "courseInfo": "국어과목", "successFlag": null,
            "professorNo": null, "professorNm": null, "phoneNumber": null})
    );
    let found = |number: u64| {
        let search = format!("{COURSES}/search/findByCourseNo?courseNo={number}");
        let page = system.client.get(&search).expect(200).json();
        page["_embedded"]["courseManagements"].as_array().unwrap().len()
    };
    assert_eq!((found(700_000_001), found(999_999_999)), (1, 0));
}

#[test]
fn a_number_in_use_is_refused_until_its_course_is_canceled() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let course = system.register();
    problem(&system.client.post(COURSES, korean(course.number)), 409, COURSES);
    let _ = system.client.delete(&course.path()).expect(204);
    problem(&system.client.get(&course.path()), 404, &course.path());
    problem(&system.client.delete(&course.path()), 404, &course.path());
    let _ = system.client.post(COURSES, korean(course.number)).expect(201);
}

#[test]
fn of_many_who_register_one_number_at_once_one_does() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let mut statuses = in_parallel(16, |_| system.client.post(COURSES, korean(700_000_002)).status);
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (201, &[409; 15][..]));
}

#[test]
fn what_is_no_course_is_refused_with_the_field_named() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let course = system.register();
    for (property, value) in [
        ("courseNo", json!(0)),
        ("courseNo", json!("eleven")),
        ("courseNo", json!(-1)),
        ("courseNo", json!(u64::MAX)),
        ("courseNo", json!(null)),
        ("title", json!("")),
        ("title", json!("막".repeat(201))),
        ("title", json!(5)),
        ("courseInfo", json!("막".repeat(2001))),
        ("dueDate", json!("2021-02-29")),
        ("dueDate", json!("2021-7-1")),
        ("dueDate", json!(20_210_701)),
    ] {
        let mut body = korean(700_000_003);
        body[property] = value.clone();
        let expected = [("CourseManagement".to_owned(), property.to_owned(), value)];
        assert_eq!(errors(&system.client.post(COURSES, body.clone()), COURSES), expected);
        if property != "courseNo" {
            body["courseNo"] = json!(course.number);
            let put = system.client.put(&course.path(), body);
            assert_eq!(errors(&put, &course.path()), expected);
        }
    }
    for property in ["courseNo", "title", "courseInfo", "dueDate"] {
        let mut body = korean(700_000_003);
        body.as_object_mut().unwrap().remove(property);
        assert_eq!(errors(&system.client.post(COURSES, body), COURSES)[0].1, property);
    }
    assert_eq!(system.client.get(&course.path()).expect(200).json()["title"], "국어");
}

#[test]
fn what_a_course_is_about_is_changed_and_told_once() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let course = system.register();
    let patch = json!({"title": "국문학", "dueDate": "2021-08-01"});
    for _ in 0..2 {
        let changed = system.client.patch(&course.path(), patch.clone()).expect(200).json();
        assert_eq!(
            (&changed["title"], &changed["courseInfo"]),
            (&json!("국문학"), &json!("국어과목"))
        );
    }
    let put = json!({"title": "국어", "courseInfo": "", "dueDate": "2021-08-01"});
    let changed = system.client.put(&course.path(), put).expect(200).json();
    assert_eq!((&changed["courseNo"], &changed["courseInfo"]), (&json!(course.number), &json!("")));
    let log = system.log();
    let told = log.iter().filter(|e| e.number_of("courseNo") == course.number);
    let kinds: Vec<_> = told.map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, ["CourseRegisted", "CourseModified", "CourseModified"]);
}

#[test]
fn the_number_and_the_professor_of_a_course_cannot_be_set() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let (course, evaluation) = system.candidate(3201);
    let check = |own: &[(&str, Value)]| {
        for (property, value) in [
            ("courseNo", json!(999_999_998)),
            ("successFlag", json!(false)),
            ("professorNo", json!(3202)),
            ("professorNm", json!("P3202")),
            ("phoneNumber", json!("1")),
        ] {
            let answer = system.client.patch(&course.path(), json!({property: value}));
            let expected = ("CourseManagement".to_owned(), property.to_owned(), value);
            assert_eq!(errors(&answer, &course.path()), [expected]);
        }
        // What it has may be sent along, as a client does that sends all it has got.
        let mut whole = korean(course.number);
        own.iter().for_each(|(property, value)| whole[*property] = value.clone());
        let _ = system.client.put(&course.path(), whole).expect(200);
    };
    check(&[]);
    let _ = system.confirm(&evaluation, 85).expect(200);
    check(&[
        ("successFlag", json!("true")),
        ("professorNo", json!("3201")),
        ("professorNm", json!("P3201")),
        ("phoneNumber", json!("000-0000-3201")),
    ]);
    let told = system.log();
    let told = told.iter().filter(|e| e.number_of("courseNo") == course.number);
    assert!(!told.map(|entry| &entry.kind).any(|kind| kind == "CourseModified"));
}

#[test]
fn with_its_course_all_that_was_applied_for_is_canceled() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let (course, evaluation) = system.candidate(3301);
    system.apply(course, 3302);
    let _ = system.evaluation(course, 3302);
    let _ = system.client.delete(&course.path()).expect(204);
    eventually(SETTLING, || {
        let is_canceled = |professor| system.status(course, professor) == "Canceled";
        let is_gone = system.client.get(&evaluation).status == 404;
        (is_canceled(3301) && is_canceled(3302) && is_gone).then_some(())
    });
    assert_eq!(system.numbered("professorApplyments", course), Vec::<Value>::new());
    eventually(SETTLING, || {
        let last = |professor| system.sent_to(professor).pop();
        let canceled = Some(json!("교수 신청이 취소 되었습니다."));
        (last(3301) == canceled && last(3302) == canceled).then_some(())
    });
}
