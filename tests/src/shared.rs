//! One host for the tests of a file.

use madang_testing::Host;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A host that tests running at the same time share. It ends with the last of them, which a plain
/// static would not do: those are never dropped.
#[derive(Debug)]
pub struct Shared {
    start: fn() -> Host,
    host: Mutex<Weak<Host>>,
}

impl Shared {
    /// A host that is started by `start` when it is first needed.
    pub const fn new(start: fn() -> Host) -> Self {
        Self { start, host: Mutex::new(Weak::new()) }
    }

    /// The host; started anew when no test holds one.
    ///
    /// # Panics
    /// When it does not start.
    pub fn host(&self) -> Arc<Host> {
        // A start that failed panicked with the lock held; the next test tries again.
        let mut shared = self.host.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let host = Arc::new((self.start)());
            *shared = Arc::downgrade(&host);
            host
        })
    }
}
