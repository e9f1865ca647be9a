//! `cargo xtask`: the commands of this repository. `up` and `test` are all that most need.
#![allow(clippy::print_stdout, reason = "what these commands print is their result")]

#[path = "../../testing/src/bench/args.rs"]
mod bench;
mod build;
mod cargo;
#[path = "../../testing/src/drill/args.rs"]
mod drill;
mod example;
mod progress;
mod prove;
mod setup;
mod test;
mod testing;
mod up;

use anyhow::{Result, bail};
use clap::Parser;
use std::process::ExitCode;

/// The commands of this repository.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", max_term_width = 100)]
enum Command {
    /// Make sure that what Madang is built and run with is here, and install what is not
    ///
    /// These are the target wasm32-wasip2 and redis-server. Every other command does this first.
    Setup,
    /// Build what has changed, start Redis and the host, and print where to reach it
    ///
    /// Ctrl-C stops all of it in order; what was acknowledged is there at the next start. State is
    /// in .madang/, and the Redis too, unless MADANG_REDIS_URL names another.
    Up {
        /// Arguments for `madang up`, after `--`: `madang up --help` lists them
        #[arg(last = true, value_name = "ARGS")]
        args: Vec<String>,
    },
    /// Build the components and the host
    Build,
    /// Run everything that CI runs: set-up, rustfmt, clippy, all tests, all drills and campaigns in short
    Test,
    /// Measure Madang on this machine, beside its targets
    Bench(bench::Args),
    /// Write the OpenAPI and AsyncAPI documents of every system into docs/contracts
    ///
    /// They are made from wit/ and from what the contexts say that they serve. A test fails while they
    /// are stale.
    Contracts,
    /// Break something under a load of real requests, mend it, and compare what is seen with what is
    /// expected
    ///
    /// Each drill starts a host and a Redis of its own. docs/WHEN_THINGS_FAIL.md tells of each.
    Drill(drill::Args),
    /// Break hosts, Redis, channel, clocks and disks while clients are at work, and count what was lost,
    /// doubled or left undone
    ///
    /// Each campaign starts hosts and a Redis of its own, and ends by comparing what the systems hold with
    /// what clients were told. docs/PROOF.md has the figures of the long form.
    Prove(prove::Args),
    /// Build one of `examples/`, and run the tests of what it stands in for against it
    Example {
        /// Which one
        name: example::Example,
        /// Only build it
        #[arg(long)]
        build: bool,
    },
}

fn main() -> ExitCode {
    match run(Command::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Setup => {
            let tools = setup::run()?;
            println!("Ready: components are built with the toolchain `{}`.", tools.component);
        }
        Command::Up { args } => return up::run(&args),
        Command::Build => build::run(&setup::run()?)?,
        Command::Test => test::run()?,
        Command::Bench(args) => {
            if let Some(refusal) = args.refusal() {
                bail!("{refusal}");
            }
            let bench = match args.what {
                bench::What::Systems => testing::BENCH_BESIDE_NATIVE,
                _ => testing::BENCH,
            };
            let what = bench::name(args.what);
            let only: Vec<_> =
                args.only.iter().map(|part| format!("--only={}", bench::name(*part))).collect();
            let flags = flags([(args.short, "--short"), (args.write, "--write")]);
            let words = [what.as_str()].into_iter().chain(flags);
            let words: Vec<&str> = words.chain(only.iter().map(String::as_str)).collect();
            return testing::run(bench, &words);
        }
        Command::Contracts => return testing::run(testing::CONTRACTS, &[]),
        Command::Example { name, build } => example::run(name, build)?,
        Command::Prove(args) if args.list => prove::list(),
        Command::Prove(args) => return prove::run(&args),
        Command::Drill(args) if args.list => drill::list(),
        Command::Drill(drill::Args { name, all, short, .. }) => {
            let name = name.map(drill::Drill::name);
            let flags = flags([(all, "--all"), (short, "--short")]);
            let args: Vec<&str> = name.as_deref().into_iter().chain(flags).collect();
            return testing::run(testing::DRILL, &args);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Those that are set.
fn flags<const N: usize>(all: [(bool, &str); N]) -> impl Iterator<Item = &str> {
    all.into_iter().filter_map(|(is_set, flag)| is_set.then_some(flag))
}
