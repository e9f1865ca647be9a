//! Policies, and My Page, that are killed between their steps: before they begin, and right after each
//! thing that they do to the outside.

use super::{host, kill};
use madang_testing::{Host, Trigger, in_parallel};
use madang_tests::professor::{Course, Newcomer, Professor};
use madang_tests::with_faults;

const CALLEE: &str = "course-management";

/// A professor to be evaluated; all of it is told.
fn candidate(system: &Professor) -> Newcomer {
    let newcomer = system.newcomer();
    system.settle();
    newcomer
}

/// A course for which nobody applies yet.
fn opened(system: &Professor) -> Course {
    let course = system.register();
    let _ = system.notice(course);
    system.settle();
    course
}

fn apply(system: &Professor, course: Course) {
    // A professor of one's own: an evaluation is looked for among those of its professor.
    system.apply(course, 20_000 + course.number);
}

/// A host whose calls to a neighbour end so early that an answer comes too late at will.
fn impatient() -> Option<Host> {
    let host = Host::builder().workers(1).variable("breaker_calls", "1000000");
    with_faults(host.variable("call_timeout_ms", "150").variable("call_retries", "0"))
}

/// Has course-management complete the course without professor-evaluation hearing of it.
fn complete_unheard(system: &Professor, evaluation: &str) {
    system.host.delay("professor-course-management", 400..=400);
    let _ = system.confirm(evaluation, 85).expect(503);
    system.heal(&[CALLEE]);
}

fn take_away(system: &Professor, newcomer: Newcomer) {
    let _ = system.client.delete(&system.notice(newcomer.course)).expect(204);
}

#[test]
fn professor_applyment_killed_on_what_course_management_tells() {
    let context = ("professor-applyment", Trigger::Redis);
    in_parallel(2, |i| match i {
        0 => kill(
            host(),
            context,
            5,
            |_| (),
            |system, ()| {
                let _ = system.register();
            },
        ),
        _ => kill(host(), context, 6, candidate, |system, newcomer| {
            let _ = system.client.delete(&newcomer.course.path()).expect(204);
        }),
    });
}

#[test]
fn professor_evaluation_and_notification_killed_on_what_professor_applyment_tells() {
    in_parallel(4, |i| {
        let context = (["professor-evaluation", "notification"][i / 2], Trigger::Redis);
        match i % 2 {
            0 => kill(host(), context, 5, opened, apply),
            _ => kill(host(), context, 4, candidate, take_away),
        }
    });
}

#[test]
fn notification_and_my_page_killed_on_a_confirmation() {
    let unheard = |system: &Professor, newcomer: Newcomer| {
        complete_unheard(system, &newcomer.evaluation);
    };
    let owed = |system: &Professor| {
        complete_unheard(system, &candidate(system).evaluation);
        ["notification", "my-page"].iter().for_each(|context| system.follow(context));
    };
    in_parallel(3, |i| match i {
        0 => kill(impatient(), ("notification", Trigger::Redis), 5, candidate, unheard),
        1 => kill(impatient(), ("my-page", Trigger::Redis), 5, candidate, unheard),
        _ => kill(impatient(), ("my-page", Trigger::Redis), 5, owed, |system, ()| system.take_up()),
    });
}

#[test]
fn my_page_killed_on_an_application_and_its_cancel() {
    let context = ("my-page", Trigger::Redis);
    in_parallel(2, |i| match i {
        0 => kill(host(), context, 5, opened, apply),
        _ => kill(host(), context, 5, candidate, take_away),
    });
}
