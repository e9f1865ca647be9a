//! Internal calls: the service token, and what course-management answers to professor-evaluation.

use super::SHARED;
use madang_testing::{Answer, Client, SERVICE_TOKEN, in_parallel};
use madang_tests::professor::{CONTEXTS, Course, Professor, phone_of};
use madang_tests::{errors, problem};
use serde_json::{Value, json};

const COMPLETE: &str = "/professor/-/course-management/complete-course";
const WITHDRAW: &str = "/professor/-/course-management/withdraw-completion";

fn completion(course: Course, professor: u64) -> Value {
    json!({"courseNo": course.number, "professorNo": professor, "professorNm": "P",
        "phoneNumber": phone_of(professor)})
}

/// Asks course-management as professor-evaluation does.
fn ask(client: &Client, path: &str, course: Course, professor: u64, key: &str) -> Answer {
    let key = format!("tests/{}/{key}", course.number);
    client.with("idempotency-key", key).post(path, completion(course, professor))
}

fn completions(system: &Professor, course: Course) -> usize {
    let log = system.log();
    let of_it = log.iter().filter(|entry| entry.number_of("courseNo") == course.number);
    of_it.filter(|entry| entry.kind == "CourseCompleted").count()
}

#[test]
fn internal_paths_ask_for_the_service_token() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let course = system.register();
    for client in [
        system.client.clone(),
        system.client.with("authorization", "Bearer wrong"),
        system.client.with("authorization", SERVICE_TOKEN),
    ] {
        for path in [COMPLETE, WITHDRAW] {
            problem(&ask(&client, path, course, 6101, "token"), 401, path);
        }
        for context in CONTEXTS {
            let letters = format!("/professor/-/{context}/dead-letters");
            problem(&client.get(&letters), 401, &letters);
        }
    }
    assert_eq!(system.professor_of(course), Value::Null);
}

#[test]
fn a_course_is_completed_once_for_each_key() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let internal = system.internal();
    let course = system.register();
    let complete =
        |professor, key: &str| ask(&internal, COMPLETE, course, professor, key).expect(200).json();
    assert_eq!((complete(6201, "a"), complete(6201, "a")), (json!(true), json!(true)));
    assert_eq!(complete(6201, "b"), false);
    assert_eq!(complete(6202, "c"), true);
    // Late, and once more: its effect was had, and is not had again.
    assert_eq!(complete(6201, "a"), true);
    assert_eq!(system.professor_of(course), 6202);
    // What was not granted stays so: another try is another key.
    assert_eq!((complete(6201, "b"), complete(6201, "d")), (json!(false), json!(true)));
    assert_eq!((system.professor_of(course), completions(&system, course)), (json!(6201), 3));
}

#[test]
fn of_many_calls_with_one_key_at_once_one_completes_the_course() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let internal = system.internal();
    let course = system.register();
    let answers =
        in_parallel(8, |_| ask(&internal, COMPLETE, course, 6301, "one").expect(200).json());
    assert!(answers.iter().all(|answer| *answer == true), "{answers:?}");
    assert_eq!(completions(&system, course), 1);
}

#[test]
fn what_is_withdrawn_never_takes_effect_and_what_has_taken_effect_stays() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let internal = system.internal();
    let course = system.register();
    let asked = |path, key: &str| ask(&internal, path, course, 6401, key).expect(200).json();
    assert_eq!(asked(WITHDRAW, "early"), false);
    assert_eq!((asked(COMPLETE, "early"), asked(WITHDRAW, "early")), (json!(false), json!(false)));
    assert_eq!(system.professor_of(course), Value::Null);
    assert_eq!((asked(COMPLETE, "late"), asked(WITHDRAW, "late")), (json!(true), json!(true)));
    assert_eq!((asked(COMPLETE, "late"), asked(WITHDRAW, "late")), (json!(true), json!(true)));
    assert_eq!(system.professor_of(course), 6401);
}

#[test]
fn a_completion_and_its_withdrawal_at_once_agree() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let internal = system.internal();
    for _ in 0..10 {
        let course = system.register();
        let answers = in_parallel(2, |i| {
            let path = [COMPLETE, WITHDRAW][i];
            ask(&internal, path, course, 6501, "both").expect(200).json()
        });
        assert_eq!(answers[0], answers[1]);
        let professor = if answers[0] == true { json!(6501) } else { Value::Null };
        assert_eq!(system.professor_of(course), professor);
    }
}

#[test]
fn an_internal_call_needs_its_key_and_its_fields() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let course = system.register();
    let internal = system.internal();
    problem(&internal.post(COMPLETE, completion(course, 6601)), 400, COMPLETE);
    let keyed = internal.with("idempotency-key", "tests/bad");
    for (property, value) in [
        ("courseNo", json!("eleven")),
        ("courseNo", json!(null)),
        ("professorNo", json!(0)),
        ("professorNo", json!(-1)),
        ("professorNm", json!("")),
        ("phoneNumber", json!("")),
        ("phoneNumber", json!(null)),
    ] {
        let mut body = completion(course, 6601);
        body[property] = value;
        let named: Vec<_> =
            errors(&keyed.post(COMPLETE, body), COMPLETE).into_iter().map(|e| e.1).collect();
        assert_eq!(named, [property]);
    }
    assert_eq!(system.professor_of(course), Value::Null);
    let nowhere = Course { id: 0, number: 999_999_994 };
    problem(&ask(&internal, COMPLETE, nowhere, 6601, "nowhere"), 404, COMPLETE);
    let _ = internal.get(COMPLETE).expect(405);
}
