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

use crate::args::Part;
use crate::table::publish;
use anyhow::Result;
use clap::ValueEnum;
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

/// Measures these parts, or all of it, and publishes the tables.
pub fn run(short: bool, write: bool, only: &[Part]) -> Result<()> {
    let sizes = if short { SHORT } else { FULL };
    let (begin, all) = (Instant::now(), Part::value_variants());
    let (mut lists, mut tables) = (Vec::new(), Vec::new());
    for part in all.iter().filter(|part| only.is_empty() || only.contains(part)) {
        eprintln!("{:>6.0} s: {part:?}", begin.elapsed().as_secs_f64());
        match part {
            Part::Requests => lists.extend(requests::lists(&sizes)?),
            Part::Sagas => lists.push(sagas::list(&sizes)?),
            Part::Consumers => lists.push(consumers::list(&sizes)?),
            Part::Clients => tables.extend(growth::with_clients(&sizes)?),
            Part::Stored => tables.extend(growth::with_stored(&sizes)?),
        }
    }
    eprintln!("{:>6.0} s: done", begin.elapsed().as_secs_f64());
    publish(&lists, &tables, repository(), write)
}
