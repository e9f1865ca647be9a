//! What is measured, one after the other.

use crate::figures::{Figures, number};
use crate::native;
use crate::requests::{book, expect, get, number_in, post, rent, status_of_rent};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use madang_testing::load::{self, Clients, End, Exchange, percentile};
use madang_testing::usage::Meter;
use madang_testing::{Client, Host, Redis, eventually, procfs, repository};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};
use std::{fs, thread};

type Boxed = Box<dyn Fn(usize) -> Request<Full<Bytes>>>;

const CONNECTIONS: usize = 32;
/// Within this, everything that was begun has settled, or something is wrong.
const SETTLE_LIMIT: Duration = Duration::from_secs(120);

/// How much is done.
#[derive(Clone, Copy)]
pub struct Sizes {
    get: Duration,
    warm_up: Duration,
    sagas: usize,
    rents: usize,
}

impl Sizes {
    /// Enough for figures that repeat.
    pub const FULL: Self = Self {
        get: Duration::from_secs(10),
        warm_up: Duration::from_secs(2),
        sagas: 300,
        rents: 25_000,
    };
    /// Enough to see that all of it works.
    pub const SHORT: Self = Self {
        get: Duration::from_secs(2),
        warm_up: Duration::from_millis(500),
        sagas: 50,
        rents: 3_000,
    };
}

/// A host that is being measured.
pub struct Bench {
    host: Host,
    sizes: Sizes,
    figures: Figures,
    address: SocketAddr,
    client: Client,
    books: Rc<RefCell<Vec<u64>>>,
    /// Answers per second, of a book and of rents.
    rates: (f64, f64),
}

impl Bench {
    /// Measures a host that serves and has no data yet.
    pub fn new(host: Host, sizes: Sizes, figures: Figures) -> Result<Self> {
        let (address, client) = (host.address(), host.client());
        Ok(Self { host, sizes, figures, address, client, books: Rc::default(), rates: (0.0, 0.0) })
    }

    /// Registers as many books as will be rented; the first is the one that is read.
    pub fn register_books(&mut self) -> Result<()> {
        let first = self.client.post("/bookrent/books", book(0)).expect(201).json();
        ensure!(first["id"] == 1, "the first book has another id than 1: {first}");

        let meter = Meter::start("register books", &self.host.running());
        let books = self.books.clone();
        let post = post(self.address, "/bookrent/books", |number| book(number + 1));
        let count = self.sizes.rents + self.sizes.sagas;
        let outcome =
            load::run(&clients(self.address, End::Requests(count)), post, move |exchange| {
                let body = expect(StatusCode::CREATED, exchange)?;
                books.borrow_mut().push(number_in(body, "id")?);
                Ok(())
            })?;
        self.figures.used(meter.stop());
        self.figures.note("POST /bookrent/books", format!("{} /s", number(outcome.rate())));
        self.figures.errors("POST /bookrent/books", &outcome);
        let registered = self.books.borrow().len();
        ensure!(registered == count, "{registered} of {count} books: {:?}", outcome.errors);
        Ok(())
    }

    /// One client rents and watches the view: how long until the delivery has started?
    pub fn sagas(&mut self) -> Result<()> {
        /// Short beside what is measured, yet it leaves the host a core of its own.
        const PAUSE: Duration = Duration::from_micros(500);
        let meter = Meter::start("sagas, one client", &self.host.running());
        let books = self.take_books(self.sizes.sagas);
        let mut times = Vec::new();
        for book_id in books {
            let answer = self.client.post("/bookrent/rents", rent(book_id)).expect(201).json();
            let begin = Instant::now();
            ensure!(answer["status"] == "Rent", "a free book was not rented: {answer}");
            let path = format!("/bookrent/views/search/findByRentId?rentId={}", answer["id"]);
            loop {
                let view = self.client.get(&path).expect(200).json();
                if view["_embedded"]["views"][0]["deliveryStatus"] == "Delivery Started" {
                    break;
                }
                ensure!(begin.elapsed() < SETTLE_LIMIT, "no delivery for {answer}: {view}");
                thread::sleep(PAUSE);
            }
            times.push(begin.elapsed());
        }
        self.figures.used(meter.stop());
        times.sort_unstable();
        let median = percentile(&times, 0.5);
        self.figures.below("201 to Delivery Started in the view, median", median, 15.0, "ms");
        self.figures.note("    p99", format!("{} ms", number(percentile(&times, 0.99))));
        Ok(())
    }

    /// Reads one book as fast as it is given.
    pub fn get(&mut self) -> Result<()> {
        const PATH: &str = "/bookrent/books/1";
        let book = self.client.get(PATH).expect(200).body;
        let address = self.address;
        let load = |time| {
            let book = book.clone();
            let get = get(address, |_| PATH.to_owned());
            let check = move |exchange: &Exchange| {
                let body = expect(StatusCode::OK, exchange)?;
                if body == book { Ok(()) } else { Err("another book".to_owned()) }
            };
            load::run(&clients(address, End::After(time)), get, check)
        };
        load(self.sizes.warm_up)?;
        let meter = Meter::start("GET /bookrent/books/1", &self.host.running());
        let outcome = load(self.sizes.get)?;
        self.figures.used(meter.stop());
        self.figures.load("GET /bookrent/books/1", &outcome, 12_000.0);
        self.rates.0 = outcome.rate();
        Ok(())
    }

