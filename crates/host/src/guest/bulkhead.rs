//! How many requests a component may have at work at once. What comes over that waits in a queue of
//! the same length, in order; what comes over the queue is turned away at once. So one overloaded
//! component takes neither the memory nor the places of its neighbours.

use crate::seldom::Seldom;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use std::time::Duration;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

/// How far apart the log lines of a component that sheds are.
const LINE: Duration = Duration::from_secs(1);

/// A component's places in this process, and those who wait for them.
#[derive(Debug)]
pub struct Bulkhead {
    capacity: usize,
    places: Arc<Semaphore>,
    queue: Semaphore,
    /// What was turned away.
    pub shed: Shed,
}

/// Why there is no place.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The queue is full.
    Full,
    /// Waiting took too long.
    Late,
}

impl Bulkhead {
    /// With `capacity` places and as long a queue.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            places: Arc::new(Semaphore::new(capacity)),
            queue: Semaphore::new(capacity),
            shed: Shed::default(),
        }
    }

    /// Takes a place, held until what is returned is dropped; waits for one no longer than `until`.
    pub async fn enter(&self, until: Instant) -> Result<OwnedSemaphorePermit, Refusal> {
        // The first try costs no timer. It passes nobody: a place that is given back is the first
        // waiter's already.
        if let Ok(place) = self.places.clone().try_acquire_owned() {
            return Ok(place);
        }
        let _waiting = self.queue.try_acquire().map_err(|_| Refusal::Full)?;
        match timeout_at(until, self.places.clone().acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Refusal::Late),
        }
    }

    /// Requests at work.
    pub fn at_work(&self) -> usize {
        self.capacity - self.places.available_permits()
    }

    /// Requests that wait.
    pub fn waiting(&self) -> usize {
        self.capacity - self.queue.available_permits()
    }
}

/// How many of a component's requests were turned away.
#[derive(Debug)]
pub struct Shed {
    here: Seldom,
    elsewhere: AtomicU64,
}

impl Default for Shed {
    fn default() -> Self {
        Self { here: Seldom::new(LINE), elsewhere: AtomicU64::default() }
    }
}

impl Shed {
    /// Counts one. Tells whether it is time for a log line.
    pub fn count(&self) -> bool {
        self.here.count().is_some()
    }

    /// By this process.
    pub fn here(&self) -> u64 {
        self.here.total()
    }

    /// By the whole application since it was started.
    pub fn total(&self) -> u64 {
        self.here() + self.elsewhere.load(Ordering::Relaxed)
    }

    /// Takes note of what the other processes turned away.
    pub fn set_elsewhere(&self, count: u64) {
        self.elsewhere.store(count, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{sync::mpsc, task::yield_now};

    fn far() -> Instant {
        Instant::now() + Duration::from_secs(3600)
    }

    /// Starts a request that tells its number when it has a place, and gives it back then.
    async fn request(bulkhead: &Arc<Bulkhead>, number: u32, served: &mpsc::UnboundedSender<u32>) {
        let (bulkhead, served) = (bulkhead.clone(), served.clone());
        tokio::spawn(async move {
            let _place = bulkhead.enter(far()).await.unwrap();
            served.send(number).unwrap();
        });
        yield_now().await;
    }

    #[tokio::test]
    async fn those_who_wait_are_served_in_order_and_the_rest_turned_away() {
        let bulkhead = Arc::new(Bulkhead::new(3));
        let (served, mut order) = mpsc::unbounded_channel();
        let places: Vec<_> =
            [(); 3].map(|()| bulkhead.places.clone().try_acquire_owned().unwrap()).into();
        for number in 1..=3 {
            request(&bulkhead, number, &served).await;
        }
        assert_eq!((bulkhead.at_work(), bulkhead.waiting()), (3, 3));
        assert_eq!(bulkhead.enter(far()).await.unwrap_err(), Refusal::Full);
        drop(places);
        // Newcomers do not pass those who wait.
        request(&bulkhead, 4, &served).await;
        for number in 1..=4 {
            assert_eq!(order.recv().await, Some(number));
        }
        yield_now().await;
        assert_eq!((bulkhead.at_work(), bulkhead.waiting()), (0, 0));
    }

    #[tokio::test]
    async fn who_waits_too_long_leaves_the_queue_without_a_place() {
        let bulkhead = Bulkhead::new(1);
        let place = bulkhead.enter(far()).await.unwrap();
        assert_eq!(bulkhead.enter(Instant::now()).await.unwrap_err(), Refusal::Late);
        assert_eq!((bulkhead.at_work(), bulkhead.waiting()), (1, 0));
        drop(place);
        // A free place is given even to who is late: only waiting has an end.
        drop(bulkhead.enter(Instant::now()).await.unwrap());
    }

    #[tokio::test]
    async fn who_goes_away_leaves_the_queue() {
        let bulkhead = Arc::new(Bulkhead::new(1));
        let place = bulkhead.enter(far()).await.unwrap();
        let (served, mut order) = mpsc::unbounded_channel();
        let gone = tokio::spawn({
            let bulkhead = bulkhead.clone();
            async move { bulkhead.enter(far()).await.map(drop) }
        });
        yield_now().await;
        assert_eq!(bulkhead.waiting(), 1);
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        assert_eq!(bulkhead.waiting(), 0);
        request(&bulkhead, 1, &served).await;
        drop(place);
        assert_eq!(order.recv().await, Some(1));
    }

    #[test]
    fn what_is_shed_is_counted_here_and_elsewhere() {
        let shed = Shed::default();
        assert!(shed.count(), "the first is worth a line");
        assert!(!shed.count(), "the next one not yet");
        shed.set_elsewhere(40);
        assert_eq!((shed.here(), shed.total()), (2, 42));
    }
}
