//! Measures BookRent on the embedded host, or the host alone, and prints what it measured beside targets.
//!
//! Everything is measured in one run, one phase after the other, with the load generator on the
//! same machine: figures can be compared within a run, hardly between machines.
#![allow(clippy::print_stdout, reason = "the table is the result")]

mod args;
mod bare;
mod child;
mod figures;
mod growth;
mod host;
mod native;
mod phases;
mod requests;
mod site;
mod systems;
mod table;

use anyhow::Result;
use args::{Args, What};
use clap::Parser;
use madang_testing::Backend;
use madang_testing::Host;
use phases::{Bench, Sizes};
use std::process::ExitCode;
use std::time::Instant;

/// Measures Madang on this machine.
#[derive(Parser)]
struct Command {
    #[command(flatten)]
    args: Args,
}

fn main() -> ExitCode {
    let args = Command::parse().args;
    if let Some(refusal) = args.refusal() {
        eprintln!("error: {refusal}");
        return ExitCode::FAILURE;
    }
    let Args { what, short, write, only } = args;
    let measured = match what {
        What::Bookrent => bookrent(short),
        What::Host => host::run(short),
        What::Growth => growth::run(short, write),
        What::Systems => systems::run(short, write, &only),
        What::Bare => bare::serve(),
        What::Native => native::serve(),
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bookrent(short: bool) -> Result<()> {
    let sizes = if short { Sizes::SHORT } else { Sizes::FULL };
    let mut figures = figures::Figures::default();
    phases::component_sizes(&mut figures)?;

    let mut host = Host::builder().backend(Backend::Madang).start();
    host.stop();
    let begin = Instant::now();
    host.restart();
    figures.below("start with a warm cache", begin.elapsed().as_secs_f64(), 1.0, "s");

    let mut bench = Bench::new(host, sizes, figures);
    bench.register_books()?;
    bench.sagas()?;
    bench.get()?;
    bench.rents()?;
    bench.ceiling()?;
    bench.report()
}
