//! Shows how BookRent fails, and how it comes back: each drill starts hosts and Redis of its own,
//! breaks something under a load of real requests, mends it, and prints what was expected beside
//! what was seen.
#![allow(clippy::print_stdout, reason = "the tables are the result")]
mod args;
mod breaker;
mod callee_down;
mod consumer_down;
mod overload;
mod reconcile;
mod release;
mod report;
mod requests;
mod self_healing;
mod siege;
mod two_replicas;
mod watch;
mod zero_downtime;

use args::{Args, Drill};
use clap::{Parser, ValueEnum as _};
use std::panic::catch_unwind;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Breaks something under load, mends it, and compares what was seen with what was expected.
#[derive(Parser)]
#[command(bin_name = "cargo xtask drill", max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

/// How long loads last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    /// Long enough for figures, like the seeds' runs.
    Full,
    /// Long enough to see that it holds.
    Short,
}

impl Length {
    /// So many seconds in full, so many in short.
    fn seconds(self, full: u64, short: u64) -> Duration {
        Duration::from_secs(if self == Self::Full { full } else { short })
    }
}

/// Whether all was as expected.
fn run(drill: Drill, length: Length) -> bool {
    match drill {
        Drill::Breaker => breaker::run(length),
        Drill::ConsumerDown => consumer_down::run(length),
        Drill::CalleeDown => callee_down::run(length),
        Drill::Overload => overload::run(length),
        Drill::SelfHealing => self_healing::run(length),
        Drill::ZeroDowntime => zero_downtime::run(length),
        Drill::TwoReplicas => two_replicas::run(length),
    }
}

fn main() -> ExitCode {
    let args = Cli::parse().args;
    if args.list {
        args::list();
        return ExitCode::SUCCESS;
    }
    let length = if args.all || args.short { Length::Short } else { Length::Full };
    let drills = match &args.name {
        Some(drill) => std::slice::from_ref(drill),
        None => Drill::value_variants(),
    };
    let failed: Vec<String> =
        drills.iter().filter(|drill| !tried(**drill, length)).map(|drill| drill.name()).collect();
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("\nNot as expected: {}", failed.join(", "));
    ExitCode::FAILURE
}

/// Runs a drill. One that cannot go on panics, and its hosts print what they said last.
fn tried(drill: Drill, length: Length) -> bool {
    println!("==> {}", drill.name());
    let begin = Instant::now();
    let is_ok = catch_unwind(|| run(drill, length)).unwrap_or(false);
    let verdict = if is_ok { "as expected" } else { "NOT as expected" };
    println!("\n{}: {verdict}, in {:.0} s\n", drill.name(), begin.elapsed().as_secs_f64());
    is_ok
}
