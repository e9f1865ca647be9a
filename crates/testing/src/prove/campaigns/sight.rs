//! Each safeguard is removed in turn, in a build of its own, and the campaign that is there for it has to see
//! that: a campaign that cannot fail has shown nothing.

use super::{Play, Round};
use crate::args::SABOTAGES;
use crate::sabotage;
use crate::tally::Tally;
use madang_testing::Redis;

/// How many rounds a campaign may take until it sees.
const ROUNDS: u64 = 6;

/// Plays it.
pub fn play(play: &Play) -> Tally {
    let mut tally = Tally::default();
    for (sabotage, campaign) in SABOTAGES.iter().filter_map(|one| Some((one, one.seen_by?))) {
        let manifest = sabotage::manifest(sabotage);
        let sabotaged =
            Play { campaign, is_full: false, sabotaged: Some(manifest), ..play.clone() };
        let name = format!("{}-{}", sabotage.feature, play.seed);
        let lacks = {
            let round = Round { seed: play.seed, rng: crate::rng::Rng::new(play.seed), name };
            let scene = super::Scene::open(&sabotaged, &round, Redis::start(), 1);
            sabotage::told(&scene.stage.hosts[0], sabotage.components)
        };
        assert_eq!(lacks, vec![sabotage.feature; sabotage.components.len()], "what was built");
        let seen = (0..ROUNDS).find_map(|number| {
            let seed = play.seed + number;
            let seen = super::play(&Play { seed, ..sabotaged.clone() });
            (!seen.harm.is_none()).then_some((number + 1, seen))
        });
        let (feature, campaign) = (sabotage.feature, campaign.name());
        tally.faults += 1;
        let Some((rounds, seen)) = seen else {
            tally.harm.lost += 1;
            tally.wrong.push(format!("`{campaign}` did not see the build {feature}"));
            continue;
        };
        let columns = seen.harm.columns().into_iter().filter(|(_, count)| *count > 0);
        let columns: Vec<_> = columns.map(|(name, count)| format!("{name} {count}")).collect();
        tally.notes.push(format!(
            "{feature}: seen by `{campaign}` in round {rounds}: {}",
            columns.join(", ")
        ));
    }
    tally
}
