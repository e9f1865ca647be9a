//! How BookRent's figures grow: with the clients, with what is stored, with the components that run, and
//! with the consumers that read the log.

use crate::{
    figures::number,
    subject::{Load, Subject},
    table::{Scale, Table, publish},
};
use anyhow::{Result, ensure};
use madang_testing::{Backend, Host, procfs, repository, spin_manifest};
use std::{
    fs,
    time::{Duration, Instant},
};

/// How much is done.
struct Sizes {
    time: Duration,
    /// Rents for each client, and at most.
    rents: (usize, usize),
    stored: &'static [usize],
    starts: usize,
    events: usize,
}

const FULL: Sizes = Sizes {
    time: Duration::from_secs(3),
    rents: (300, 6_000),
    stored: &[1_000, 10_000, 100_000, 1_000_000],
    starts: 5,
    events: 10_000,
};
const SHORT: Sizes = Sizes {
    time: Duration::from_millis(300),
    rents: (10, 100),
    stored: &[100, 1_000],
    starts: 1,
    events: 200,
};

/// Measures all of it, and publishes the tables.
pub fn run(short: bool, write: bool) -> Result<()> {
    let sizes = if short { SHORT } else { FULL };
    let mut tables = Vec::from(with_clients(&sizes)?);
    tables.extend(with_stored(&sizes)?);
    tables.extend(with_components(&sizes)?);
    with_consumers(&sizes)?;
    publish(&[], &tables, repository(), write)
}

