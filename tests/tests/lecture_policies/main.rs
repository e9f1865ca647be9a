//! Every policy of Lecture: once for each event, in order, whatever repeats, comes late, or is killed
//! between its steps.

mod killed;
mod killed_classes;
mod late;
mod once;

use madang_testing::{Host, Trigger};
use madang_tests::lecture::{Lecture, component};
use madang_tests::{Step, kill_at_each_step, with_faults};

/// A host that can be put faults into; none where the backend cannot. It has one worker, so that a
/// crash, which strikes once in each process, strikes once.
fn host() -> Option<Host> {
    with_faults(Host::builder().workers(1))
}

/// Kills a context at each step of what it does when this wakes it; that has at least so many calls.
fn kill<T>(
    context: &str,
    trigger: Trigger,
    least: u32,
    before: impl Fn(&Lecture) -> T,
    act: impl Fn(&Lecture, T),
) {
    kill_on(host(), context, trigger, least, before, act);
}

/// [`kill`], on a host of one worker.
fn kill_on<T>(
    host: Option<Host>,
    context: &str,
    trigger: Trigger,
    least: u32,
    before: impl Fn(&Lecture) -> T,
    act: impl Fn(&Lecture, T),
) {
    let Some(host) = host else { return };
    let lecture = Lecture::of(&host);
    let step = Step { component: &component(context), trigger, before, act };
    let calls = kill_at_each_step(&lecture, &step);
    assert!(calls >= least, "{context} was killed at {calls} calls only");
}
