//! The commands on notices.

use super::SHARED;
use madang_testing::{eventually, in_parallel};
use madang_tests::professor::{Course, Professor, applying};
use madang_tests::{SETTLING, errors, problem};
use serde_json::{Value, json};

const NOTICES: &str = "/professor/professorApplyments";

/// The kinds of what was told of applications for a course.
fn told(system: &Professor, course: Course) -> Vec<(String, u64)> {
    let log = system.log().into_iter();
    let of_it = log.filter(|entry| entry.number_of("courseNo") == course.number);
    let of_it =
        of_it.filter(|entry| entry.kind.starts_with("Professor") || entry.kind.starts_with("App"));
    of_it.map(|entry| (entry.kind.clone(), entry.number_of("professorNo"))).collect()
}

fn applyed(professor: u64) -> (String, u64) {
    ("ProfessorApplyed".to_owned(), professor)
}

#[test]
fn a_registered_course_has_a_notice_without_a_professor() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let course = system.register();
    let path = system.notice(course);
    let mut notice = system.client.get(&path).expect(200).json();
    let links = notice.as_object_mut().unwrap().remove("_links").unwrap();
    assert_eq!(links["professorApplyment"]["href"], format!("{}{path}", host.url()));
    assert_eq!(
        notice,
        json!({"id": notice["id"], "courseNo": course.number, "professorNo": null,
            "professorNm": null, "professorSpec": null, "career": null, "age": null,
            "phoneNumber": null})
    );
    assert_eq!(told(&system, course), []);
}

#[test]
fn the_seeds_professor_applies_and_is_evaluated_and_written_to() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let course = system.register();
    let path = system.notice(course);
    let applied = system.client.patch(&path, applying(4201)).expect(200).json();
    for (field, value) in [
        ("courseNo", json!(course.number)),
        ("professorNo", json!(4201)),
        ("professorNm", json!("P4201")),
        ("phoneNumber", json!("000-0000-4201")),
        ("age", json!(40)),
        ("career", json!("15")),
        ("professorSpec", json!("TEST")),
    ] {
        assert_eq!(applied[field], value, "{field}");
    }
    let evaluation = system.client.get(&system.evaluation(course, 4201)).expect(200).json();
    let fields = (&evaluation["professorNm"], &evaluation["phoneNumber"], &evaluation["score"]);
    assert_eq!(fields, (&json!("P4201"), &json!("000-0000-4201"), &json!(null)));
    eventually(SETTLING, || (system.status(course, 4201) == "Applyed").then_some(()));
    eventually(SETTLING, || {
        (system.sent_to(4201) == ["교수 신청이 등록 되었습니다."]).then_some(())
    });
}

#[test]
fn the_notice_shows_the_last_and_each_professor_is_evaluated() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let course = system.register();
    for professor in [4301, 4302] {
        system.apply(course, professor);
        let notice = system.numbered("professorApplyments", course).remove(0);
        assert_eq!(notice["professorNo"], professor);
    }
    // Once more, with the same: the last, and nothing new.
    system.apply(course, 4301);
    assert_eq!(system.numbered("professorApplyments", course)[0]["professorNo"], 4301);
    assert_eq!(told(&system, course), [applyed(4301), applyed(4302)]);
    assert_ne!(system.evaluation(course, 4301), system.evaluation(course, 4302));
}

#[test]
fn one_application_changes_and_another_inherits_nothing() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let course = system.register();
    let path = system.notice(course);
    system.apply(course, 4401);
    let older = system.client.patch(&path, json!({"age": 41})).expect(200).json();
    assert_eq!((&older["age"], &older["professorNo"]), (&json!(41), &json!(4401)));
    let plain = json!({"professorNo": 4402, "professorNm": "P4402", "phoneNumber": "1"});
    let other = system.client.patch(&path, plain).expect(200).json();
    assert_eq!((&other["age"], &other["career"]), (&json!(null), &json!(null)));
    let nameless = system.client.patch(&path, json!({"professorNo": 4403, "professorNm": "P"}));
    assert_eq!(errors(&nameless, &path)[0].1, "phoneNumber");
    // A PUT is whole.
    let put = json!({"professorNo": 4401, "professorNm": "P4401", "phoneNumber": "2"});
    let put = system.client.put(&path, put).expect(200).json();
    assert_eq!((&put["age"], &put["phoneNumber"]), (&json!(null), &json!("2")));
    let evaluation = system.evaluation(course, 4401);
    eventually(SETTLING, || {
        (system.client.get(&evaluation).expect(200).json()["phoneNumber"] == "2").then_some(())
    });
}

