//! What can be said to `cargo xtask prove`, which has this file as a module too: so it refuses what is no
//! campaign before it builds anything.

use clap::ValueEnum;

/// Which campaigns, how long, and by which seed.
#[derive(clap::Args)]
pub struct Args {
    /// Which one; without a name all of them, and then that they see what they are for
    pub campaign: Option<Campaign>,
    /// As many faults as the claims rest on, written to docs/PROOF.md; it takes what it takes
    #[arg(long)]
    pub full: bool,
    /// Begin no round of a campaign after so many minutes of it
    #[arg(long, requires = "full")]
    pub minutes: Option<u64>,
    /// What chance begins with; the same seed asks and strikes in the same order
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print what campaigns there are
    #[arg(long)]
    pub list: bool,
}

/// The campaigns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Campaign {
    /// The host is killed (-9) at random and at every step of every saga
    Kills,
    /// Redis is killed (-9) and comes back, AOF `always`
    Redis,
    /// Power cuts under a Redis with AOF `everysec`: the window of loss is measured
    Everysec,
    /// The channel is cut while Redis answers: doorbells are lost
    Channel,
    /// Every event is delivered 2 to 5 times, and late
    Repeats,
    /// Bad JSON, unknown types, and in every context handlers that trap, loop and overflow
    Poison,
    /// Two and three hosts on one Redis, killed in turn
    Hosts,
    /// 200 clients want the last seat, the last place, the last book
    Last,
    /// One Idempotency-Key is sent 50 times at once, across a kill
    Keys,
    /// The clock of the host jumps back and forth by an hour
    Clock,
    /// The disk is full under Redis, and under SQLite
    Disk,
    /// Each safeguard is removed in turn, and its campaign has to see that
    Sight,
}

impl Campaign {
    /// As it is written.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// What it does, in a line.
    pub fn help(self) -> String {
        let value = self.to_possible_value();
        value
            .as_ref()
            .and_then(|value| value.get_help())
            .map(ToString::to_string)
            .unwrap_or_default()
    }
}

/// Prints what campaigns there are.
pub fn list() {
    for campaign in Campaign::value_variants() {
        println!("{:<10} {}", campaign.name(), campaign.help());
    }
}

/// A build of some components without a safeguard, which a campaign has to see.
#[derive(Clone, Copy, Debug)]
pub struct Sabotage {
    /// The feature of the platform that takes it away.
    pub feature: &'static str,
    /// The components that are built so.
    pub components: &'static [&'static str],
    /// The campaign that has to see it; without one, a campaign plays with it.
    pub seen_by: Option<Campaign>,
}

/// All of them. They are in `target/sabotage/<feature>`, apart from what anybody runs.
pub const SABOTAGES: [Sabotage; 5] = [
    Sabotage {
        feature: "without-cursor-check",
        components: &["bookrent-delivery", "bookrent-book"],
        seen_by: Some(Campaign::Repeats),
    },
    Sabotage {
        feature: "without-version-check",
        components: &["bookrent-book"],
        seen_by: Some(Campaign::Last),
    },
    Sabotage {
        feature: "without-idempotency-check",
        components: &["bookrent-rent", "bookrent-book"],
        seen_by: Some(Campaign::Keys),
    },
    Sabotage {
        feature: "without-intent-recovery",
        components: &["bookrent-rent"],
        seen_by: Some(Campaign::Kills),
    },
    Sabotage { feature: POISONABLE, components: &HEARING, seen_by: None },
];

/// The feature by which handlers fail as events ask for it.
pub const POISONABLE: &str = "poisonable";

/// The components that hear events: whoever is not poisonable would take another's poison for an event of its own.
const HEARING: [&str; 23] = [
    "bookrent-book",
    "bookrent-delivery",
    "bookrent-view",
    "outerpark-musical",
    "outerpark-reservation",
    "outerpark-payment",
    "outerpark-notice",
    "outerpark-customer-center",
    "kvaccine-user",
    "kvaccine-reservation",
    "kvaccine-hospital",
    "kvaccine-vaccine-stock",
    "kvaccine-dashboard",
    "professor-professor-applyment",
    "professor-professor-evaluation",
    "professor-notification",
    "professor-my-page",
    "lecture-course",
    "lecture-pay",
    "lecture-point",
    "lecture-gift",
    "lecture-alert",
    "lecture-my-page",
];

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, Command, FromArgMatches as _};

    fn parse(line: &str) -> Result<Args, clap::Error> {
        let matches =
            Args::augment_args(Command::new("prove")).try_get_matches_from(line.split(' '))?;
        Args::from_arg_matches(&matches)
    }

    #[test]
    fn a_campaign_is_named_or_all_are() {
        Args::augment_args(Command::new("prove")).debug_assert();
        assert_eq!(parse("prove kills --seed 7").unwrap().campaign, Some(Campaign::Kills));
        assert!(parse("prove --full --minutes 3").unwrap().campaign.is_none());
        assert!(parse("prove --minutes 3").is_err(), "the short form is short");
        let refused = parse("prove nothing").err().unwrap().to_string();
        for campaign in Campaign::value_variants() {
            assert!(refused.contains(&campaign.name()), "{} not in {refused}", campaign.name());
        }
    }
}
