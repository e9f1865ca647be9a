//! Two and three hosts on one Redis, killed in turn.

use super::{BURST, Play, Scene};
use crate::tally::Tally;
use madang_testing::Redis;
use std::thread::sleep;
use std::time::Duration;

/// How long a host stays away at most: clients go to the others.
const AWAY: Duration = Duration::from_millis(500);

/// Plays it: each second round with three hosts.
pub fn play(play: &Play) -> Tally {
    let (rounds, kills) = play.of((10, 30), (2, 5));
    play.rounds(rounds, |round| {
        let hosts = 2 + (round.seed % 2) as usize;
        let scene = Scene::open(play, &round, Redis::start(), hosts);
        let mut turn = 0;
        scene.bursts(round.rng, kills, |stage, tickets, rng| {
            tickets.give(24);
            sleep(rng.within(BURST));
            stage.kill(turn % hosts);
            sleep(rng.within(AWAY));
            stage.restart(turn % hosts);
            turn += 1;
            1
        })
    })
}
