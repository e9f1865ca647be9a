//! The failure scenarios of OuterPark: a component is down, or slow, or wanted by all; what is told to
//! people does not get there.

mod crowds;
mod messages;
mod musical;
mod payment;

use madang_testing::{Host, HostBuilder};

/// A host that is started so, where it can be put faults into.
fn with_faults(settings: HostBuilder) -> Option<Host> {
    let host = settings.start();
    if !host.has_faults() {
        eprintln!("skipped: this backend injects no faults");
        return None;
    }
    Some(host)
}
