//! How BookRent's figures grow: with the clients, with what is stored, and with the components that run.

use crate::{
    site::Site,
    systems::{BookRentals, CLIENTS, Desk, Measured, Trade},
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
}

const FULL: Sizes = Sizes {
    time: Duration::from_secs(3),
    rents: (300, 6_000),
    stored: &[1_000, 10_000, 100_000, 1_000_000],
    starts: 5,
};
const SHORT: Sizes =
    Sizes { time: Duration::from_millis(300), rents: (10, 100), stored: &[100, 1_000], starts: 1 };

/// Measures all of it, and publishes the tables.
pub fn run(short: bool, write: bool) -> Result<()> {
    let sizes = if short { SHORT } else { FULL };
    let mut tables = Vec::from(with_clients(&sizes)?);
    tables.extend(with_stored(&sizes)?);
    tables.extend(with_components(&sizes)?);
    publish(&[], &tables, repository(), write)
}

/// Two tables of the same measurements: rates, and the times of the slowest in a hundred.
fn of_loads(
    names: [&'static str; 2],
    titles: [&'static str; 2],
    x: (&'static str, Scale),
    measured: Vec<(f64, Vec<Measured>)>,
) -> [Table; 2] {
    let columns: Vec<_> = measured
        .iter()
        .take(1)
        .flat_map(|(_, loads)| loads)
        .map(|load| load.what.to_owned())
        .collect();
    let rows = |of: fn(&Measured) -> f64| {
        measured.iter().map(|(x, loads)| (*x, loads.iter().map(of).collect())).collect()
    };
    let table = |at: usize, unit, rows| Table {
        name: names[at],
        title: titles[at],
        x,
        unit,
        columns: columns.clone(),
        in_pairs: false,
        rows,
    };
    [table(0, "/s", rows(Measured::rate)), table(1, "ms", rows(Measured::p99))]
}

fn with_clients(sizes: &Sizes) -> Result<[Table; 2]> {
    const CLIENTS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
    let (site, mut trade) = (Site::host(), BookRentals::default());
    let desk = Desk::new(&site, 0, sizes.time);
    let rents = |clients: usize| (clients * sizes.rents.0).min(sizes.rents.1);
    trade.supply(&desk, CLIENTS.iter().map(|clients| rents(*clients)).sum::<usize>() + 1)?;
    desk.load(1, trade.main(1))?;
    trade.settle(&site)?;
    let first = |collection| move |_| (format!("/bookrent/{collection}/1"), "\"id\":1,".to_owned());
    let mut measured = Vec::new();
    for clients in CLIENTS {
        let loads = vec![
            desk.reads(clients, "GET a book", first("books"))?,
            desk.reads(clients, "GET a view", first("views"))?,
            desk.load(clients, trade.main(rents(clients)))?.1.named("POST a rent"),
        ];
        measured.push((clients as f64, loads));
        // What the consumers owe would be the next round's.
        trade.settle(&site)?;
    }
    Ok(of_loads(
        ["clients-rate", "clients-p99"],
        ["Answers, by the number of clients", "p99, by the number of clients"],
        ("clients", Scale::Logarithmic),
        measured,
    ))
}

fn with_stored(sizes: &Sizes) -> Result<Vec<Table>> {
    const PAGE: usize = 20;
    let (site, mut trade) = (Site::host(), BookRentals::default());
    let desk = Desk::new(&site, 0, sizes.time);
    let (mut measured, mut memory, mut there) = (Vec::new(), Vec::new(), 0);
    for stored in sizes.stored.iter().copied() {
        let missing = stored.saturating_sub(there);
        trade.supply(&desk, missing)?;
        there += missing;
        let (books, rents) = (there, sizes.rents.1 / 4);
        // A stride that has no factor in common with a power of ten: every one once, in no order.
        let one = move |number: usize| {
            let id = number * 7_919 % books + 1;
            (format!("/bookrent/books/{id}"), format!("\"id\":{id},"))
        };
        let page = move |number: usize| {
            let page = number * 7_919 % (books / PAGE);
            let path = format!("/bookrent/books?size={PAGE}&page={page}");
            (path, format!("\"totalElements\":{books},"))
        };
        let item = desk.reads(CLIENTS, "GET a book", one)?;
        let page = desk.reads(CLIENTS, "GET 20 books", page)?;
        let (more, create) = desk.load(CLIENTS, trade.create(rents))?;
        trade.free(more);
        there += rents;
        let rent = desk.load(CLIENTS, trade.main(rents))?.1.named("POST a rent");
        measured.push((stored as f64, vec![item, page, create.named("POST a book"), rent]));
        trade.settle(&site)?;
        memory.push((stored as f64, vec![redis_memory(&site)? / 1e6]));
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
        columns: vec!["Redis".to_owned()],
        in_pairs: false,
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
    let table = |name, title, unit, column: &str, rows| Table {
        name,
        title,
        x: ("components", Scale::Linear),
        unit,
        columns: vec![column.to_owned()],
        in_pairs: false,
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

/// The bytes that Redis uses.
fn redis_memory(site: &Site) -> Result<f64> {
    let info: String = redis::cmd("INFO").arg("memory").query(&mut site.redis())?;
    let line = info.lines().find_map(|line| line.strip_prefix("used_memory:"));
    Ok(line.unwrap_or_default().trim().parse()?)
}
