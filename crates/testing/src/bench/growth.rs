//! How BookRent's figures grow: with what is stored, and with the components that run.

use crate::{
    site::Site,
    systems::{BookRentals, CLIENTS, Desk, Trade},
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
    /// Rents for each size.
    rents: usize,
    stored: &'static [usize],
    starts: usize,
}

const FULL: Sizes = Sizes { rents: 3_000, stored: &[1_000, 10_000, 100_000, 1_000_000], starts: 5 };
const SHORT: Sizes = Sizes { rents: 25, stored: &[100, 1_000], starts: 1 };

/// What is measured at several values of one quantity.
type Rows = Vec<(f64, Vec<f64>)>;

/// Measures all of it, and publishes the tables.
pub fn run(short: bool, write: bool) -> Result<()> {
    let sizes = if short { SHORT } else { FULL };
    let mut tables = Vec::from(with_stored(&sizes)?);
    tables.extend(with_components(&sizes)?);
    publish(&[], &tables, repository(), write)
}

fn table(
    name: &'static str,
    title: &'static str,
    x: (&'static str, Scale),
    unit: &'static str,
    column: &str,
    rows: Rows,
) -> Table {
    Table { name, title, x, unit, columns: vec![column.to_owned()], in_pairs: false, rows }
}

fn with_stored(sizes: &Sizes) -> Result<[Table; 3]> {
    let (site, mut trade) = (Site::host(), BookRentals::default());
    // Nothing is only read.
    let desk = Desk::new(&site, 0, Duration::ZERO);
    let (mut rates, mut p99s, mut memory) = (Rows::new(), Rows::new(), Rows::new());
    let mut there = 0;
    for stored in sizes.stored.iter().copied() {
        let missing = stored.saturating_sub(there);
        trade.supply(&desk, missing)?;
        there += missing;
        let rents = desk.load(CLIENTS, trade.main(sizes.rents.min(there)))?.1;
        rates.push((stored as f64, vec![rents.rate()]));
        p99s.push((stored as f64, vec![rents.p99()]));
        trade.settle(&site)?;
        memory.push((stored as f64, vec![redis_memory(&site)? / 1e6]));
    }
    let x = ("stored books", Scale::Logarithmic);
    Ok([
        table(
            "stored-rate",
            "Rents of 32 clients, by what is stored",
            x,
            "/s",
            "POST a rent",
            rates,
        ),
        table(
            "stored-p99",
            "p99 of rents of 32 clients, by what is stored",
            x,
            "ms",
            "POST a rent",
            p99s,
        ),
        table("stored-memory", "Memory of Redis, by what is stored", x, "MB", "Redis", memory),
    ])
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
    let x = ("components", Scale::Linear);
    Ok([
        table(
            "components-start",
            "Start with a warm cache, Redis included, by components",
            x,
            "ms",
            "until it serves",
            starts,
        ),
        table(
            "components-memory",
            "Memory of an idle host of two workers, shared pages once, by components",
            x,
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
