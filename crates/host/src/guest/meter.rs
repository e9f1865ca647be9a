//! What a process counts of each component, for whoever watches the application. Counting is a
//! few additions to numbers in memory; sums are made by the supervisor, when it is asked.

use super::{failure::Failure, state::Guest};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// The classes of answers: `1xx` to `5xx`, and `gone` where the client did not wait for one.
pub const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "gone"];

/// The durations that are told apart, in microseconds; one place more is for what took longer.
pub const BOUNDS: [u64; 13] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000,
];

/// How something ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ends<T = u64> {
    /// Well.
    pub ok: T,
    /// With an error.
    pub failed: T,
}

/// What was counted of one component.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure<T = u64> {
    /// Requests by [`CLASSES`], of clients and neighbours. Questions how the component is are not
    /// counted: there are more of them than users' requests.
    pub requests: [T; CLASSES.len()],
    /// Requests by how long it took until the answer began, see [`BOUNDS`].
    pub durations: [T; BOUNDS.len() + 1],
    /// How long these took together, in microseconds.
    pub micros: T,
    /// Messages of Redis channels that were handled.
    pub messages: Ends<T>,
    /// Instances that trapped.
    pub traps: T,
    /// Instances that were stopped because they took longer than they may.
    pub timeouts: T,
    /// Redis commands.
    pub redis: Ends<T>,
    /// HTTP requests to others. Every answer is a good end, whatever its status.
    pub http: Ends<T>,
    /// Instances that live now.
    pub instances: T,
    /// The most instances that lived at once in one process.
    pub peak: T,
}

/// Measures by component.
pub type Measures = BTreeMap<String, Measure>;

/// What one process counts of one component.
pub type Meter = Measure<AtomicU64>;

impl<T> Ends<T> {
    fn at(&self, ok: bool) -> &T {
        if ok { &self.ok } else { &self.failed }
    }
}

impl Meter {
    /// A request begins; it is counted when what is returned is dropped.
    pub fn request<'a>(self: &'a Meter) -> Counted<'a> {
        Counted { meter: self, began: Instant::now(), status: None }
    }

    /// Counts a message that was handled.
    pub fn message(&self, ok: bool) {
        add(self.messages.at(ok));
    }

    /// Counts a Redis command.
    pub fn redis(&self, ok: bool) {
        add(self.redis.at(ok));
    }

    /// Counts an HTTP request to others.
    pub fn http(&self, ok: bool) {
        add(self.http.at(ok));
    }

    /// Counts an instance that ended badly by itself.
    pub fn failure(&self, failure: &Failure) {
        match failure {
            Failure::Trap(_) => add(&self.traps),
            Failure::TimedOut => add(&self.timeouts),
            _ => {}
        }
    }

    /// The counts so far.
    pub fn read(&self) -> Measure {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let ends = |ends: &Ends<AtomicU64>| Ends { ok: read(&ends.ok), failed: read(&ends.failed) };
        Measure {
            requests: self.requests.each_ref().map(read),
            durations: self.durations.each_ref().map(read),
            micros: read(&self.micros),
            messages: ends(&self.messages),
            traps: read(&self.traps),
            timeouts: read(&self.timeouts),
            redis: ends(&self.redis),
            http: ends(&self.http),
            instances: read(&self.instances),
            peak: read(&self.peak),
        }
    }
}

fn add(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

impl Measure {
    /// Adds what another process has counted.
    pub fn add(&mut self, other: &Self) {
        let sum = |sum: &mut [u64], more: &[u64]| {
            sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        };
        sum(&mut self.requests, &other.requests);
        sum(&mut self.durations, &other.durations);
        for (ends, more) in [
            (&mut self.messages, &other.messages),
            (&mut self.redis, &other.redis),
            (&mut self.http, &other.http),
        ] {
            ends.ok += more.ok;
            ends.failed += more.failed;
        }
        self.micros += other.micros;
        self.traps += other.traps;
        self.timeouts += other.timeouts;
        self.instances += other.instances;
        self.peak = self.peak.max(other.peak);
    }
}

/// A request that is under way.
pub struct Counted<'a> {
    meter: &'a Meter,
    began: Instant,
    status: Option<StatusCode>,
}

impl Counted<'_> {
    /// Takes note of its answer.
    pub fn answered(mut self, status: StatusCode) {
        self.status = Some(status);
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        let class = match self.status {
            Some(status) => usize::from(status.as_u16() / 100).clamp(1, 5) - 1,
            None => CLASSES.len() - 1,
        };
        let took = micros(self.began.elapsed());
        add(&self.meter.requests[class]);
        add(&self.meter.durations[BOUNDS.partition_point(|bound| *bound < took)]);
        self.meter.micros.fetch_add(took, Ordering::Relaxed);
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Counts an instance of a component for as long as it lives.
pub struct Alive(Arc<Guest>);

impl Alive {
    /// An instance begins to live.
    pub fn new(guest: Arc<Guest>) -> Self {
        let now = guest.meter.instances.fetch_add(1, Ordering::Relaxed) + 1;
        guest.meter.peak.fetch_max(now, Ordering::Relaxed);
        Self(guest)
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.meter.instances.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_counted_once_whatever_becomes_of_it() {
        let meter = Meter::default();
        meter.request().answered(StatusCode::CREATED);
        meter.request().answered(StatusCode::SERVICE_UNAVAILABLE);
        meter.request().answered(StatusCode::from_u16(999).unwrap());
        drop(meter.request());
        let counted = meter.read();
        assert_eq!(counted.requests, [0, 1, 0, 0, 2, 1]);
        assert_eq!(counted.durations.iter().sum::<u64>(), 4);
    }

    #[test]
    fn a_duration_belongs_to_the_first_bound_that_holds_it() {
        let place = |took: u64| BOUNDS.partition_point(|bound| *bound < took);
        assert_eq!([0, 1_000, 1_001, 10_000_000].map(place), [0, 0, 1, 12]);
        assert_eq!(place(u64::MAX), BOUNDS.len());
    }

    #[test]
    fn sums_are_sums_and_the_peak_is_the_highest() {
        let one = Measure { traps: 1, instances: 2, peak: 7, ..Measure::default() };
        let mut sum = Measure { traps: 2, instances: 1, peak: 3, ..Measure::default() };
        sum.add(&one);
        assert_eq!(sum, Measure { traps: 3, instances: 3, peak: 7, ..Measure::default() });
    }
}
