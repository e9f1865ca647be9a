//! Every event is delivered two to five times, and late: its message is told again and again, several
//! instances of each consumer are at work on it at once, since none keeps its lease, and contexts are away
//! while it is told.

use super::{Play, Round, Scene};
use crate::crowd::Tickets;
use crate::rng::Rng;
use crate::stage::Stage;
use crate::tally::Tally;
use crate::trades::Facts;
use madang_testing::system::System;
use madang_testing::{Host, Redis};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// How often each event is delivered beyond the first time.
const AGAIN: (u64, u64) = (1, 4);
/// Those who ask each consumer at the same time to do what it owes.
const ASKING: usize = 3;
/// How often in a hundred a context is away while a burst is told.
const LATE: u64 = 40;

/// Plays it: for one system after the other, or in short for BookRent alone.
pub fn play(play: &Play) -> Tally {
    let (rounds, bursts) = play.of((5, 100), (1, 15));
    play.rounds(rounds, |round| one(play, round, bursts))
}

fn one(play: &Play, round: Round, bursts: u64) -> Tally {
    let mut scene = Scene::open(play, &round, Redis::start(), 1);
    // The seed 1 begins with BookRent.
    let turn = (round.seed.saturating_sub(1) % scene.trades.len() as u64) as usize;
    scene.trades = vec![scene.trades.swap_remove(turn)];
    let facts = scene.trades[0].facts();
    let (client, redis) = (scene.stage.hosts[0].client(), scene.stage.redis.url());
    let is_over = AtomicBool::new(false);
    let goes_on = || !is_over.load(Ordering::Relaxed);
    let mut told = 0;
    let mut tally = thread::scope(|scope| {
        scope.spawn(|| {
            let mut redis = open(&redis);
            let leases = facts.leases();
            // Redis goes with the stage, once everything is reconciled.
            let mut delete = || redis::cmd("DEL").arg(&leases).exec(&mut redis);
            while goes_on() && delete().is_ok() {}
        });
        for context in facts.hearing.iter().flat_map(|context| [context; ASKING]) {
            let (client, goes_on) = (client.clone(), &goes_on);
            scope.spawn(move || {
                while goes_on() {
                    let _ = client.send("GET", &facts.ready(context), None);
                }
            });
        }
        // They end with it, after a panic, too.
        let _over = Over(&is_over);
        scene.bursts(round.rng, 20 * bursts, |stage, tickets, rng| {
            burst(stage, tickets, rng, &facts, &mut told)
        })
    });
    tally.notes.push(format!("{}: {told} events", facts.name));
    tally
}

/// A burst of commands, with a context away or without, and what it has told again and again: how often.
fn burst(stage: &Stage, tickets: &Tickets, rng: &mut Rng, facts: &Facts, told: &mut usize) -> u64 {
    let host = &stage.hosts[0];
    let away = rng.percent(LATE).then(|| format!("{}-{}", facts.name, rng.pick(facts.hearing)));
    let down = |away: &String| host.down(away);
    away.iter().for_each(down);
    tickets.give(10);
    tickets.used();
    let again = tell_again(host, rng, facts, told);
    away.iter().for_each(|away| host.heal(away));
    again
}

/// Tells what is new in the log, each event one to four times more.
fn tell_again(host: &Host, rng: &mut Rng, facts: &Facts, told: &mut usize) -> u64 {
    let log = System::of(facts.name, host).log();
    let mut redis = host.redis();
    let mut again = 0;
    for entry in &log[*told..] {
        for _ in 0..AGAIN.0 + rng.below(AGAIN.1) {
            let publish = redis::cmd("PUBLISH").arg(facts.name).arg(&entry.text).to_owned();
            let heard: u64 = publish.query(&mut redis).expect("it is published");
            again += u64::from(heard > 0);
        }
    }
    *told = log.len();
    again
}

fn open(url: &str) -> redis::Connection {
    let client = redis::Client::open(url).expect("a URL of Redis");
    client.get_connection().expect("Redis answers")
}

struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
