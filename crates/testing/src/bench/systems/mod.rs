//! All systems on the host, beside the same contexts as one native server: every command and read that people
//! have, how long a saga takes, how fast consumers are, and how all that grows.

mod bookrent;
mod consumers;
mod desk;
mod growth;
mod kvaccine;
mod lecture;
mod outerpark;
mod professor;
mod requests;
pub mod sagas;
mod trade;

use crate::table::publish;
use anyhow::Result;
use madang_testing::repository;
use std::time::{Duration, Instant};

pub use bookrent::BookRentals;
pub use desk::{CLIENTS, Desk};
pub use trade::Trade;

/// How much is done.
pub struct Sizes {
    /// Of each kind of command.
    commands: usize,
    /// How long each read goes on.
    reads: Duration,
    sagas: usize,
    /// Commands that tell what consumers catch up with.
    events: usize,
    /// Commands for each client, and at most.
    growth: (usize, usize),
    clients: &'static [usize],
    stored: &'static [usize],
}

const FULL: Sizes = Sizes {
    commands: 3_000,
    reads: Duration::from_millis(1_000),
    sagas: 200,
    events: 3_000,
    growth: (100, 2_000),
    clients: &[1, 2, 4, 8, 16, 32, 64],
    stored: &[1_000, 10_000, 100_000, 1_000_000],
};
const SHORT: Sizes = Sizes {
    commands: 96,
    reads: Duration::from_millis(50),
    sagas: 10,
    events: 200,
    growth: (8, 64),
    clients: &[1, 32],
    stored: &[100, 1_000],
};

/// The systems, with nothing done in any.
fn trades() -> [Box<dyn Trade>; 5] {
    [
        Box::new(bookrent::BookRentals::default()),
        Box::new(outerpark::Seats::default()),
        Box::new(kvaccine::Vaccinations::default()),
        Box::new(professor::Professors::default()),
        Box::new(lecture::Lectures::default()),
    ]
}

/// Measures all of it, and publishes the tables.
pub fn run(short: bool, write: bool) -> Result<()> {
    let sizes = if short { SHORT } else { FULL };
    let begin = Instant::now();
    let told = |what: &str| eprintln!("{:>6.0} s: {what}", begin.elapsed().as_secs_f64());
    let mut lists = Vec::new();
    told("every command and read");
    lists.extend(requests::lists(&sizes)?);
    told("sagas");
    lists.push(sagas::list(&sizes)?);
    told("consumers");
    lists.push(consumers::list(&sizes)?);
    told("from one client to many");
    let mut tables = growth::with_clients(&sizes)?;
    told("from few aggregates to many");
    tables.extend(growth::with_stored(&sizes)?);
    told("done");
    publish(&lists, &tables, repository(), write)
}
