//! Classes are registered and canceled in quick turns while others go up and down.

use madang_testing::{Host, eventually, in_parallel};
use madang_tests::lecture::{AtWork, Lecture, component};
use madang_tests::{SETTLING, with_faults};

/// Students who act at the same time.
const STUDENTS: usize = 4;

/// Registers so many classes, and cancels every other.
fn study(lecture: &Lecture, student: usize, classes: u64) {
    for turn in 0..classes {
        let class = lecture.register(&format!("student-{student}"), 1_000 * (turn + 1) + 7);
        if turn % 2 == 0 {
            lecture.cancel(class);
        }
    }
}

/// Has each student register so many classes and cancel every other, while somebody takes these contexts
/// down and heals them in turns; then that all is true.
fn take_turns(host: &Host, contexts: &[&str], classes: u64) {
    let lecture = Lecture::of(host);
    let students = AtWork::all(STUDENTS);
    in_parallel(STUDENTS + 1, |i| {
        if i < STUDENTS {
            students.ending_with(|| study(&lecture, i, classes));
            return;
        }
        let mut turn = 0;
        while students.goes_on() {
            let context = contexts[turn % contexts.len()];
            host.down(&component(context));
            let class = lecture.register("meanwhile", 10);
            // Until somebody else has heard of it, so that this one would have, too.
            let elsewhere = if context == "course" { "points" } else { "deliveries" };
            let has_heard = || (!lecture.of_class(elsewhere, class).is_null()).then_some(());
            eventually(SETTLING, has_heard);
            lecture.heal(&[context]);
            turn += 1;
        }
    });
    lecture.heal(contexts);
    lecture.settle_now();
    lecture.check();
    let kept =
        lecture.all("classes").iter().filter(|class| class["student"] != "meanwhile").count();
    assert_eq!(kept as u64, STUDENTS as u64 * classes / 2);
}

/// A host that lets class wait for pay as long as that takes, and on which a gift that is down is noticed
/// at once and is back as soon.
fn host() -> Option<Host> {
    let patient = Host::builder().variable("connect_timeout_ms", "30000");
    let patient = patient.variable("call_timeout_ms", "30000").variable("call_retries", "0");
    with_faults(patient.variable("breaker_open_ms", "100"))
}

#[test]
fn while_point_and_gift_go_up_and_down() {
    let Some(host) = host() else { return };
    take_turns(&host, &["gift", "point"], 20);
}

#[test]
fn while_all_that_hear_of_it_go_up_and_down() {
    let Some(host) = host() else { return };
    take_turns(&host, &["course", "gift", "alert", "point", "my-page"], 10);
}
