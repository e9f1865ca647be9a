//! Every policy: once for each event, in order, whatever repeats, comes late, or is killed between
//! its steps.

mod killed;
mod killed_rents;
mod killed_views;
mod late;
mod once;
mod replicas;

use madang_testing::Host;
use madang_tests::with_faults;

/// A host that can be put faults into; none where the backend cannot. It has one worker, so that a
/// crash, which strikes once in each process, strikes once.
fn host() -> Option<Host> {
    with_faults(Host::builder().workers(1))
}
