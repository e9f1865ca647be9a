//! Every policy of OuterPark: once for each event, in order, whatever repeats, comes late, or is killed
//! between its steps.

mod killed;
mod killed_reservations;
mod late;
mod once;

use madang_testing::{Host, HostBuilder};

/// A host that can be put faults into; none where the backend cannot. It has one worker, so that a
/// crash, which strikes once in each process, strikes once.
fn host() -> Option<Host> {
    with_faults(Host::builder().workers(1))
}

/// A host that is started so, where it can be put faults into.
fn with_faults(settings: HostBuilder) -> Option<Host> {
    let host = settings.start();
    if !host.has_faults() {
        eprintln!("skipped: this backend injects no faults");
        return None;
    }
    Some(host)
}
