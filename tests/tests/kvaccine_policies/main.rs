//! Every policy of K-Vaccine: once for each event, in order, whatever repeats, comes late, or is killed
//! between its steps.

mod killed;
mod killed_commands;
mod late;
mod once;
mod races;

use madang_testing::{Host, Trigger};
use madang_tests::kvaccine::{self, KVaccine};
use madang_tests::{Step, kill_at_each_step, with_faults};

/// A host that can be put faults into; none where the backend cannot. It has one worker, so that a
/// crash, which strikes once in each process, strikes once.
fn host() -> Option<Host> {
    host_with(kvaccine::CAPACITY)
}

/// [`host`], with so many places a day.
fn host_with(capacity: u64) -> Option<Host> {
    let settings = kvaccine::settings().variable("kvaccine_daily_capacity", capacity.to_string());
    with_faults(settings.workers(1))
}

/// Kills a context at each of its steps, of which there are so many at least.
fn kill_at<T>(
    kv: &KVaccine,
    context: &str,
    trigger: Trigger,
    least: u32,
    before: impl Fn(&KVaccine) -> T,
    act: impl Fn(&KVaccine, T),
) {
    let component = &format!("kvaccine-{context}");
    let calls = kill_at_each_step(kv, &Step { component, trigger, before, act });
    assert!(calls >= least, "{context} was killed at {calls} calls only");
}
