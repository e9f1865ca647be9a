//! Every policy of professor: once for each event, in order, whatever repeats, comes late, or is killed
//! between its steps; and so is what becomes of a confirmation.

mod killed;
mod killed_commands;
mod killed_confirmations;
mod late;
mod once;

use madang_testing::{Host, Trigger};
use madang_tests::professor::{Professor, component};
use madang_tests::{Step, kill_at_each_step, with_faults};

/// A host that can be put faults into; none where the backend cannot. It has one worker, so that a
/// crash, which strikes once in each process, strikes once.
fn host() -> Option<Host> {
    with_faults(Host::builder().workers(1))
}

/// Kills a context at each call that it makes to the outside once `act` wakes it, and sees that they are
/// at least so many.
fn kill<T>(
    host: Option<Host>,
    (context, trigger): (&str, Trigger),
    least: u32,
    before: impl Fn(&Professor) -> T,
    act: impl Fn(&Professor, T),
) {
    let Some(host) = host else { return };
    let system = Professor::of(&host);
    let step = Step { component: &component(context), trigger, before, act };
    let calls = kill_at_each_step(&system, &step);
    assert!(calls >= least, "{context} was killed at {calls} calls only");
}
