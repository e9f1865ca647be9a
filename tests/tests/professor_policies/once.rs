//! That each policy does what it does once.

use madang_testing::Host;
use madang_tests::professor::{HEARING, Professor};
use madang_tests::{tell_again, without_leases};

/// Everything that happens to a course, and to one that is canceled.
fn live(system: &Professor) {
    let (course, first) = system.candidate(201);
    system.apply(course, 202);
    let second = system.evaluation(course, 202);
    for evaluation in [&first, &second] {
        let _ = system.confirm(evaluation, 85).expect(200);
    }
    let (canceled, _) = system.candidate(203);
    let _ = system.client.delete(&canceled.path()).expect(204);
}

#[test]
fn events_that_are_told_again_and_again_have_one_effect() {
    let host = Host::start();
    let system = Professor::of(&host);
    live(&system);
    system.check();
    let before = system.log();
    tell_again(&system, &HEARING);
    system.check();
    assert_eq!(system.log(), before);
}

#[test]
fn without_their_lease_consumers_get_in_each_others_way_and_still_do_each_thing_once() {
    let host = Host::start();
    let system = Professor::of(&host);
    let consumers = ["professor-applyment", "professor-evaluation", "notification"];
    without_leases(&system, &consumers, || (0..5).for_each(|_| live(&system)));
    system.check();
}
