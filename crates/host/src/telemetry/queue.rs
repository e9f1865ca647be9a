//! Spans that wait for the collector: so many and no more.

use super::{settings::Settings, wire};
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// The spans of one process that are not sent yet.
#[derive(Debug)]
pub struct Queue {
    most: usize,
    batch: usize,
    waiting: Mutex<Waiting>,
    /// Notified when there is a whole batch.
    pub full: Notify,
}

/// Spans that are sent together.
#[derive(Debug, Default)]
pub struct Batch {
    /// As [`wire::append`] writes them.
    pub bytes: Vec<u8>,
    /// How many.
    pub spans: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    batches: VecDeque<Batch>,
    spans: usize,
    lost: u64,
}

impl Queue {
    /// An empty one.
    pub fn new(settings: &Settings) -> Self {
        Self {
            most: settings.queue,
            batch: settings.batch,
            waiting: Mutex::default(),
            full: Notify::new(),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a span that has ended, or counts it as lost where as many wait as may.
    pub fn put(&self, span: &wire::Span) {
        let mut waiting = self.waiting();
        if waiting.spans >= self.most {
            waiting.lost += 1;
            return;
        }
        waiting.spans += 1;
        if waiting.batches.back().is_none_or(|batch| batch.spans >= self.batch) {
            waiting.batches.push_back(Batch::default());
        }
        if let Some(batch) = waiting.batches.back_mut() {
            wire::append(span, &mut batch.bytes);
            batch.spans += 1;
            if batch.spans >= self.batch {
                self.full.notify_one();
            }
        }
    }

    /// The next batch.
    pub fn take(&self) -> Option<Batch> {
        let mut waiting = self.waiting();
        let batch = waiting.batches.pop_front()?;
        waiting.spans -= batch.spans;
        Some(batch)
    }

    /// How many were lost here so far.
    pub fn lost(&self) -> u64 {
        self.waiting().lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_lost_and_counted() {
        let settings = Settings { queue: 5, batch: 2, ..Settings::of("http://c/v1/traces") };
        let queue = Queue::new(&settings);
        for _ in 0..7 {
            queue.put(&wire::Span::default());
        }
        assert_eq!(queue.lost(), 2);
        let taken: Vec<_> = std::iter::from_fn(|| queue.take()).map(|batch| batch.spans).collect();
        assert_eq!(taken, [2, 2, 1]);
        // There is room again.
        queue.put(&wire::Span::default());
        assert_eq!((queue.take().map(|batch| batch.spans), queue.lost()), (Some(1), 2));
    }
}
