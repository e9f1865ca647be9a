//! Clients: they send commands as long as there are tickets, to whichever host is open.

use crate::ledger::{Ask, Record};
use crate::rng::Rng;
use crate::trades::{Hand, Trade};
use madang_testing::Client;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a client waits before it looks again whether a host is open.
const LOOK: Duration = Duration::from_millis(5);

/// Where the hosts are that are open now.
#[derive(Debug, Default)]
pub struct Doors {
    urls: Mutex<Vec<Option<String>>>,
    losses: AtomicU64,
}

impl Doors {
    /// Where a host is from now on; none while it is away.
    pub fn set(&self, host: usize, url: Option<String>) {
        let mut doors = locked(&self.urls);
        if doors.len() <= host {
            doors.resize(host + 1, None);
        }
        doors[host] = url;
    }

    /// Has clients forget what they have in hand: it is lost, and others may be given its numbers.
    pub fn lose(&self) {
        self.losses.fetch_add(1, Ordering::SeqCst);
    }

    /// One that is open, once one is.
    pub fn pick(&self, rng: &mut Rng) -> String {
        loop {
            let open: Vec<String> = locked(&self.urls).iter().flatten().cloned().collect();
            if !open.is_empty() {
                return rng.pick(&open).clone();
            }
            thread::sleep(LOOK);
        }
    }
}

/// How many commands may be sent still.
#[derive(Debug, Default)]
pub struct Tickets {
    state: Mutex<Left>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Left {
    tickets: u64,
    busy: usize,
    apart: Option<&'static str>,
    is_over: bool,
}

impl Tickets {
    /// Gives out so many more.
    pub fn give(&self, tickets: u64) {
        locked(&self.state).tickets += tickets;
        self.changed.notify_all();
    }

    /// Has clients of a system wait, until it is another or none.
    pub fn keep_apart(&self, system: Option<&'static str>) {
        locked(&self.state).apart = system;
        self.changed.notify_all();
    }

    /// Waits until all that were given are used, and every answer is there.
    pub fn used(&self) {
        let mut left = locked(&self.state);
        while left.tickets > 0 || left.busy > 0 {
            left = self.changed.wait(left).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn take(&self, system: &'static str) -> bool {
        let mut left = locked(&self.state);
        while (left.tickets == 0 || left.apart == Some(system)) && !left.is_over {
            left = self.changed.wait(left).unwrap_or_else(PoisonError::into_inner);
        }
        let goes_on = !left.is_over;
        if goes_on {
            left.tickets -= 1;
            left.busy += 1;
        }
        goes_on
    }

    fn done(&self) {
        locked(&self.state).busy -= 1;
        self.changed.notify_all();
    }

    fn end(&self) {
        locked(&self.state).is_over = true;
        self.changed.notify_all();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has clients of each system at work while `act` goes on, which gives them tickets; then lets them
/// finish. Gives what they were told.
///
/// # Panics
/// With `act`.
pub fn at_work(
    doors: &Doors,
    trades: &[Box<dyn Trade>],
    clients: usize,
    rng: &mut Rng,
    act: impl FnOnce(&Tickets, &mut Rng),
) -> Vec<Record> {
    let tickets = Tickets::default();
    thread::scope(|scope| {
        let crowd: Vec<_> = (0..clients * trades.len())
            .map(|number| {
                let (tickets, rng) = (&tickets, rng.fork());
                let trade = trades[number % trades.len()].as_ref();
                scope.spawn(move || client(doors, trade, number, tickets, rng))
            })
            .collect();
        // After a panic, too, they have to end.
        let over = Over(&tickets);
        act(&tickets, rng);
        tickets.used();
        drop(over);
        let told = crowd.into_iter().map(|one| one.join());
        told.flat_map(|told| told.unwrap_or_else(|p| std::panic::resume_unwind(p))).collect()
    })
}

struct Over<'t>(&'t Tickets);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// A client of a system: what it has in hand, and what it was told.
#[derive(Debug)]
pub struct Visitor {
    name: String,
    hand: Hand,
    told: Vec<Record>,
}

impl Visitor {
    /// One who has nothing yet, with a name of its own for its sagas.
    pub fn new(number: usize, rng: &mut Rng) -> Self {
        let name = format!("{:x}-{number}", rng.below(u64::MAX));
        Self { name, hand: Hand::default(), told: Vec::new() }
    }

    /// What it does next, if anything.
    pub fn next(&mut self, trade: &dyn Trade, rng: &mut Rng, client: &Client) -> Option<Ask> {
        trade.next(&mut self.hand, rng, client)
    }

    /// Does it: what it knows then.
    pub fn send(&mut self, trade: &dyn Trade, client: &Client, ask: &Ask) -> &Record {
        let saga = format!("{}-{}", self.name, self.told.len());
        let client = client.with("x-correlation-id", saga.as_str());
        let answer = client.send(ask.method, &ask.path, ask.body.clone().map(Into::into));
        if let Ok(answer) = answer.as_ref()
            && answer.is_success()
        {
            trade.heard(&mut self.hand, ask, answer);
        }
        self.told.push(Record::new(trade.facts().name, saga, ask, &answer));
        &self.told[self.told.len() - 1]
    }

    /// All that it was told.
    pub fn told(self) -> Vec<Record> {
        self.told
    }
}

fn client(
    doors: &Doors,
    trade: &dyn Trade,
    number: usize,
    tickets: &Tickets,
    mut rng: Rng,
) -> Vec<Record> {
    let mut visitor = Visitor::new(number, &mut rng);
    let mut known: BTreeMap<String, Client> = BTreeMap::new();
    let mut losses = 0;
    while tickets.take(trade.facts().name) {
        let url = doors.pick(&mut rng);
        if losses != doors.losses.load(Ordering::SeqCst) {
            losses = doors.losses.load(Ordering::SeqCst);
            visitor.hand = Hand::default();
        }
        let client = known.entry(url.clone()).or_insert_with(|| Client::new(url));
        if let Some(ask) = visitor.next(trade, &mut rng, client) {
            visitor.send(trade, client, &ask);
        }
        tickets.done();
    }
    visitor.told()
}
