//! Proves that nothing is lost: seeded campaigns break hosts, Redis, channel, clocks and disks while clients
//! are at work, mend them, and compare what the systems hold with what clients were told.
#![allow(clippy::print_stdout, reason = "the table is the result")]
mod args;
mod campaigns;
mod crowd;
mod harm;
mod ledger;
mod proof;
mod report;
mod rng;
mod sabotage;
mod stage;
mod steps;
mod tally;
mod trades;

use args::{Args, Campaign};
use campaigns::Play;
use clap::{Parser, ValueEnum as _};
use report::Row;
use std::os::unix::process::CommandExt as _;
use std::panic::catch_unwind;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};
use tally::Tally;

/// Breaks things while clients are at work, mends them, and counts what was lost, doubled or left undone.
#[derive(Parser)]
#[command(bin_name = "cargo xtask prove", max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

fn main() -> ExitCode {
    let args = Cli::parse().args;
    if args.list {
        args::list();
        return ExitCode::SUCCESS;
    }
    if std::env::var_os(WITHOUT_SIGNAL).is_none() {
        return without_signal();
    }
    let circumstances = proof::circumstances();
    let campaigns = match &args.campaign {
        Some(campaign) => std::slice::from_ref(campaign),
        None => Campaign::value_variants(),
    };
    let rows: Vec<Row> = campaigns.iter().map(|campaign| played(*campaign, &args)).collect();
    print!("\n{}", report::table(&rows));
    if args.full {
        match proof::write(&rows, &circumstances) {
            Ok(path) => println!("\nwritten to {}", path.display()),
            Err(error) => eprintln!("docs/PROOF.md cannot be written: {error}"),
        }
    }
    let failed: Vec<_> = rows.iter().filter(|row| !row.is_well()).map(|row| row.name()).collect();
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("\nHarm was done: {}", failed.join(", "));
    ExitCode::FAILURE
}

/// Set where the signal is ignored already.
const WITHOUT_SIGNAL: &str = "PROVE_WITHOUT_SIGXFSZ";

/// Becomes the same program with `SIGXFSZ` ignored, and so everything that it starts: who writes more than a
/// file may have is told so, as on a full disk, instead of being ended.
fn without_signal() -> ExitCode {
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).args(std::env::args_os());
    let error = shell.env(WITHOUT_SIGNAL, "1").exec();
    eprintln!("sh: {error}");
    ExitCode::FAILURE
}

/// Plays a campaign and prints what came of it. One that cannot go on panics, and its hosts print what
/// they said last.
fn played(campaign: Campaign, args: &Args) -> Row {
    let begin = Instant::now();
    println!("==> {}: {}", campaign.name(), campaign.help());
    let until = args.minutes.map(|minutes| begin + Duration::from_secs(60 * minutes));
    let play = Play { campaign, is_full: args.full, seed: args.seed, until, sabotaged: None };
    let tally: Option<Tally> = catch_unwind(|| campaigns::play(&play)).ok();
    let row = Row { campaign, seed: args.seed, time: begin.elapsed(), tally };
    print!("{}", row.told());
    row
}
