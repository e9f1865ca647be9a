//! Commands that are killed between their steps: nothing of them is done, or all.

use super::{host, kill};
use madang_testing::{Answer, Trigger, in_parallel};
use madang_tests::professor::{Course, Professor, applying};
use serde_json::json;

fn opened(system: &Professor) -> (Course, String) {
    let course = system.register();
    (course, system.notice(course))
}

#[track_caller]
fn done_or_killed(answer: &Answer, done: u16) {
    assert!([done, 500].contains(&answer.status), "{answer}");
}

#[test]
fn course_management_and_professor_applyment_killed_at_their_commands() {
    let courses = ("course-management", Trigger::Http);
    let notices = ("professor-applyment", Trigger::Http);
    in_parallel(5, |i| match i {
        0 => kill(
            host(),
            courses,
            4,
            |_| (),
            |system, ()| {
                let body = madang_tests::professor::korean(700_000_000 + system.log().len() as u64);
                let path = "/professor/courseManagements";
                done_or_killed(&system.client.post(path, body.clone()), 201);
                // A second time it is refused where it was done.
                let again = system.client.post(path, body).status;
                assert!([201, 409].contains(&again), "{again}");
            },
        ),
        1 => kill(
            host(),
            courses,
            2,
            |system| system.register(),
            |system, course| {
                let patch = json!({"title": "국문학"});
                done_or_killed(&system.client.patch(&course.path(), patch.clone()), 200);
                let _ = system.client.patch(&course.path(), patch).expect(200);
                let changed = system.log().into_iter().filter(|entry| {
                    entry.kind == "CourseModified" && entry.number_of("courseNo") == course.number
                });
                assert_eq!(changed.count(), 1);
            },
        ),
        2 => kill(
            host(),
            courses,
            2,
            |system| system.newcomer().course,
            |system, course| {
                done_or_killed(&system.client.delete(&course.path()), 204);
                let again = system.client.delete(&course.path()).status;
                assert!([204, 404].contains(&again), "{again}");
            },
        ),
        3 => kill(host(), notices, 2, opened, |system, (course, notice)| {
            done_or_killed(&system.client.patch(&notice, applying(20_000 + course.number)), 200);
            let _ = system.client.patch(&notice, applying(20_000 + course.number)).expect(200);
            let applied = system.log().into_iter().filter(|entry| {
                entry.kind == "ProfessorApplyed" && entry.number_of("courseNo") == course.number
            });
            assert_eq!(applied.count(), 1);
        }),
        _ => kill(host(), notices, 4, opened, |system, (course, _)| {
            let client = system.client.with("idempotency-key", format!("once-{}", course.number));
            let mut body = applying(20_000 + course.number);
            body["courseNo"] = json!(course.number);
            let path = "/professor/professorApplyments";
            done_or_killed(&client.post(path, body), 201);
            system.apply(course, 30_000 + course.number);
        }),
    });
}
