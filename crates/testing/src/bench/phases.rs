//! What is measured, one after the other.

use crate::figures::{Figures, number};
use crate::native;
use crate::requests::{book, expect, get, post, rent};
use crate::site::Site;
use crate::systems::{BookRentals, CLIENTS, Desk, Trade, sagas};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use madang_testing::load::{self, Clients, End, Exchange, percentile};
use madang_testing::usage::Meter;
use madang_testing::{Host, Redis, procfs, repository};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

type Boxed = Box<dyn Fn(usize) -> Request<Full<Bytes>>>;

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
    site: Site,
    trade: BookRentals,
    sizes: Sizes,
    figures: Figures,
    /// Answers per second, of a book and of rents.
    rates: (f64, f64),
}

impl Bench {
    /// Measures a host that serves and has no data yet.
    pub fn new(host: Host, sizes: Sizes, figures: Figures) -> Self {
        let (site, trade) = (Site::on(host), BookRentals::default());
        Self { site, trade, sizes, figures, rates: (0.0, 0.0) }
    }

    fn meter(&mut self, phase: &'static str) -> Result<Meter> {
        let host = self.site.as_host().context("what is measured is no host")?;
        Ok(Meter::start(phase, &host.running()))
    }

    fn desk(&self, reads: Duration) -> Desk<'_> {
        Desk::new(&self.site, 0, reads)
    }

    /// Registers as many books as will be rented; the first is the one that is read.
    pub fn register_books(&mut self) -> Result<()> {
        let meter = self.meter("register books")?;
        let books = self.trade.create(self.sizes.rents);
        let (books, measured) = self.desk(Duration::ZERO).load(CLIENTS, books)?;
        self.figures.used(meter.stop());
        self.trade.free(books);
        self.figures.note(measured.what, format!("{} /s", number(measured.rate())));
        Ok(())
    }

    /// One client rents and watches the view: how long until the delivery has started?
    pub fn sagas(&mut self) -> Result<()> {
        let meter = self.meter("sagas, one client")?;
        let times = sagas::times(&mut self.trade, &self.site, self.sizes.sagas)?;
        self.figures.used(meter.stop());
        let median = percentile(&times, 0.5);
        self.figures.below("201 to Delivery Started in the view, median", median, 15.0, "ms");
        self.figures.note("    p99", format!("{} ms", number(percentile(&times, 0.99))));
        Ok(())
    }

    /// Reads one book as fast as it is given.
    pub fn get(&mut self) -> Result<()> {
        const PATH: &str = "/bookrent/books/1";
        const WHAT: &str = "GET /bookrent/books/1";
        let book = self.site.client.get(PATH).expect(200).text();
        let asked = move |_| (PATH.to_owned(), book.clone());
        self.desk(self.sizes.warm_up).reads(CLIENTS, WHAT, asked.clone())?;
        let meter = self.meter(WHAT)?;
        let measured = self.desk(self.sizes.get).reads(CLIENTS, WHAT, asked)?;
        self.figures.used(meter.stop());
        self.figures.load(WHAT, &measured.outcome, 12_000.0);
        self.rates.0 = measured.rate();
        Ok(())
    }

    /// Rents a free book with each request, and waits until all that follows from it has happened.
    pub fn rents(&mut self) -> Result<()> {
        let rents = self.trade.main(self.sizes.rents);
        let meter = self.meter("POST /bookrent/rents")?;
        let (_, measured) = self.desk(Duration::ZERO).load(CLIENTS, rents)?;
        self.figures.used(meter.stop());
        let end = Instant::now();
        self.figures.load(measured.what, &measured.outcome, 2_500.0);
        self.rates.1 = measured.rate();
        let meter = self.meter("deliveries of those rents")?;
        self.trade.settle(&self.site)?;
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
            let outcome = load::run(&Clients::new(server.address, CLIENTS, end), request, check)?;
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

    /// Prints the table, and stops the host.
    pub fn report(mut self) -> Result<()> {
        self.figures.memory();
        let host = self.site.as_host().context("what is measured is no host")?;
        let workers = host.running().workers;
        let memories = workers.iter().filter_map(|pid| Some(procfs::memory(*pid)?.rss));
        let largest = memories.max().unwrap_or_default() as f64 / 1e6;
        self.figures.below("    the worker that has most", largest, 100.0, "MB");
        self.figures.print();
        host.stop();
        Ok(())
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
