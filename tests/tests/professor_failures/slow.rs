//! Scenario 3: course-management takes 800 to 1100 ms under a limit of 1000 ms, and two clients confirm in
//! turns.

use madang_testing::{Host, eventually, in_parallel};
use madang_tests::professor::Professor;
use madang_tests::{SETTLING, problem, with_faults};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn the_breaker_opens_and_closes_and_course_evaluations_and_sms_agree() {
    // Of such calls a third is too late, and a breaker opens at half of them unless told otherwise.
    let settings = Host::builder()
        .variable("breaker_share", "25")
        .variable("breaker_calls", "4")
        .variable("breaker_open_ms", "500");
    let Some(host) = with_faults(settings) else { return };
    let system = Professor::of(&host);
    let (course, first) = system.candidate(204);
    system.apply(course, 205);
    let evaluations = [first, system.evaluation(course, 205)];
    let state = || system.info("professor-evaluation")["breakers"][0]["state"].clone();

    host.delay("professor-course-management", 800..=1100);
    let is_over = AtomicBool::new(false);
    let counts = in_parallel(3, |i| {
        if i == 2 {
            let opened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                eventually(SETTLING, || (state() == "open").then_some(()));
            }));
            system.heal(&["course-management"]);
            is_over.store(true, Ordering::Relaxed);
            opened.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            return 0;
        }
        let (mut confirmed, evaluation, score) = (0, &evaluations[i], [80, 85][i]);
        while !is_over.load(Ordering::Relaxed) {
            let answer = system.confirm(evaluation, score);
            match answer.status {
                200 => {
                    let row = answer.json();
                    let fields = (&row["score"], &row["successFlag"]);
                    assert_eq!(fields, (&json!(score), &json!(true)), "{answer}");
                    confirmed += 1;
                }
                409 => drop(problem(&answer, 409, evaluation)),
                _ => drop(problem(&answer, 503, evaluation)),
            }
        }
        confirmed
    });
    // Whoever comes once it may be back finds out that it is.
    for evaluation in &evaluations {
        eventually(SETTLING, || {
            let status = system.confirm(evaluation, 90).status;
            ([200, 409].contains(&status) && state() == "closed").then_some(())
        });
    }
    system.take_up();
    system.check();
    let last = system.log().into_iter().rfind(|entry| entry.kind == "CourseCompleted");
    let last = last.expect("somebody was confirmed").number_of("professorNo");
    assert_eq!(system.professor_of(course), last);
    let told = system.told("ProfessorConfirmed");
    assert!(told >= counts.iter().sum::<usize>(), "{counts:?} were confirmed, {told} told");
    assert_eq!(told, system.told("CourseCompleted"));
}