    /// Rents a free book with each request, and waits until all that follows from it has happened.
    pub fn rents(&mut self) -> Result<()> {
        const WHAT: &str = "POST /bookrent/rents";
        let before = self.count("/bookrent/deliveries")?;
        let books = self.take_books(self.sizes.rents);
        let rented = Rc::new(Cell::new(0_usize));
        let counted = rented.clone();
        let meter = Meter::start(WHAT, &self.host.running());
        let post = post(self.address, "/bookrent/rents", move |number| rent(books[number]));
        let clients = clients(self.address, End::Requests(self.sizes.rents));
        let outcome = load::run(&clients, post, move |exchange| {
            let body = expect(StatusCode::CREATED, exchange)?;
            counted.set(counted.get() + usize::from(status_of_rent(body)? == "Rent"));
            Ok(())
        })?;
        self.figures.used(meter.stop());
        let end = Instant::now();
        self.figures.load(WHAT, &outcome, 2_500.0);
        self.rates.1 = outcome.rate();
        let share = 100.0 * rented.get() as f64 / outcome.times.len().max(1) as f64;
        self.figures.note("    ended as Rent", format!("{} %", number(share)));

        let meter = Meter::start("deliveries of those rents", &self.host.running());
        for collection in ["/bookrent/deliveries", "/bookrent/views"] {
            eventually(SETTLE_LIMIT, || {
                let there =
                    self.count(collection).map_err(|e| e.to_string())?.saturating_sub(before);
                let missing = format!("{there} of {} in {collection}", rented.get());
                if there >= rented.get() { Ok(()) } else { Err(missing) }
            });
        }
        self.figures.used(meter.stop());
        let settled = end.elapsed().as_secs_f64();
        self.figures.note("    all delivered and viewed after", format!("{} s", number(settled)));
        Ok(())
    }

    /// Has the native server answer the same, with nobody who hears its events.
    pub fn ceiling(&mut self) -> Result<()> {
        let redis = Redis::start();
        // As the host starts its own.
        let fsync = ["SET", "appendfsync", "everysec"];
        redis::cmd("CONFIG").arg(&fsync).exec(&mut redis.connect())?;
        let server = native::start(&redis.url())?;
        let rents = self.sizes.rents;
        let load = |request, end, status: StatusCode| {
            let check = move |exchange: &Exchange| expect(status, exchange).map(drop);
            let outcome = load::run(&clients(server.address, end), request, check)?;
            ensure!(outcome.errors.is_empty(), "the native server: {:?}", outcome.errors);
            Ok(outcome.rate())
        };
        let boxed = |path, body: fn(usize) -> Value| -> Boxed {
            Box::new(post(server.address, path, body))
        };
        let books = boxed("/bookrent/books", |number| book(number + 1));
        load(books, End::Requests(rents), StatusCode::CREATED)?;
        let get: Boxed = Box::new(get(server.address, |_| "/bookrent/books/1".to_owned()));
        let read = load(get, End::After(self.sizes.get), StatusCode::OK)?;
        let post = boxed("/bookrent/rents", |number| rent(number as u64 + 1));
        let rented = load(post, End::Requests(rents), StatusCode::CREATED)?;
        for (what, native, own) in [
            ("GET /bookrent/books/1", read, self.rates.0),
            ("POST /bookrent/rents", rented, self.rates.1),
        ] {
            self.figures.note(format!("a native server: {what}"), format!("{} /s", number(native)));
            let share = 100.0 * own / native;
            self.figures.note("    of which the contexts reach", format!("{} %", number(share)));
        }
        Ok(())
    }

    /// Prints the table, and gives back how many errors there were.
    pub fn report(mut self) -> u64 {
        self.figures.memory();
        let workers = self.host.running().workers;
        let memories = workers.iter().filter_map(|pid| Some(procfs::memory(*pid)?.rss));
        let largest = memories.max().unwrap_or_default() as f64 / 1e6;
        self.figures.below("    the worker that has most", largest, 100.0, "MB");
        let errors = self.figures.print();
        self.host.stop();
        errors
    }

    fn take_books(&self, n: usize) -> Vec<u64> {
        let mut books = self.books.borrow_mut();
        let rest = books.len().saturating_sub(n);
        books.split_off(rest)
    }

    fn count(&self, collection: &str) -> Result<usize> {
        let page = self.client.get(&format!("{collection}?size=1")).expect(200).json();
        let total = page["page"]["totalElements"].as_u64().context("page.totalElements")?;
        Ok(usize::try_from(total)?)
    }
}

/// The components' sizes, as they are on disk.
pub fn component_sizes(figures: &mut Figures) -> Result<()> {
    let directory = repository().join("target/wasm32-wasip2/component");
    let files = fs::read_dir(&directory).with_context(|| directory.display().to_string())?;
    let mut paths: Vec<PathBuf> = files.map(|file| Ok(file?.path())).collect::<Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    paths.sort();
    ensure!(!paths.is_empty(), "no components in {}", directory.display());
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().replace('_', "-");
        let kilobytes = fs::metadata(&path)?.len() as f64 / 1e3;
        figures.below(format!("size of {name}"), kilobytes, 512.0, "KB");
    }
    Ok(())
}

fn clients(server: SocketAddr, end: End) -> Clients {
    Clients::new(server, CONNECTIONS, end)
}
