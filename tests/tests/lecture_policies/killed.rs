//! Policies, and My Page, that are killed between their steps: before they begin, and right after each
//! thing that they do to the outside.

use super::kill;
use madang_testing::Trigger::{Http, Redis};
use madang_testing::in_parallel;
use madang_tests::lecture::Lecture;

fn nothing(_: &Lecture) {}

fn register(lecture: &Lecture, (): ()) {
    lecture.register("kim", 10_000);
}

/// A class with all that belongs to it.
fn whole(lecture: &Lecture) -> u64 {
    let class = lecture.register("kim", 10_000);
    lecture.settle();
    class
}

fn cancel(lecture: &Lecture, class: u64) {
    lecture.cancel(class);
}

#[test]
fn whoever_hears_of_a_payment_is_killed_and_gift_which_is_asked() {
    let kills: [fn(); 5] = [
        // Read the log, what it has of the class, the breaker, the call, the breaker, commit, the end.
        || kill("point", Redis, 8, nothing, register),
        // What it has of the class, and the commit.
        || kill("gift", Http, 3, nothing, register),
        || kill("course", Redis, 6, nothing, register),
        || kill("alert", Redis, 5, nothing, register),
        || kill("my-page", Redis, 6, nothing, register),
    ];
    in_parallel(kills.len(), |i| kills[i]());
}

#[test]
fn whoever_hears_of_a_cancel_is_killed() {
    let kills: [fn(); 5] = [
        || kill("pay", Redis, 5, whole, cancel),
        || kill("point", Redis, 5, whole, cancel),
        || kill("gift", Redis, 5, whole, cancel),
        || kill("course", Redis, 5, whole, cancel),
        || kill("my-page", Redis, 6, whole, cancel),
    ];
    in_parallel(kills.len(), |i| kills[i]());
}
