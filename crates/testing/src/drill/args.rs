//! What can be said to `cargo xtask drill`, which has this file as a module too: so it refuses what is
//! no drill before it builds anything.

use clap::ValueEnum;

/// Which drills, and how long.
#[derive(clap::Args)]
pub struct Args {
    /// Which one
    #[arg(required_unless_present_any = ["all", "list"], conflicts_with_all = ["all", "list"])]
    pub name: Option<Drill>,
    /// All of them, one after the other, in the short form
    #[arg(long, conflicts_with = "list")]
    pub all: bool,
    /// A few seconds under each load, to see that it holds
    #[arg(long)]
    pub short: bool,
    /// Print what drills there are
    #[arg(long)]
    pub list: bool,
}

/// The drills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Drill {
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

impl Drill {
    /// As it is written.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// Prints what drills there are.
pub fn list() {
    for drill in Drill::value_variants() {
        let value = drill.to_possible_value();
        let help = value.as_ref().and_then(|value| value.get_help()).map(ToString::to_string);
        println!("{:<15} {}", drill.name(), help.unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, Command, FromArgMatches as _};

    fn parse(line: &str) -> Result<Args, clap::Error> {
        let matches =
            Args::augment_args(Command::new("drill")).try_get_matches_from(line.split(' '))?;
        Args::from_arg_matches(&matches)
    }

    #[test]
    fn a_drill_is_named_or_all_are() {
        Args::augment_args(Command::new("drill")).debug_assert();
        assert_eq!(parse("drill consumer-down").unwrap().name, Some(Drill::ConsumerDown));
        assert!(parse("drill --all").unwrap().name.is_none());
        for refused in ["drill", "drill --all overload", "drill --list --all"] {
            assert!(parse(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_name_that_is_none_is_refused_with_those_that_are() {
        let refused = parse("drill nothing").err().unwrap().to_string();
        for drill in Drill::value_variants() {
            assert!(refused.contains(&drill.name()), "{} is not in {refused}", drill.name());
        }
    }
}
