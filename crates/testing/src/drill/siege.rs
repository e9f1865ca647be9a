//! A load of real requests that goes on until it is lifted, and siege's figures of it.

use crate::requests::{Asking, kind};
use bytes::Bytes;
use hyper::Response;
use madang_testing::load::{self, Clients, End, Exchange};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// One request and what was answered.
#[derive(Clone, Debug)]
pub struct Record {
    /// The book that was asked for, where one was.
    pub book: Option<u64>,
    /// When it was sent.
    pub begin: Instant,
    /// How long it took until the answer was there, or was given up.
    pub time: Duration,
    /// What was answered: `201 Rent`, `503`, `no answer: …`.
    pub kind: String,
    /// The status, where there was an answer.
    pub status: Option<u16>,
    /// The id of what was made.
    pub id: Option<u64>,
    bytes: usize,
}

impl Record {
    fn new(exchange: &Exchange, book: Option<u64>) -> Self {
        let Exchange { begin, time, answer, .. } = exchange;
        let answered = answer.as_ref().ok();
        Self {
            book,
            begin: *begin,
            time: *time,
            kind: kind(answer),
            status: answered.map(|answer| answer.status().as_u16()),
            id: answered.filter(|answer| answer.status() == 201).and_then(id),
            bytes: answered.map_or(0, |answer| answer.body().len()),
        }
    }

    /// A record as a test needs it.
    #[cfg(test)]
    pub fn of(
        book: u64,
        begin: Instant,
        time: Duration,
        kind: &str,
        status: Option<u16>,
        id: Option<u64>,
    ) -> Self {
        Self { book: Some(book), begin, time, kind: kind.to_owned(), status, id, bytes: 0 }
    }

    /// Whether it counts as failed: no answer, or one that says the server failed.
    pub fn is_failed(&self) -> bool {
        self.status.is_none_or(|status| status >= 500)
    }
}

fn id(answer: &Response<Bytes>) -> Option<u64> {
    serde_json::from_slice::<serde_json::Value>(answer.body()).ok()?["id"].as_u64()
}

/// By how much a load may last longer than it was meant to, on a machine that is busy.
pub const SLACK: Duration = Duration::from_secs(5);

/// How many ask, how often, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    /// How many clients, each with a connection of its own.
    pub clients: usize,
    /// How long each waits after an answer before it asks again.
    pub pause: Duration,
    /// The address that they come from, if it matters.
    pub from: Option<IpAddr>,
}

impl Crowd {
    /// Clients that pause so many milliseconds.
    pub fn of(clients: usize, pause_ms: u64) -> Self {
        Self { clients, pause: Duration::from_millis(pause_ms), from: None }
    }

    /// The most requests that they can send in this time.
    pub fn most_in(self, time: Duration) -> usize {
        assert!(!self.pause.is_zero(), "clients without a pause have no most");
        let each = time.as_millis().div_ceil(self.pause.as_millis()) as usize;
        // One more: a request that is sent as soon as the load begins.
        self.clients * (each + 1)
    }
}

/// A load that is going on.
#[derive(Debug)]
pub struct Siege {
    name: String,
    told: Arc<AtomicBool>,
    records: Arc<Mutex<Vec<Record>>>,
    thread: Option<JoinHandle<anyhow::Result<load::Outcome>>>,
}

impl Siege {
    /// Lays siege to a server. It goes on until it is lifted, or there is nothing left to ask for.
    pub fn lay(name: impl Into<String>, server: SocketAddr, crowd: Crowd, asking: Asking) -> Self {
        let told: Arc<AtomicBool> = Arc::default();
        let records: Arc<Mutex<Vec<Record>>> = Arc::default();
        let end = match &asking {
            Asking::Rents(books) if crowd.pause.is_zero() => End::Requests(books.len()),
            _ => End::Told(Arc::clone(&told)),
        };
        let mut clients = Clients::new(server, crowd.clients, end).pausing(crowd.pause);
        if let Some(from) = crowd.from {
            clients = clients.from(from);
        }
        let thread = thread::spawn({
            let (records, asking) = (Arc::clone(&records), Arc::new(asking));
            move || {
                let asked = Arc::clone(&asking);
                let request = move |number| asked.request(number, server);
                load::run(&clients, request, move |exchange| {
                    let record = Record::new(exchange, asking.book(exchange.number));
                    lock(&records).push(record);
                    Ok(())
                })
            }
        });
        Self { name: name.into(), told, records, thread: Some(thread) }
    }

    /// Ends it, and gives what came of it.
    #[track_caller]
    pub fn lift(self) -> Phase {
        self.told.store(true, Ordering::Relaxed);
        self.finish()
    }

    /// Waits until it ends by itself: nothing is left to ask for.
    #[track_caller]
    pub fn finish(mut self) -> Phase {
        let thread = self.thread.take().expect("a siege is lifted once");
        let outcome = thread.join().expect("the load generator").expect("the load generator");
        let records = std::mem::take(&mut *lock(&self.records));
        Phase { name: self.name.clone(), elapsed: outcome.elapsed, records }
    }
}

impl Drop for Siege {
    fn drop(&mut self) {
        self.told.store(true, Ordering::Relaxed);
    }
}

fn lock(records: &Mutex<Vec<Record>>) -> MutexGuard<'_, Vec<Record>> {
    records.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A load that is over.
#[derive(Clone, Debug)]
pub struct Phase {
    /// What it was.
    pub name: String,
    /// Everything that was asked, in the order in which it ended.
    pub records: Vec<Record>,
    elapsed: Duration,
}

