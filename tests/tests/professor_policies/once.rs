//! That each policy does what it does once.

use madang_testing::{Host, in_parallel};
use madang_tests::professor::{HEARING, Professor};
use std::sync::atomic::{AtomicBool, Ordering};

/// Says that it is over once it is dropped: after a failure, too, the others have to end.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

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
    let mut redis = host.redis();
    for entry in before.iter().chain(before.iter().rev()).cycle().take(before.len() * 20) {
        redis::cmd("PUBLISH").arg("professor").arg(&entry.text).exec(&mut redis).unwrap();
    }
    in_parallel(HEARING.len() * 2, |i| {
        let context = HEARING[i % HEARING.len()];
        let _ = system.client.get(&format!("/professor/-/{context}/health/ready")).expect(200);
    });
    system.check();
    assert_eq!(system.log(), before);
}

#[test]
fn without_their_lease_consumers_get_in_each_others_way_and_still_do_each_thing_once() {
    let host = Host::start();
    let system = Professor::of(&host);
    let consumers = ["professor-applyment", "professor-evaluation", "notification"];
    let is_over = AtomicBool::new(false);
    in_parallel(8, |i| match i {
        0 => {
            let _over = Over(&is_over);
            (0..5).for_each(|_| live(&system));
        }
        1 => {
            let mut redis = host.redis();
            let leases = consumers.map(|context| format!("{{professor}}:{context}:lease"));
            while !is_over.load(Ordering::Relaxed) {
                redis::cmd("DEL").arg(&leases).exec(&mut redis).unwrap();
            }
        }
        _ => {
            let context = consumers[i % consumers.len()];
            while !is_over.load(Ordering::Relaxed) {
                let _ = system.client.get(&format!("/professor/-/{context}/health/ready"));
            }
        }
    });
    system.check();
}