#[test]
fn a_post_applies_to_the_notice_of_its_course() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let course = system.register();
    let path = system.notice(course);
    let mut body = applying(4501);
    body["courseNo"] = json!(course.number.to_string());
    let client = system.client.with("idempotency-key", format!("applies-{}", course.number));
    let answer = client.post(NOTICES, body.clone()).expect(201);
    assert_eq!(answer.location(), format!("{}{path}", host.url()));
    assert_eq!(answer.json()["professorNo"], 4501);
    system.apply(course, 4502);
    assert_eq!(client.post(NOTICES, body.clone()).expect(201).json(), answer.json());
    assert_eq!(system.numbered("professorApplyments", course)[0]["professorNo"], 4502);
    assert_eq!(told(&system, course), [applyed(4501), applyed(4502)]);
    body["courseNo"] = json!(999_999_997);
    problem(&system.client.post(NOTICES, body.clone()), 404, NOTICES);
    body.as_object_mut().unwrap().remove("courseNo");
    assert_eq!(errors(&system.client.post(NOTICES, body), NOTICES)[0].1, "courseNo");
}

#[test]
fn who_applies_at_the_same_time_is_each_kept() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let course = system.register();
    let path = system.notice(course);
    let statuses =
        in_parallel(12, |i| system.client.patch(&path, applying(4601 + i as u64)).status);
    assert_eq!(statuses, [200; 12]);
    let _ = in_parallel(12, |i| system.evaluation(course, 4601 + i as u64));
    assert_eq!(told(&system, course).len(), 12);
    let _ = system.client.delete(&path).expect(204);
    let canceled =
        told(&system, course).into_iter().filter(|(kind, _)| kind == "ApplymentCanceled");
    assert_eq!(canceled.count(), 12);
}

#[test]
fn what_is_no_application_is_refused_with_the_field_named() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let course = system.register();
    let path = system.notice(course);
    for (property, value) in [
        ("professorNo", json!(0)),
        ("professorNo", json!("first")),
        ("professorNo", json!(-1)),
        ("professorNm", json!("")),
        ("professorNm", json!("막".repeat(101))),
        ("phoneNumber", json!("")),
        ("phoneNumber", json!("0".repeat(21))),
        ("professorSpec", json!("막".repeat(501))),
        ("career", json!(15)),
        ("age", json!(151)),
        ("age", json!(-1)),
        ("courseNo", json!(999_999_996)),
    ] {
        let mut body = applying(4701);
        body[property] = value.clone();
        let expected = [("ProfessorApplyment".to_owned(), property.to_owned(), value)];
        assert_eq!(errors(&system.client.patch(&path, body.clone()), &path), expected);
        assert_eq!(errors(&system.client.put(&path, body), &path), expected);
    }
    assert_eq!(system.numbered("professorApplyments", course)[0]["professorNo"], Value::Null);
    let nowhere = format!("{NOTICES}/999999999");
    problem(&system.client.patch(&nowhere, applying(4701)), 404, &nowhere);
}

#[test]
fn a_notice_is_taken_away_with_all_who_applied() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let (course, evaluation) = system.candidate(4801);
    let path = system.notice(course);
    let _ = system.client.delete(&path).expect(204);
    problem(&system.client.patch(&path, applying(4802)), 404, &path);
    eventually(SETTLING, || (system.client.get(&evaluation).status == 404).then_some(()));
    eventually(SETTLING, || (system.status(course, 4801) == "Canceled").then_some(()));
    let canceled = ("ApplymentCanceled".to_owned(), 4801);
    assert_eq!(told(&system, course), [applyed(4801), canceled]);
    // The course itself stands.
    let _ = system.client.get(&course.path()).expect(200);
}
