//! Every policy of K-Vaccine: once for each event, in order, whatever repeats, comes late, or is killed
//! between its steps.

mod killed;
mod killed_commands;
mod late;
mod once;
mod races;

use madang_testing::Host;
use madang_tests::{kvaccine, with_faults};

/// A host that can be put faults into; none where the backend cannot. It has one worker, so that a
/// crash, which strikes once in each process, strikes once.
fn host() -> Option<Host> {
    with_faults(kvaccine::settings().workers(1))
}
