//! The channel is cut while Redis answers: doorbells are lost, and whoever waits for one hears nothing.

use super::{BURST, Play, Scene};
use crate::tally::Tally;
use madang_testing::Redis;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a cut lasts at least, and how often whoever has listened anew is cut off within it.
const CUT: Duration = Duration::from_millis(150);
const AGAIN: Duration = Duration::from_millis(3);

/// Plays it.
pub fn play(play: &Play) -> Tally {
    let (rounds, cuts) = play.of((5, 40), (1, 8));
    play.rounds(rounds, |round| {
        let scene = Scene::open(play, &round, Redis::start(), 1);
        let mut redis = scene.stage.redis.connect();
        let mut cut_off = 0;
        let mut tally = scene.bursts(round.rng, cuts, |_, tickets, rng| {
            let (begun, length) = (Instant::now(), CUT + rng.within(BURST));
            tickets.give(24);
            while begun.elapsed() < length {
                let cut = redis::cmd("CLIENT").arg(&["KILL", "TYPE", "pubsub"]).to_owned();
                cut_off += cut.query::<u64>(&mut redis).expect("Redis answers");
                sleep(AGAIN);
            }
            1
        });
        tally.notes.push(format!("subscriptions that were cut off: {cut_off}"));
        if cut_off < cuts {
            tally.harm.stuck += 1;
            tally.wrong.push("nobody was cut off: the campaign has shown nothing".to_owned());
        }
        tally
    })
}
