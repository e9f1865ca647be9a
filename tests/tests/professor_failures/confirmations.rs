//! Course-management is down, cut off, or answers too late: nothing is stored that it has not done, and what
//! it has done is stored.

use madang_testing::{Answer, Host, eventually};
use madang_tests::professor::Professor;
use madang_tests::{SETTLING, problem, with_faults};
use serde_json::{Value, json};

/// The caller's limit is 1000 ms.
const TOO_LATE: std::ops::RangeInclusive<u64> = 1300..=1400;
const CALLEE: &str = "professor-course-management";

/// That it was refused for now, and the evaluation is seen as it was.
#[track_caller]
fn check_refused(system: &Professor, evaluation: &str, answer: &Answer, before: (Value, Value)) {
    let body = problem(answer, 503, evaluation);
    assert!(body["detail"].as_str().is_some_and(|d| d.contains("try again shortly")), "{answer}");
    assert!(answer.header("retry-after").is_some(), "{answer}");
    assert_eq!(system.evaluated(evaluation), before);
}

fn blank() -> (Value, Value) {
    (Value::Null, Value::Null)
}

#[test]
fn with_course_management_down_nothing_is_confirmed_and_with_it_back_it_is() {
    let Some(host) = with_faults(Host::builder()) else { return };
    let system = Professor::of(&host);
    let (course, evaluation) = system.candidate(201);
    let before = (json!(40), json!(false));
    let failed = json!({"score": 40, "successFlag": false});
    let _ = system.client.patch(&evaluation, failed.clone()).expect(200);
    system.down(&["course-management"]);
    // The seed's second request: whoever is to be confirmed is the evaluation's own.
    let other = json!({"professorNo": 203, "successFlag": true, "score": 90});
    problem(&system.client.patch(&evaluation, other), 400, &evaluation);
    for _ in 0..2 {
        check_refused(&system, &evaluation, &system.confirm(&evaluation, 85), before.clone());
    }
    // What became of it is not known, so that nothing else is stored, either.
    let unsure = system.client.patch(&evaluation, failed);
    check_refused(&system, &evaluation, &unsure, before);
    assert_eq!((system.told("CourseCompleted"), system.told("ProfessorConfirmed")), (0, 0));
    system.heal(&["course-management"]);
    let _ = system.confirm_patiently(&evaluation, 85).expect(200);
    system.check();
    assert_eq!(system.professor_of(course), 201);
    assert_eq!(system.evaluated(&evaluation), (json!(85), json!(true)));
    assert_eq!((system.told("CourseCompleted"), system.told("ProfessorConfirmed")), (1, 1));
}

#[test]
fn who_tries_again_is_answered_by_what_became_of_it() {
    let Some(host) = with_faults(Host::builder()) else { return };
    let system = Professor::of(&host);
    let (course, evaluation) = system.candidate(201);
    host.delay(CALLEE, TOO_LATE);
    check_refused(&system, &evaluation, &system.confirm(&evaluation, 85), blank());
    system.heal(&["course-management"]);
    // The course has its professor, and the same request is the one that has done it.
    assert_eq!(system.professor_of(course), 201);
    let again = system.confirm(&evaluation, 85).expect(200).json();
    assert_eq!((&again["score"], &again["successFlag"]), (&json!(85), &json!(true)));
    problem(&system.confirm(&evaluation, 85), 409, &evaluation);
    system.check();
    assert_eq!((system.told("CourseCompleted"), system.told("ProfessorConfirmed")), (1, 1));
}

#[test]
fn what_took_effect_without_an_answer_is_stored_without_anybody_asking() {
    let Some(host) = with_faults(Host::builder()) else { return };
    let system = Professor::of(&host);
    let (course, first) = system.candidate(201);
    system.apply(course, 202);
    let second = system.evaluation(course, 202);
    host.delay(CALLEE, TOO_LATE);
    check_refused(&system, &first, &system.confirm(&first, 85), blank());
    system.heal(&["course-management"]);
    let _ = system.confirm(&second, 90).expect(200);
    system.take_up();
    system.check();
    // Both were confirmed, in turn, and who came last teaches.
    assert_eq!(system.evaluated(&first), (json!(85), json!(true)));
    assert_eq!(system.evaluated(&second), (json!(90), json!(true)));
    assert_eq!(system.professor_of(course), 202);
    assert_eq!((system.told("CourseCompleted"), system.told("ProfessorConfirmed")), (2, 2));
    // It was another request that did it: this one asks.
    problem(&system.confirm(&second, 90), 409, &second);
}

#[test]
fn what_is_canceled_while_its_confirmation_is_not_known_comes_to_nothing() {
    let Some(host) = with_faults(Host::builder()) else { return };
    let system = Professor::of(&host);
    let (course, evaluation) = system.candidate(201);
    system.down(&["course-management"]);
    check_refused(&system, &evaluation, &system.confirm(&evaluation, 85), blank());
    let _ = system.client.delete(&system.notice(course)).expect(204);
    eventually(SETTLING, || (system.client.get(&evaluation).status == 404).then_some(()));
    system.heal(&["course-management"]);
    system.take_up();
    system.check();
    assert_eq!(system.professor_of(course), Value::Null);
    problem(&system.confirm(&evaluation, 85), 404, &evaluation);
}

#[test]
fn course_management_that_is_cut_off_is_not_asked_and_nothing_is_owed() {
    let settings = Host::builder()
        .variable("breaker_calls", "4")
        .variable("breaker_open_ms", "60000")
        .variable("call_timeout_ms", "200");
    let Some(host) = with_faults(settings) else { return };
    let system = Professor::of(&host);
    let (_, evaluation) = system.candidate(201);
    let (_, other) = system.candidate(202);
    let breaker = || system.info("professor-evaluation")["breakers"][0].clone();
    system.down(&["course-management"]);
    while breaker()["state"] != "open" {
        check_refused(&system, &other, &system.confirm(&other, 1), blank());
    }
    let before = breaker()["cutOff"].as_u64();
    for _ in 0..2 {
        check_refused(&system, &evaluation, &system.confirm(&evaluation, 85), blank());
    }
    assert!(breaker()["cutOff"].as_u64() > before, "{}", breaker());
    // What was never asked is owed nothing: what does not confirm is stored at once.
    let failed = json!({"score": 40, "successFlag": false});
    let _ = system.client.patch(&evaluation, failed).expect(200);
    assert_eq!(system.evaluated(&evaluation), (json!(40), json!(false)));
}
