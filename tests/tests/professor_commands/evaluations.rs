//! The commands on evaluations.

use super::SHARED;
use madang_testing::{Host, eventually, in_parallel};
use madang_tests::professor::Professor;
use madang_tests::{SETTLING, errors, problem};
use serde_json::{Value, json};

const EVALUATIONS: &str = "/professor/professorEvaluations";

#[test]
fn the_seeds_evaluation_confirms_the_professor_and_completes_the_course() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let (course, evaluation) = system.candidate(5201);
    let seeds = json!({"successFlag": "true", "score": "85"});
    let confirmed = system.client.patch(&evaluation, seeds).expect(200).json();
    assert_eq!((&confirmed["score"], &confirmed["successFlag"]), (&json!(85), &json!(true)));
    let course_now = system.client.get(&course.path()).expect(200).json();
    for (field, value) in [
        ("successFlag", json!(true)),
        ("professorNo", json!(5201)),
        ("professorNm", json!("P5201")),
        ("phoneNumber", json!("000-0000-5201")),
    ] {
        assert_eq!(course_now[field], value, "{field}");
    }
    // Completed is told first, with the course; confirmed with the evaluation.
    eventually(SETTLING, || (system.status(course, 5201) == "Confirmed").then_some(()));
    let sent = ["교수 신청이 등록 되었습니다.", "교수로 임명 되었습니다."];
    eventually(SETTLING, || (system.sent_to(5201) == sent).then_some(()));
}

#[test]
fn a_professor_who_has_the_course_is_not_confirmed_again() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let (course, evaluation) = system.candidate(5301);
    let _ = system.confirm(&evaluation, 85).expect(200);
    for score in [85, 90] {
        let refused = problem(&system.confirm(&evaluation, score), 409, &evaluation);
        assert_eq!(refused["detail"], "the course has this professor already");
    }
    assert_eq!(system.evaluated(&evaluation), (json!(85), json!(true)));
    assert_eq!(system.professor_of(course), 5301);
    let told = system.log();
    let of_it = |kind: &str| {
        told.iter().filter(|e| e.kind == kind && e.number_of("courseNo") == course.number).count()
    };
    assert_eq!((of_it("CourseCompleted"), of_it("ProfessorConfirmed")), (1, 1));
}

#[test]
fn another_professor_takes_the_course_over_and_the_first_one_back() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let (course, first) = system.candidate(5401);
    system.apply(course, 5402);
    let second = system.evaluation(course, 5402);
    for (evaluation, professor) in [(&first, 5401), (&second, 5402), (&first, 5401)] {
        let _ = system.confirm(evaluation, 85).expect(200);
        assert_eq!(system.professor_of(course), professor);
    }
}

#[test]
fn what_does_not_confirm_is_stored_without_a_call() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let (course, evaluation) = system.candidate(5501);
    let failed = system.client.patch(&evaluation, json!({"successFlag": false, "score": 40}));
    let failed = failed.expect(200).json();
    assert_eq!((&failed["score"], &failed["successFlag"]), (&json!(40), &json!(false)));
    assert_eq!(system.professor_of(course), Value::Null);
    let put = system.client.put(&evaluation, json!({"score": 0, "successFlag": "false"}));
    assert_eq!(put.expect(200).json()["score"], 0);
    let told = system.log();
    assert!(
        !told.iter().any(|e| e.kind == "ProfessorConfirmed" && e.number_of("professorNo") == 5501)
    );
}

#[test]
fn what_is_no_evaluation_is_refused_with_the_field_named() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let (course, evaluation) = system.candidate(5601);
    for (property, value) in [
        ("score", json!(101)),
        ("score", json!(-1)),
        ("score", json!("good")),
        ("score", json!(8.5)),
        ("successFlag", json!("yes")),
        ("successFlag", json!(1)),
        ("courseNo", json!(999_999_995)),
        ("professorNo", json!(5602)),
        ("professorNm", json!("P5602")),
        ("phoneNumber", json!("1")),
    ] {
        let mut body = json!({"score": 85, "successFlag": true});
        body[property] = value.clone();
        let expected = [("ProfessorEvaluation".to_owned(), property.to_owned(), value)];
        assert_eq!(errors(&system.client.patch(&evaluation, body.clone()), &evaluation), expected);
        assert_eq!(errors(&system.client.put(&evaluation, body), &evaluation), expected);
    }
    let blind = system.client.patch(&evaluation, json!({"successFlag": true}));
    assert_eq!(errors(&blind, &evaluation)[0].1, "score");
    assert_eq!(system.evaluated(&evaluation), (Value::Null, Value::Null));
    assert_eq!(system.professor_of(course), Value::Null);
    // Whose it is may be sent along, as the seed's load does.
    let siege = json!({"courseNo": course.number.to_string(), "professorNo": "5601",
        "professorNm": "P5601", "score": "80", "successFlag": "true"});
    let _ = system.client.patch(&evaluation, siege).expect(200);
    let nowhere = format!("{EVALUATIONS}/999999999");
    problem(&system.confirm(&nowhere, 85), 404, &nowhere);
    problem(&system.client.post(EVALUATIONS, json!({})), 405, EVALUATIONS);
    problem(&system.client.delete(&evaluation), 405, &evaluation);
}

#[test]
fn of_many_who_confirm_one_professor_at_once_the_course_is_completed_once() {
    // Of its own: what is taken up would be that of other tests, too.
    let host = Host::start();
    let system = Professor::of(&host);
    let (course, evaluation) = system.candidate(5701);
    let answers = in_parallel(8, |_| system.confirm(&evaluation, 85));
    for answer in &answers {
        match answer.status {
            200 => {
                let row = answer.json();
                assert_eq!((&row["score"], &row["successFlag"]), (&json!(85), &json!(true)));
            }
            409 => assert_eq!(answer.json()["detail"], "the course has this professor already"),
            // Somebody else was at work on it.
            status => assert_eq!(status, 503, "{answer}"),
        }
    }
    system.take_up();
    system.check();
    assert_eq!(system.professor_of(course), 5701);
    assert_eq!(system.evaluated(&evaluation), (json!(85), json!(true)));
    let told = system.log();
    let of_it = |kind: &str| {
        told.iter().filter(|e| e.kind == kind && e.number_of("professorNo") == 5701).count()
    };
    assert_eq!((of_it("CourseCompleted"), of_it("ProfessorConfirmed")), (1, 1));
}

#[test]
fn a_course_that_is_canceled_confirms_nobody() {
    // Of its own: what is taken up would be that of other tests, too.
    let host = Host::start();
    let system = Professor::of(&host);
    let (course, evaluation) = system.candidate(5801);
    let _ = system.client.delete(&course.path()).expect(204);
    // Until it hears of it, course-management says so; it may hear of it at this very moment; from then on
    // there is nothing to evaluate.
    let answer = system.confirm(&evaluation, 85);
    assert!([404, 409, 503].contains(&answer.status), "{answer}");
    eventually(SETTLING, || (system.confirm(&evaluation, 85).status == 404).then_some(()));
    system.take_up();
    let told =
        system.log().into_iter().filter(|entry| entry.number_of("courseNo") == course.number);
    let kinds: Vec<_> = told.map(|entry| entry.kind).collect();
    let canceled = ["CourseRegisted", "ProfessorApplyed", "CourseCanceled", "ApplymentCanceled"];
    assert_eq!(kinds, canceled);
}
