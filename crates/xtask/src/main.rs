//! `cargo xtask`: the commands of this repository. `up` and `test` are all that most need.
#![allow(clippy::print_stdout, reason = "what these commands print is their result")]

mod build;
mod cargo;
mod progress;
mod setup;
mod test;
mod testing;
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
    /// Run everything that CI runs: set-up, rustfmt, clippy, all tests, and all drills in short
    Test,
    /// Measure Madang on this machine, beside its targets
    Bench {
        /// A few seconds for each figure, to see that it works rather than how fast
        #[arg(long)]
        short: bool,
    },
    /// Break something under a load of real requests, mend it, and compare what is seen with what is
    /// expected
    ///
    /// Each drill starts a host and a Redis of its own. docs/WHEN_THINGS_FAIL.md tells of each.
    Drill(Drill),
}

#[derive(clap::Args)]
struct Drill {
    /// Which one; --list tells which there are
    #[arg(required_unless_present_any = ["all", "list"], conflicts_with_all = ["all", "list"])]
    name: Option<String>,
    /// All of them, one after the other, in the short form
    #[arg(long, conflicts_with = "list")]
    all: bool,
    /// A few seconds under each load, to see that it holds
    #[arg(long)]
    short: bool,
    /// Print what drills there are
    #[arg(long)]
    list: bool,
}

impl Drill {
    /// The same for `madang-drill`, which knows the names.
    fn args(&self) -> Vec<&str> {
        let flags = [(self.all, "--all"), (self.short, "--short"), (self.list, "--list")];
        let flags = flags.into_iter().filter_map(|(is_set, flag)| is_set.then_some(flag));
        self.name.as_deref().into_iter().chain(flags).collect()
    }
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
        Command::Bench { short } => {
            return testing::run(testing::BENCH, short.then_some("--short").as_slice());
        }
        Command::Drill(drill) => return testing::run(testing::DRILL, &drill.args()),
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_is_passed_on_as_it_was_asked_for() {
        let args = |line: &str| match Command::try_parse_from(line.split(' ')) {
            Ok(Command::Drill(drill)) => drill.args().join(" "),
            _ => "refused".to_owned(),
        };
        assert_eq!(args("xtask drill overload --short"), "overload --short");
        assert_eq!(args("xtask drill --all"), "--all");
        assert_eq!(args("xtask drill --list"), "--list");
        assert_eq!(args("xtask drill"), "refused");
        assert_eq!(args("xtask drill --all overload"), "refused");
    }
}
