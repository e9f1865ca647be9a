//! What the end-to-end tests share: steps at which BookRent's components are killed, its channel, and
//! its errors.

mod channel;
mod gateway;
pub mod hal;
mod kill;
pub mod poison;
mod problem;
mod shared;

pub use channel::Channel;
pub use gateway::Gateway;
pub use kill::{Killable, Step, kill_at_each_step, kills};
pub use problem::{errors, problem};
pub use shared::Shared;

pub use madang_testing::bookrent::BookRent;
pub use madang_testing::log::Entry;
pub use madang_testing::system::SETTLING;
pub use madang_testing::{kvaccine, lecture, outerpark, professor, tell_again, without_leases};

use madang_testing::{Host, HostBuilder};

/// A host that is started so, where it can be put faults into.
pub fn with_faults(settings: HostBuilder) -> Option<Host> {
    let host = settings.start();
    if !host.has_faults() {
        eprintln!("skipped: this backend injects no faults");
        return None;
    }
    Some(host)
}