/// Two tables of the same measurements: rates, and the times of the slowest in a hundred.
fn of_loads(
    names: [&'static str; 2],
    titles: [&'static str; 2],
    x: (&'static str, Scale),
    measured: Vec<(f64, Vec<Load>)>,
) -> [Table; 2] {
    let columns: Vec<_> =
        measured.iter().take(1).flat_map(|(_, loads)| loads).map(|load| load.what).collect();
    let rows = |of: fn(&Load) -> f64| {
        measured.iter().map(|(x, loads)| (*x, loads.iter().map(of).collect())).collect()
    };
    let table = |at: usize, unit, rows| Table {
        name: names[at],
        title: titles[at],
        x,
        unit,
        columns: columns.clone(),
        rows,
    };
    [table(0, "/s", rows(Load::rate)), table(1, "ms", rows(Load::p99))]
}

fn with_clients(sizes: &Sizes) -> Result<[Table; 2]> {
    const CLIENTS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
    let mut subject = Subject::start(Host::builder().backend(Backend::Madang));
    let rents = |clients: usize| (clients * sizes.rents.0).min(sizes.rents.1);
    subject.register(CLIENTS.iter().map(|clients| rents(*clients)).sum::<usize>() + 1)?;
    subject.rent(1, 1)?;
    subject.settle();
    let mut measured = Vec::new();
    for clients in CLIENTS {
        let loads = vec![
            subject.get("GET a book", clients, sizes.time, |_| "/bookrent/books/1".to_owned())?,
            subject.get("GET a view", clients, sizes.time, |_| "/bookrent/views/1".to_owned())?,
            subject.rent(clients, rents(clients))?,
        ];
        measured.push((clients as f64, loads));
        // What the consumers owe would be the next round's.
        subject.settle();
    }
    Ok(of_loads(
        ["clients-rate", "clients-p99"],
        ["Answers, by the number of clients", "p99, by the number of clients"],
        ("clients", Scale::Logarithmic),
        measured,
    ))
}

fn with_stored(sizes: &Sizes) -> Result<Vec<Table>> {
    const CLIENTS: usize = 32;
    const PAGE: usize = 20;
    let mut subject = Subject::start(Host::builder().backend(Backend::Madang));
    let (mut measured, mut memory) = (Vec::new(), Vec::new());
    for stored in sizes.stored.iter().copied() {
        subject.register(stored.saturating_sub(subject.registered()))?;
        let there = subject.registered();
        // A stride that has no factor in common with a power of ten: every one once, in no order.
        let one = move |number: usize| format!("/bookrent/books/{}", number * 7_919 % there + 1);
        let page = move |number: usize| {
            format!("/bookrent/books?size={PAGE}&page={}", number * 7_919 % (there / PAGE))
        };
        let rents = sizes.rents.1 / 4;
        let loads = vec![
            subject.get("GET a book", CLIENTS, sizes.time, one)?,
            subject.get("GET 20 books", CLIENTS, sizes.time, page)?,
            subject.post_books("POST a book", CLIENTS, rents)?,
            subject.rent(CLIENTS, rents)?,
        ];
        measured.push((stored as f64, loads));
        subject.settle();
        memory.push((stored as f64, vec![subject.redis_memory()? / 1e6]));
    }
    let x = ("stored books", Scale::Logarithmic);
    let mut tables: Vec<_> = of_loads(
        ["stored-rate", "stored-p99"],
        ["Answers to 32 clients, by what is stored", "p99 with 32 clients, by what is stored"],
        x,
        measured,
    )
    .into();
    tables.push(Table {
        name: "stored-memory",
        title: "Memory of Redis, by what is stored",
        x,
        unit: "MB",
        columns: vec!["Redis"],
        rows: memory,
    });
    Ok(tables)
}

fn with_components(sizes: &Sizes) -> Result<[Table; 2]> {
    let manifest: toml::Table = toml::from_str(&fs::read_to_string(spin_manifest())?)?;
    let all: Vec<_> =
        manifest["component"].as_table().into_iter().flatten().map(|(id, _)| id).collect();
    ensure!(!all.is_empty(), "the manifest has no components");
    let (mut starts, mut memories) = (Vec::new(), Vec::new());
    for count in [1, 5, 10, 15, 20, all.len()] {
        let mut builder = Host::builder().backend(Backend::Madang).workers(2);
        for id in all.iter().take(count) {
            builder = builder.arg("--component-id").arg(id.as_str());
        }
        let mut host = builder.start();
        let mut times = Vec::new();
        for _ in 0..sizes.starts {
            host.stop();
            let begin = Instant::now();
            host.restart();
            times.push(begin.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        let running = host.running();
        let pids = running.workers.iter().chain(&running.trigger).chain([&running.pid]);
        let memories_now = pids.filter_map(|pid| procfs::memory(*pid));
        let bytes: u64 = memories_now.map(|memory| memory.pss).sum();
        starts.push((count as f64, vec![times[times.len() / 2]]));
        memories.push((count as f64, vec![bytes as f64 / 1e6]));
    }
    let table = |name, title, unit, column, rows| Table {
        name,
        title,
        x: ("components", Scale::Linear),
        unit,
        columns: vec![column],
        rows,
    };
    Ok([
        table(
            "components-start",
            "Start with a warm cache, Redis included, by components",
            "ms",
            "until it serves",
            starts,
        ),
        table(
            "components-memory",
            "Memory of an idle host of two workers, shared pages once, by components",
            "MB",
            "all processes",
            memories,
        ),
    ])
}

/// How fast consumers catch up that were down: one, another, and both at once.
fn with_consumers(sizes: &Sizes) -> Result<()> {
    const HEARING: [&str; 2] = ["delivery", "view"];
    println!("\nConsumers that were down catch up, of 32 clients' rents:");
    for consumers in [&HEARING[..1], &HEARING[1..], &HEARING] {
        let mut subject = Subject::start(Host::builder().backend(Backend::Madang));
        subject.register(sizes.events)?;
        subject.settle();
        subject.down(&HEARING);
        subject.rent(32, sizes.events)?;
        let (events, seconds) = subject.catch_up(consumers)?;
        let rate = events as f64 / seconds;
        let who = consumers.join(" and ");
        println!(
            "{who:<20}{:>8} events in {:>6} s: {:>8} /s",
            number(events as f64),
            number(seconds),
            number(rate)
        );
    }
    Ok(())
}