impl Phase {
    /// How often each kind of answer was given.
    pub fn kinds(&self) -> BTreeMap<&str, usize> {
        let mut kinds = BTreeMap::new();
        for record in &self.records {
            *kinds.entry(record.kind.as_str()).or_default() += 1;
        }
        kinds
    }

    /// How often this was answered.
    pub fn count(&self, kind: &str) -> usize {
        self.records.iter().filter(|record| record.kind == kind).count()
    }

    /// How often something else than these was answered.
    pub fn other_than(&self, kinds: &[&str]) -> usize {
        self.records.iter().filter(|record| !kinds.contains(&record.kind.as_str())).count()
    }

    /// siege's figures.
    pub fn figures(&self) -> Figures {
        let transactions: Vec<&Record> = self.records.iter().filter(|r| !r.is_failed()).collect();
        let times = || transactions.iter().map(|record| record.time);
        let is_successful = |record: &&&Record| record.status.is_some_and(|status| status < 400);
        Figures {
            transactions: transactions.len(),
            failed: self.records.len() - transactions.len(),
            successful: transactions.iter().filter(is_successful).count(),
            elapsed: self.elapsed.as_secs_f64(),
            megabytes: self.records.iter().map(|r| r.bytes).sum::<usize>() as f64 / 1_048_576.0,
            time: times().sum::<Duration>().as_secs_f64(),
            longest: times().max().unwrap_or_default().as_secs_f64(),
            shortest: times().min().unwrap_or_default().as_secs_f64(),
        }
    }
}

/// How many lines siege prints when it is lifted.
pub const LINES: usize = 12;

/// What siege prints when it is lifted, computed as siege does: a request that failed is no
/// transaction, one that is refused (4xx) is a transaction without success.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    transactions: usize,
    failed: usize,
    successful: usize,
    elapsed: f64,
    megabytes: f64,
    /// That all transactions took together, in seconds.
    time: f64,
    longest: f64,
    shortest: f64,
}

impl Figures {
    /// The share of requests that did not fail, in percent.
    pub fn availability(&self) -> f64 {
        share(self.transactions as f64 * 100.0, (self.transactions + self.failed) as f64)
    }

    /// siege's lines: name, unit, figure.
    pub fn lines(&self) -> [(&'static str, &'static str, String); LINES] {
        let per_second = |amount| share(amount, self.elapsed);
        let mean = share(self.time, self.transactions as f64);
        let two = |figure: f64| format!("{figure:.2}");
        [
            ("Transactions", "hits", self.transactions.to_string()),
            ("Availability", "%", two(self.availability())),
            ("Elapsed time", "secs", two(self.elapsed)),
            ("Data transferred", "MB", two(self.megabytes)),
            ("Response time", "secs", format!("{mean:.3}")),
            ("Transaction rate", "trans/sec", two(per_second(self.transactions as f64))),
            ("Throughput", "MB/sec", two(per_second(self.megabytes))),
            ("Concurrency", "", two(per_second(self.time))),
            ("Successful transactions", "", self.successful.to_string()),
            ("Failed transactions", "", self.failed.to_string()),
            ("Longest transaction", "secs", format!("{:.3}", self.longest)),
            ("Shortest transaction", "secs", format!("{:.3}", self.shortest)),
        ]
    }
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(status: Option<u16>, milliseconds: u64) -> Record {
        Record {
            book: None,
            begin: Instant::now(),
            time: Duration::from_millis(milliseconds),
            kind: status.map_or("no answer".to_owned(), |status| status.to_string()),
            status,
            id: None,
            bytes: 1_048_576,
        }
    }

    fn phase(records: Vec<Record>) -> Phase {
        let elapsed = Duration::from_secs(4);
        Phase { name: "test".to_owned(), records, elapsed }
    }

    #[test]
    fn figures_are_those_that_siege_prints() {
        let records = [(Some(201), 500), (Some(429), 100), (Some(503), 2000), (None, 9000)];
        let phase = phase(records.map(|(status, time)| record(status, time)).to_vec());
        let shown = phase.figures().lines().map(|(name, _, figure)| (name, figure));
        let shown: Vec<_> = shown.iter().map(|(name, figure)| (*name, figure.as_str())).collect();
        let expected = [
            ("Transactions", "2"),
            ("Availability", "50.00"),
            ("Elapsed time", "4.00"),
            ("Data transferred", "4.00"),
            ("Response time", "0.300"),
            ("Transaction rate", "0.50"),
            ("Throughput", "1.00"),
            ("Concurrency", "0.15"),
            ("Successful transactions", "1"),
            ("Failed transactions", "2"),
            ("Longest transaction", "0.500"),
            ("Shortest transaction", "0.100"),
        ];
        assert_eq!(shown, expected);
        assert_eq!((phase.count("503"), phase.other_than(&["201", "503"])), (1, 2));
    }

    #[test]
    fn availability_is_that_of_the_seeds_runs() {
        let figures = |transactions, failed| {
            Figures { transactions, failed, ..phase(Vec::new()).figures() }.availability()
        };
        assert_eq!(format!("{:.2}", figures(614, 1123)), "35.35");
        assert_eq!(format!("{:.2}", figures(39_737, 0)), "100.00");
        assert_eq!(figures(0, 0), 0.0);
    }

    #[test]
    fn a_crowd_sends_no_more_than_its_pauses_allow() {
        assert_eq!(Crowd::of(50, 100).most_in(Duration::from_millis(1001)), 50 * 12);
    }
}
