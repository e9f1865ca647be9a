//! The channel is cut while Redis answers: doorbells are lost, and whoever waits for one hears nothing.

use super::{BURST, Play, Scene};
use crate::tally::Tally;
use madang_testing::{Redis, eventually};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a cut lasts at least, and how often whoever has listened anew is cut off within it.
const CUT: Duration = Duration::from_millis(150);
const AGAIN: Duration = Duration::from_millis(3);
/// Within this, whoever was cut off listens again.
const LISTENING: Duration = Duration::from_secs(30);

/// Plays it.
pub fn play(play: &Play) -> Tally {
    let (rounds, cuts) = play.of((5, 40), (1, 8));
    play.rounds(rounds, |round| {
        let scene = Scene::open(play, &round, Redis::start(), 1);
        let mut redis = scene.stage.redis.connect();
        let mut cut_off = 0;
        let mut tally = scene.bursts(round.rng, cuts, |_, tickets, rng| {
            let mut cut = || {
                let cut = redis::cmd("CLIENT").arg(&["KILL", "TYPE", "pubsub"]).to_owned();
                cut.query::<u64>(&mut redis).expect("Redis answers")
            };
            // Whoever was cut off before may still be waiting to listen again.
            cut_off += eventually(LISTENING, || Some(cut()).filter(|cut| *cut > 0));
            let (begun, length) = (Instant::now(), CUT + rng.within(BURST));
            tickets.give(24);
            while begun.elapsed() < length {
                cut_off += cut();
                sleep(AGAIN);
            }
            1
        });
        tally.notes.push(format!("subscriptions that were cut off: {cut_off}"));
        tally
    })
}
