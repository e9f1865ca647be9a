//! `cargo xtask`: the commands of this repository. `up` and `test` are all that most need.
#![allow(clippy::print_stdout, reason = "what these commands print is their result")]

mod bench;
mod build;
mod cargo;
mod progress;
mod setup;
mod test;
mod up;

use anyhow::Result;
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
    /// Run everything that CI runs: set-up, rustfmt, clippy, and all tests
    Test,
    /// Measure Madang on this machine, beside its targets
    Bench {
        /// A few seconds for each figure, to see that it works rather than how fast
        #[arg(long)]
        short: bool,
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
        Command::Bench { short } => return bench::run(short),
    }
    Ok(ExitCode::SUCCESS)
}
