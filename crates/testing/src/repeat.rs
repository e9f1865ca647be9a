//! What a system has to bear: events that are told again, and consumers that get in each other's way.

use crate::in_parallel;
use crate::system::{System, lease_of};
use std::sync::atomic::{AtomicBool, Ordering};

/// How often each event is told again, in both directions of the log.
const TIMES: usize = 20;
/// Requests for readiness that each consumer without its lease has at a time.
const AT_ONCE: usize = 2;

/// Tells all events again and again on the channel, and asks all of these contexts for what they owe.
///
/// # Panics
/// Where nobody listens, or a context is not ready.
#[track_caller]
pub fn tell_again(system: &System, contexts: &[&str]) {
    let (log, mut redis) = (system.log(), system.host.redis());
    for entry in log.iter().chain(log.iter().rev()).cycle().take(2 * TIMES * log.len()) {
        let publish = redis::cmd("PUBLISH").arg(system.name).arg(&entry.text).to_owned();
        let heard: u64 = publish.query(&mut redis).expect("it is published");
        assert!(heard > 0, "nobody listens");
    }
    in_parallel(2 * contexts.len(), |i| {
        let _ = system.client.get(&ready(system, contexts[i % contexts.len()])).expect(200);
    });
}

/// Does something while several instances of each of these consumers work on the log at once, since none keeps
/// its lease.
pub fn without_leases(system: &System, consumers: &[&str], act: impl Fn() + Sync) {
    let is_over = AtomicBool::new(false);
    let is_over = &is_over;
    in_parallel(2 + AT_ONCE * consumers.len(), |i| match i {
        0 => {
            let _over = Over(is_over);
            act();
        }
        1 => {
            let mut redis = system.host.redis();
            let leases = consumers.iter().map(|context| lease_of(system.name, context));
            let leases: Vec<_> = leases.collect();
            while !is_over.load(Ordering::Relaxed) {
                redis::cmd("DEL").arg(&leases).exec(&mut redis).expect("leases are deleted");
            }
        }
        _ => {
            let path = ready(system, consumers[i % consumers.len()]);
            while !is_over.load(Ordering::Relaxed) {
                let _ = system.client.get(&path);
            }
        }
    });
}

fn ready(system: &System, context: &str) -> String {
    format!("/{}/-/{context}/health/ready", system.name)
}

/// Says that it is over once it is dropped: after a failure, too, the others have to end.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
