//! A host whose BookRent is measured from the outside, with what was put into it.

use crate::requests::{book, expect, get, number_in, post, rent, status_of_rent};
use anyhow::{Result, bail, ensure};
use hyper::StatusCode;
use madang_testing::{
    Host, HostBuilder,
    bookrent::BookRent,
    load::{self, Clients, End, Outcome},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    thread,
    time::{Duration, Instant},
};

/// Clients that fill it.
const FILLING: usize = 32;
/// Within this, everything that was begun has settled, or something is wrong.
const SETTLE_LIMIT: Duration = Duration::from_secs(120);
/// Between two looks at how far a consumer is.
const LOOK: Duration = Duration::from_millis(5);

/// See above.
pub struct Subject {
    host: Host,
    /// The books that were registered, those that are free at the end.
    free: Vec<u64>,
    registered: usize,
}

/// What came of a load.
pub struct Load {
    /// What it asked for.
    pub what: &'static str,
    outcome: Outcome,
}

impl Load {
    fn new(what: &'static str, outcome: Outcome) -> Result<Self> {
        ensure!(outcome.errors.is_empty(), "{what}: {:?}", outcome.errors);
        Ok(Self { what, outcome })
    }

    /// Answers per second.
    pub fn rate(&self) -> f64 {
        self.outcome.rate()
    }

    /// Milliseconds.
    pub fn p99(&self) -> f64 {
        self.outcome.percentile(0.99)
    }
}

impl Subject {
    /// Starts one with nothing in it.
    pub fn start(builder: HostBuilder) -> Self {
        Self { host: builder.start(), free: Vec::new(), registered: 0 }
    }

    fn shop(&self) -> BookRent<'_> {
        BookRent::of(&self.host)
    }

    fn clients(&self, number: usize, end: End) -> Clients {
        Clients::new(self.host.address(), number, end)
    }

    /// How many books it has.
    pub fn registered(&self) -> usize {
        self.registered
    }

    /// Registers so many free books.
    pub fn register(&mut self, count: usize) -> Result<()> {
        self.post_books("", FILLING, count).map(drop)
    }

    /// Registers so many free books as a load.
    pub fn post_books(&mut self, what: &'static str, clients: usize, count: usize) -> Result<Load> {
        let ids = Rc::new(RefCell::new(Vec::with_capacity(count)));
        let post = post(self.host.address(), "/bookrent/books", |number| book(number + 1));
        let clients = self.clients(clients, End::Requests(count));
        let outcome = load::run(&clients, post, {
            let ids = ids.clone();
            move |exchange| {
                let body = expect(StatusCode::CREATED, exchange)?;
                ids.borrow_mut().push(number_in(body, "id")?);
                Ok(())
            }
        })?;
        self.registered += count;
        self.free.append(&mut ids.borrow_mut());
        Load::new(what, outcome)
    }

    /// Rents so many free books; each has to be given.
    pub fn rent(&mut self, clients: usize, count: usize) -> Result<Load> {
        ensure!(self.free.len() >= count, "{} books are free, not {count}", self.free.len());
        let books = self.free.split_off(self.free.len() - count);
        let rented = Rc::new(Cell::new(0));
        let post = post(self.host.address(), "/bookrent/rents", move |number| rent(books[number]));
        let clients = self.clients(clients, End::Requests(count));
        let outcome = load::run(&clients, post, {
            let rented = rented.clone();
            move |exchange| {
                let body = expect(StatusCode::CREATED, exchange)?;
                rented.set(rented.get() + usize::from(status_of_rent(body)? == "Rent"));
                Ok(())
            }
        })?;
        ensure!(rented.get() == count, "{} of {count} free books were rented", rented.get());
        Load::new("POST a rent", outcome)
    }

    /// Reads what there is at these paths.
    pub fn get(
        &self,
        what: &'static str,
        clients: usize,
        time: Duration,
        path: impl Fn(usize) -> String + 'static,
    ) -> Result<Load> {
        let clients = self.clients(clients, End::After(time));
        let get = get(self.host.address(), path);
        let check = |exchange: &_| expect(StatusCode::OK, exchange).map(drop);
        Load::new(what, load::run(&clients, get, check)?)
    }

    /// Waits until every consumer has handled the whole log.
    pub fn settle(&self) {
        self.shop().settle_within(SETTLE_LIMIT);
    }

    /// Takes contexts down.
    pub fn down(&self, contexts: &[&str]) {
        self.shop().down_now(contexts);
    }

    /// Has contexts that were taken down catch up with the log: how many events they handle, and in how
    /// many seconds from the first.
    pub fn catch_up(&self, contexts: &[&str]) -> Result<(u64, f64)> {
        let shop = self.shop();
        shop.heal(contexts);
        let places = || -> (u64, u64) {
            let infos = contexts.iter().map(|context| shop.info(context));
            infos.fold((0, 0), |(lag, cursor), info| {
                let number = |name: &str| info[name].as_u64().unwrap_or_default();
                (lag + number("lag"), cursor + number("cursor"))
            })
        };
        let (mut begin, mut first) = (Instant::now(), places());
        while begin.elapsed() < SETTLE_LIMIT {
            let now = places();
            if now.1 == first.1 {
                // They do not know yet that they are up again.
                begin = begin.max(Instant::now() - LOOK);
                first = now;
            }
            if now.0 == 0 && now.1 > first.1 {
                return Ok((now.1 - first.1, begin.elapsed().as_secs_f64()));
            }
            thread::sleep(LOOK);
        }
        bail!("{} did not catch up", contexts.join(", "))
    }

    /// The bytes that Redis uses.
    pub fn redis_memory(&self) -> Result<f64> {
        let info: String = redis::cmd("INFO").arg("memory").query(&mut self.host.redis())?;
        let line = info.lines().find_map(|line| line.strip_prefix("used_memory:"));
        Ok(line.unwrap_or_default().trim().parse()?)
    }
}
