//! The campaigns: each breaks something while clients are at work, mends it, and counts.

mod channel;
mod clock;
mod disk;
mod everysec;
mod hosts;
mod keys;
mod kills;
mod last;
mod poison;
mod redis;
mod repeats;
mod sight;

use crate::args::Campaign;
use crate::crowd::{Tickets, at_work};
use crate::harm::{Terms, reconcile};
use crate::ledger::Record;
use crate::rng::Rng;
use crate::sabotage;
use crate::stage::{self, Stage};
use crate::tally::Tally;
use crate::trades::{self, Trade};
use madang_testing::{HostBuilder, Redis};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Clients of each system.
const CLIENTS: usize = 3;
/// As long as a burst of commands may take at most before it is struck.
const BURST: Duration = Duration::from_millis(80);

/// How a campaign is played.
#[derive(Clone, Debug)]
pub struct Play {
    /// Which it is.
    pub campaign: Campaign,
    /// As many faults as the claims rest on.
    pub is_full: bool,
    /// What chance begins with.
    pub seed: u64,
    /// When no further round begins.
    pub until: Option<Instant>,
    /// An application of BookRent alone, built without a safeguard.
    pub sabotaged: Option<PathBuf>,
}

impl Play {
    /// So many in full, so many in short.
    pub fn of<T>(&self, full: T, short: T) -> T {
        if self.is_full { full } else { short }
    }

    /// A host's settings.
    pub fn settings(&self) -> HostBuilder {
        let settings = stage::settings();
        match &self.sabotaged {
            Some(manifest) => sabotage::bookrent_alone(settings.manifest(manifest)),
            None => settings,
        }
    }

    /// Plays a round so often, each on a stage of its own; a round's seed is one more than that of the round
    /// before. Ends early when time is up, or where something is wrong.
    fn rounds(&self, count: u64, mut round: impl FnMut(Round) -> Tally) -> Tally {
        let mut tally = Tally::default();
        for number in 0..count {
            if number > 0 && self.until.is_some_and(|until| Instant::now() > until) {
                tally.notes.push(format!("{number} of {count} rounds in the time that it had"));
                break;
            }
            let seed = self.seed + number;
            let name = format!("{}-{seed}", self.campaign.name());
            let played = round(Round { seed, rng: Rng::new(seed), name });
            let is_well = played.harm.is_none();
            tally.add(played);
            if !is_well {
                let again = format!("cargo xtask prove {} --seed {seed}", self.campaign.name());
                let full = if self.is_full { " --full" } else { "" };
                tally.wrong.push(format!("to see it again: {again}{full}"));
                break;
            }
        }
        tally
    }
}

/// A round of a campaign.
struct Round {
    seed: u64,
    rng: Rng,
    /// The name of what is kept of it.
    name: String,
}

/// A stage with its clients' systems.
struct Scene {
    stage: Stage,
    trades: Vec<Box<dyn Trade>>,
}

impl Scene {
    /// Hosts on a Redis, and all systems; BookRent alone where the application has no others.
    #[track_caller]
    fn open(play: &Play, round: &Round, redis: Redis, hosts: usize) -> Self {
        Self::with(play, round, redis, hosts, play.settings())
    }

    /// The same with other settings.
    #[track_caller]
    fn with(play: &Play, round: &Round, redis: Redis, hosts: usize, settings: HostBuilder) -> Self {
        let stage = Stage::open(&round.name, redis, hosts, settings);
        let open = if play.sabotaged.is_some() { trades::bookrent } else { trades::all };
        let trades = open(&stage.hosts[0]);
        if play.sabotaged.is_none() && play.campaign != Campaign::Poison {
            let facts = trades.iter().map(|trade| trade.facts());
            let all = facts.flat_map(|f| f.contexts.iter().map(move |c| format!("{}-{c}", f.name)));
            let all: Vec<String> = all.collect();
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            let lacks = sabotage::told(&stage.hosts[0], &all);
            assert!(lacks.is_empty(), "components lack safeguards: {lacks:?}");
        }
        Self { stage, trades }
    }

    /// Has clients send bursts of commands, each of which is struck, until there were so many faults; then
    /// reconciles. `strike` gives tickets for a burst, and tells how many faults it has put in.
    fn bursts(
        mut self,
        mut rng: Rng,
        faults: u64,
        mut strike: impl FnMut(&mut Stage, &Tickets, &mut Rng) -> u64,
    ) -> Tally {
        let doors = self.stage.doors.clone();
        let (stage, mut struck) = (&mut self.stage, 0);
        let records = at_work(&doors, &self.trades, CLIENTS, &mut rng, |tickets, rng| {
            while struck < faults {
                struck += strike(stage, tickets, rng);
                tickets.used();
            }
        });
        self.reconciled(struck, &records, &Terms::default())
    }

    /// Reconciles what there is with what clients were told.
    fn reconciled(mut self, faults: u64, records: &[Record], terms: &Terms) -> Tally {
        let mut tally = reconcile(&mut self.stage, &self.trades, records, terms);
        tally.faults = faults;
        tally
    }
}

/// Plays a campaign.
///
/// # Panics
/// Where it cannot go on.
pub fn play(play: &Play) -> Tally {
    match play.campaign {
        Campaign::Kills => kills::play(play),
        Campaign::Redis => redis::play(play),
        Campaign::Everysec => everysec::play(play),
        Campaign::Channel => channel::play(play),
        Campaign::Hosts => hosts::play(play),
        Campaign::Repeats => repeats::play(play),
        Campaign::Last => last::play(play),
        Campaign::Keys => keys::play(play),
        Campaign::Poison => poison::play(play),
        Campaign::Clock => clock::play(play),
        Campaign::Disk => disk::play(play),
        Campaign::Sight => sight::play(play),
    }
}
