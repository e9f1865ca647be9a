//! A confirmation, and course-management that it asks, killed between the steps. However far it came, the
//! course, the evaluation and what was told agree.

use super::{host, kill};
use madang_testing::{Host, Trigger, in_parallel};
use madang_tests::professor::{Newcomer, Professor};
use madang_tests::with_faults;
use serde_json::{Value, json};

const EVALUATION: (&str, Trigger) = ("professor-evaluation", Trigger::Http);
const COURSE: (&str, Trigger) = ("course-management", Trigger::Http);

/// That course and evaluation agree, and that the professor is confirmed by another try at the latest.
#[track_caller]
fn check_confirmed(system: &Professor, newcomer: &Newcomer, score: u64) {
    let Newcomer { course, professor, evaluation } = newcomer;
    system.take_up();
    let is_held = system.professor_of(*course) == *professor;
    let flag = if is_held { json!(true) } else { Value::Null };
    assert_eq!(system.evaluated(evaluation).1, flag);
    // It is done, or is found done; who was told so before hears that it is held already.
    let answer = system.confirm_patiently(evaluation, score);
    assert!([200, 409].contains(&answer.status), "{answer}");
    assert_eq!(system.evaluated(evaluation), (json!(score), json!(true)));
    assert_eq!(system.professor_of(*course), *professor);
}

#[test]
fn professor_evaluation_and_course_management_killed_while_a_professor_is_confirmed() {
    let confirm = |answers: &'static [u16]| {
        move |system: &Professor, newcomer: Newcomer| {
            let answer = system.confirm(&newcomer.evaluation, 85);
            assert!(answers.contains(&answer.status), "{answer}");
            check_confirmed(system, &newcomer, 85);
        }
    };
    in_parallel(2, |i| match i {
        0 => kill(host(), EVALUATION, 5, |system| system.newcomer(), confirm(&[200, 500])),
        // One that was killed is asked again, and has done it once.
        _ => kill(host(), COURSE, 4, |system| system.newcomer(), confirm(&[200, 503])),
    });
}

#[test]
fn professor_evaluation_killed_while_it_is_refused_and_while_it_stores_a_failure() {
    let held = |system: &Professor| {
        let newcomer = system.newcomer();
        let _ = system.confirm(&newcomer.evaluation, 85).expect(200);
        newcomer
    };
    in_parallel(2, |i| match i {
        0 => kill(host(), EVALUATION, 5, held, |system, newcomer| {
            let Newcomer { course, professor, evaluation } = newcomer;
            let answer = system.confirm(&evaluation, 90);
            assert!([409, 500].contains(&answer.status), "{answer}");
            system.take_up();
            assert_eq!(system.evaluated(&evaluation), (json!(85), json!(true)));
            assert_eq!(system.professor_of(course), professor);
        }),
        _ => kill(
            host(),
            EVALUATION,
            2,
            |system| system.newcomer().evaluation,
            |system, evaluation| {
                let failed = json!({"score": 40, "successFlag": false});
                let answer = system.client.patch(&evaluation, failed.clone());
                assert!([200, 500].contains(&answer.status), "{answer}");
                let _ = system.client.patch(&evaluation, failed).expect(200);
                assert_eq!(system.evaluated(&evaluation), (json!(40), json!(false)));
            },
        ),
    });
}

#[test]
fn professor_evaluation_and_course_management_killed_while_what_became_of_it_is_found_out() {
    // So many calls that come too late would open the circuit, and none would be made any more.
    let impatient = || {
        let host = Host::builder().workers(1).variable("breaker_calls", "1000000");
        with_faults(host.variable("call_timeout_ms", "150").variable("call_retries", "0"))
    };
    let owed = |system: &Professor| {
        let newcomer = system.newcomer();
        // Its effect is there, and its answer comes too late.
        system.host.delay("professor-course-management", 400..=400);
        let _ = system.confirm(&newcomer.evaluation, 85).expect(503);
        system.heal(&["course-management"]);
        newcomer
    };
    let try_again = |system: &Professor, newcomer: Newcomer| {
        let answer = system.confirm(&newcomer.evaluation, 85);
        assert!([200, 500, 503].contains(&answer.status), "{answer}");
        check_confirmed(system, &newcomer, 85);
    };
    in_parallel(2, |i| match i {
        0 => kill(impatient(), EVALUATION, 5, owed, try_again),
        _ => kill(impatient(), COURSE, 1, owed, try_again),
    });
}
