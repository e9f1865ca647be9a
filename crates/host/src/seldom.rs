//! What happens often is said seldom.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Counts what happens, and tells when it is time for a line about it.
#[derive(Debug)]
pub struct Seldom {
    apart: Duration,
    count: AtomicU64,
    said: Mutex<Option<Instant>>,
}

impl Seldom {
    /// With lines that are at least so far apart.
    pub const fn new(apart: Duration) -> Self {
        Self { apart, count: AtomicU64::new(0), said: Mutex::new(None) }
    }

    /// Counts one. Tells how many there were so far when it is time for a line.
    pub fn count(&self) -> Option<u64> {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let due = said.is_none_or(|said| said.elapsed() >= self.apart);
        due.then(|| {
            *said = Some(Instant::now());
            count
        })
    }

    /// How many there were so far.
    pub fn total(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_apart_and_nothing_is_uncounted() {
        let seldom = Seldom::new(Duration::from_secs(3600));
        assert_eq!((seldom.count(), seldom.count(), seldom.total()), (Some(1), None, 2));
        let often = Seldom::new(Duration::ZERO);
        assert_eq!((often.count(), often.count()), (Some(1), Some(2)));
    }
}
