//! Shows how BookRent fails, and how it comes back: each drill starts hosts and Redis of its own,
//! breaks something under a load of real requests, mends it, and prints what was expected beside
//! what was seen.
#![allow(clippy::print_stdout, reason = "the tables are the result")]
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

use clap::{Parser, ValueEnum};
use std::panic::catch_unwind;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Breaks something under load, mends it, and compares what was seen with what was expected.
#[derive(Parser)]
#[command(bin_name = "cargo xtask drill", max_term_width = 100)]
struct Args {
    /// Which one
    #[arg(required_unless_present_any = ["all", "list"], conflicts_with_all = ["all", "list"])]
    name: Option<Drill>,
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

/// The drills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Drill {
    /// A neighbour is slow: the circuit breaker opens, and closes when it is quick again
    Breaker,
    /// A consumer is down while events are told, and catches up by itself
    ConsumerDown,
    /// A neighbour is down: rents fail at once, and no longer than it takes to come back
    CalleeDown,
    /// One context is asked for more than it can do: it sheds, and nobody else notices
    Overload,
    /// The host's processes are killed under load, and come back
    SelfHealing,
    /// Components are rebuilt and swapped under a hundred clients, who notice nothing
    ZeroDowntime,
    /// Two hosts on one Redis do what one does, and nothing twice
    TwoReplicas,
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

impl Drill {
    /// Whether all was as expected.
    fn run(self, length: Length) -> bool {
        match self {
            Self::Breaker => breaker::run(length),
            Self::ConsumerDown => consumer_down::run(length),
            Self::CalleeDown => callee_down::run(length),
            Self::Overload => overload::run(length),
            Self::SelfHealing => self_healing::run(length),
            Self::ZeroDowntime => zero_downtime::run(length),
            Self::TwoReplicas => two_replicas::run(length),
        }
    }

    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    if args.list {
        for drill in Drill::value_variants() {
            let value = drill.to_possible_value();
            let help = value.as_ref().and_then(|value| value.get_help()).map(ToString::to_string);
            println!("{:<15} {}", drill.name(), help.unwrap_or_default());
        }
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
    let is_ok = catch_unwind(|| drill.run(length)).unwrap_or(false);
    let verdict = if is_ok { "as expected" } else { "NOT as expected" };
    println!("\n{}: {verdict}, in {:.0} s\n", drill.name(), begin.elapsed().as_secs_f64());
    is_ok
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn a_drill_is_named_or_all_are() {
        Args::command().debug_assert();
        let args = |line: &str| Args::try_parse_from(line.split(' '));
        assert_eq!(args("drill consumer-down").unwrap().name, Some(Drill::ConsumerDown));
        assert!(args("drill --all").unwrap().name.is_none());
        assert!(args("drill").is_err() && args("drill --all consumer-down").is_err());
    }

    #[test]
    fn a_name_that_is_none_is_refused_with_those_that_are() {
        let refused = Args::try_parse_from(["drill", "nothing"]).err().unwrap().to_string();
        for drill in Drill::value_variants() {
            assert!(refused.contains(&drill.name()), "{} is not in {refused}", drill.name());
        }
    }
}
