//! Redis is killed (`kill -9`) and comes back, with its log flushed before each answer (`appendfsync always`).

use super::{BURST, Play, Scene};
use crate::tally::Tally;
use madang_testing::Redis;
use std::thread::sleep;
use std::time::Duration;

/// How long it stays away at most.
const AWAY: Duration = Duration::from_millis(600);

/// Plays it.
pub fn play(play: &Play) -> Tally {
    let (rounds, kills) = play.of((5, 40), (1, 8));
    play.rounds(rounds, |round| {
        let scene = Scene::open(play, &round, Redis::start(), 1);
        scene.bursts(round.rng, kills, |stage, tickets, rng| {
            tickets.give(20);
            sleep(rng.within(BURST));
            stage.redis.kill();
            sleep(rng.within(AWAY));
            stage.redis.restart();
            1
        })
    })
}
