//! The host is killed (`kill -9`), at random and at every step of every saga.
//!
//! At random: all processes of the host at once, at any moment of a burst of commands. At a step: the
//! process in which a component has just made its n-th call to the outside, which had its effect; each
//! fourth time the rest of the host goes with it.

use super::{BURST, Play, Round, Scene};
use crate::crowd::Tickets;
use crate::rng::Rng;
use crate::stage::Stage;
use crate::tally::Tally;
use madang_testing::{Redis, Running, procfs};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long the policies may take that a burst leaves to do, until a step that did not come is given up.
const AFTER: Duration = Duration::from_millis(300);
/// More calls to the outside than most requests and events have.
const CALLS: u64 = 14;
/// How often in a hundred the kill is at random, and how often the whole host goes with a process.
const AT_RANDOM: u64 = 40;
const WHOLE: u64 = 25;

/// Plays it.
pub fn play(play: &Play) -> Tally {
    let kills = 40;
    play.rounds(play.of(25, 1), |round| one(play, round, kills, play.of(5, 8)))
}

fn one(play: &Play, round: Round, kills: u64, commands: u64) -> Tally {
    let scene = Scene::with(play, &round, Redis::start(), 1, play.patient());
    let components: Vec<String> = scene
        .trades
        .iter()
        .map(|trade| trade.facts())
        .flat_map(|facts| facts.contexts.iter().map(move |one| format!("{}-{one}", facts.name)))
        .collect();
    scene.bursts(round.rng, kills, |stage, tickets, rng| {
        if rng.percent(AT_RANDOM) {
            tickets.give(commands);
            sleep(rng.within(BURST));
            stage.kill(0);
            stage.restart(0);
            return 1;
        }
        let component = rng.pick(&components);
        u64::from(at_step(stage, tickets, rng, component, commands))
    })
}

/// Has a process be killed at some step of a component: whether it came to that.
fn at_step(
    stage: &mut Stage,
    tickets: &Tickets,
    rng: &mut Rng,
    component: &str,
    commands: u64,
) -> bool {
    let Running { workers, trigger, .. } = stage.hosts[0].running();
    let processes: Vec<u32> = workers.into_iter().chain(trigger).collect();
    stage.hosts[0].crash_process(component, rng.below(CALLS) as u32);
    tickets.give(commands);
    let begun = Instant::now();
    let is_struck = || processes.iter().any(|pid| !procfs::is_alive(*pid));
    while !is_struck() && begun.elapsed() < BURST + AFTER {
        sleep(Duration::from_millis(1));
    }
    let is_struck = is_struck();
    if is_struck && rng.percent(WHOLE) {
        stage.kill(0);
        stage.restart(0);
    } else {
        stage.hosts[0].heal(component);
    }
    is_struck
}
