//! What can be said to `cargo xtask bench`, which has this file as a module too: so it refuses what cannot be
//! measured before it builds anything.

use clap::ValueEnum;

/// What is measured, and how long.
#[derive(clap::Args)]
pub struct Args {
    /// What
    #[arg(default_value = "bookrent")]
    pub what: What,
    /// A few seconds for each figure, to see that it works rather than how fast
    #[arg(long)]
    pub short: bool,
    /// Put the tables and their drawings into docs/PERFORMANCE.md (growth, systems)
    #[arg(long)]
    pub write: bool,
    /// Only this part of `systems`; can be given several times
    #[arg(long, value_name = "PART")]
    pub only: Vec<Part>,
}

impl Args {
    /// Why that cannot be measured.
    pub fn refusal(&self) -> Option<&'static str> {
        (!self.only.is_empty() && self.what != What::Systems)
            .then_some("--only is for `bench systems`, which has parts")
    }
}

/// A part of what is measured of all systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Each command and read
    Requests,
    /// From a command to the view that shows all that follows
    Sagas,
    /// Each context that hears, alone, and all at once
    Consumers,
    /// From one client to many
    Clients,
    /// From few aggregates to many
    Stored,
}

/// As it is written.
pub fn name(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// BookRent on the embedded host, beside its targets
    Bookrent,
    /// The embedded host alone, beside `spin up` where that is on the PATH, and beside a bare server
    Host,
    /// BookRent, by the number of clients, what is stored, and the components that run
    Growth,
    /// All systems: each command and read, sagas, consumers, by the number of clients and what is stored; beside
    /// the same contexts as one native server
    Systems,
    /// The bare server itself, until its input ends
    #[value(hide = true)]
    Bare,
    /// The native server itself, until its input ends
    #[value(hide = true)]
    Native,
}
