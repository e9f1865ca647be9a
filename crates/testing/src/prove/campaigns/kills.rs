//! The host is killed (`kill -9`), at random and at every step of every saga.
//!
//! At random: all processes of the host at once, at any moment of a burst of commands. At a step: one command goes into
//! a system in which nothing is under way, and the process is killed in which a component has just made its n-th call
//! to the outside for it, which had its effect; n goes from 0 until nobody makes so many calls, for each component and
//! kind of command. Other systems have their clients meanwhile, and each fourth time the rest of the host goes with the
//! process.

use super::{BURST, CLIENTS, Play, Round, Scene};
use crate::crowd::{Tickets, Visitor, at_work};
use crate::harm::Terms;
use crate::ledger::Outcome;
use crate::rng::Rng;
use crate::stage::{Stage, WORKERS};
use crate::steps::{Walk, Way};
use crate::tally::Tally;
use crate::trades::{Facts, Trade};
use madang_testing::system::System;
use madang_testing::{Host, Redis, Trigger, eventually, procfs};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often in a hundred the kill is at random while there are steps left, and how often the whole host goes with a
/// process.
const AT_RANDOM: u64 = 10;
const WHOLE: u64 = 25;
/// How many commands a client sends until one comes of which steps are left.
const ASKS: usize = 30;
/// How often nobody may be struck in a row.
const IN_VAIN: u64 = 50;
/// Within this, a system does all that it owes after a kill.
const CALM: Duration = Duration::from_secs(20);
/// How long it is let alone before that.
const ALONE: Duration = Duration::from_millis(150);
/// Messages may wake an instance once more when everything is done.
const AFTERWARDS: Duration = Duration::from_millis(30);
/// Within this, a process that was killed is replaced, and a command with all that follows is done.
const LIMIT: Duration = Duration::from_secs(10);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(1);

/// Plays it: in full all steps, in short some.
pub fn play(play: &Play) -> Tally {
    let mut walk = None;
    let mut systems = Vec::new();
    let mut tally = play.rounds(play.of(25, 1), |round| {
        let scene = Scene::open(play, &round, Redis::start(), 1);
        systems = scene.trades.iter().map(|trade| trade.facts()).collect();
        let begin = || match play.is_full {
            true => Walk::whole(&systems),
            false => Walk::drawn(&systems, play.seed),
        };
        let walk = walk.get_or_insert_with(begin);
        one(scene, round, walk, play.of(6, 8))
    });
    let Some(walk) = walk else { return tally };
    tally.notes.extend(walk.told(&systems));
    let is_over = !systems.iter().any(|facts| walk.goes_on(facts.name));
    if play.is_full && is_over {
        let never = walk.never_struck(&systems);
        assert!(never.is_empty(), "no command leads to a step of {}", never.join(", "));
    }
    tally
}

fn one(mut scene: Scene, mut round: Round, walk: &mut Walk, commands: u64) -> Tally {
    let (doors, kills) = (scene.stage.doors.clone(), 40);
    let Scene { stage, trades } = &mut scene;
    let visitors = (0..trades.len()).map(|number| Visitor::new(1000 + number, &mut round.rng));
    let mut killer = Killer { walk, visitors: visitors.collect(), turn: 0, commands };
    let (mut struck, mut in_vain) = (0, 0);
    let mut records = at_work(&doors, trades, CLIENTS, &mut round.rng, |tickets, rng| {
        while struck < kills && in_vain < IN_VAIN {
            let system = killer.next_system(trades).filter(|_| !rng.percent(AT_RANDOM));
            let is_struck = match system {
                None => Some(at_random(stage, tickets, rng, commands)),
                Some(system) => {
                    let trade = trades[system].as_ref();
                    tickets.keep_apart(Some(trade.facts().name));
                    let is_struck = killer.at_step(stage, tickets, rng, system, trade);
                    tickets.used();
                    tickets.keep_apart(None);
                    is_struck
                }
            };
            // What does not come to rest is counted when all is reconciled.
            let Some(is_struck) = is_struck else { break };
            struck += u64::from(is_struck);
            in_vain = if is_struck { 0 } else { in_vain + 1 };
        }
    });
    records.extend(killer.visitors.into_iter().flat_map(Visitor::told));
    scene.reconciled(struck, &records, &Terms::default())
}

/// Kills the whole host at any moment.
fn at_random(stage: &mut Stage, tickets: &Tickets, rng: &mut Rng, commands: u64) -> bool {
    tickets.give(commands);
    sleep(rng.within(BURST));
    stage.kill(0);
    stage.restart(0);
    tickets.used();
    true
}

/// Whoever goes from step to step.
struct Killer<'w> {
    walk: &'w mut Walk,
    /// Those whose commands are struck, one for each system.
    visitors: Vec<Visitor>,
    turn: usize,
    /// What other clients send meanwhile.
    commands: u64,
}

/// What came of a command while a step was to be struck.
enum Struck {
    /// The process is gone, at that step.
    There,
    /// Another is, by a question for readiness.
    Elsewhere,
    /// None is.
    Nowhere {
        /// Whether the command was done.
        is_done: bool,
    },
}

impl Killer<'_> {
    /// The system whose turn it is, of those that have steps left.
    fn next_system(&mut self, trades: &[Box<dyn Trade>]) -> Option<usize> {
        let count = trades.len();
        let mut turns = (self.turn..self.turn + count).map(|turn| turn % count);
        let system = turns.find(|one| self.walk.goes_on(trades[*one].facts().name))?;
        self.turn = system + 1;
        Some(system)
    }

    /// Has a process be killed at the next step of a system: whether it came to that. None where the system does not
    /// come to rest before.
    fn at_step(
        &mut self,
        stage: &mut Stage,
        tickets: &Tickets,
        rng: &mut Rng,
        system: usize,
        trade: &dyn Trade,
    ) -> Option<bool> {
        let facts = trade.facts();
        // Nobody would use them where there is no other system.
        let mut commands = if self.visitors.len() == 1 { 0 } else { self.commands };
        let visitor = &mut self.visitors[system];
        for _ in 0..ASKS {
            if !is_calm(&stage.hosts[0], &facts) {
                return None;
            }
            let client = stage.hosts[0].client();
            let Some(ask) = visitor.next(trade, rng, &client) else { continue };
            let Some(at) = self.walk.next(facts.name, ask.tells) else {
                visitor.send(trade, &client, &ask);
                continue;
            };
            tickets.give(std::mem::take(&mut commands));
            let way = self.walk.way(at).clone();
            let struck = strike(&mut stage.hosts[0], &facts, &way, || {
                visitor.send(trade, &client, &ask).outcome == Outcome::Told
            });
            stage.hosts[0].heal(&way.component());
            match struck {
                Struck::Nowhere { is_done } => {
                    if is_done {
                        self.walk.spared(at);
                    }
                    continue;
                }
                Struck::There => self.walk.struck(at),
                Struck::Elsewhere => {}
            }
            if rng.percent(WHOLE) {
                stage.kill(0);
                stage.restart(0);
            }
            return Some(true);
        }
        Some(false)
    }
}

/// Has the process be killed in which a component takes a step for a command, and sends it (`act`, which tells whether
/// it was done).
fn strike(host: &mut Host, facts: &Facts, way: &Way, act: impl FnOnce() -> bool) -> Struck {
    let (workers, trigger) = eventually(LIMIT, || processes(host));
    host.crash_process(&way.component(), way.call, way.trigger);
    let is_done = act();
    let is_gone = |pid: &u32| !procfs::is_alive(*pid);
    let by_request = way.trigger == Trigger::Http;
    let by_policy = by_request && facts.asked.contains(&way.context);
    // Whoever is to be killed by a request is not asked how it is.
    let is_asked = |context: &&&str| !by_request || **context != way.context;
    let others: Vec<&str> = facts.hearing.iter().filter(is_asked).copied().collect();
    let (system, mut redis) = (System::of(facts.name, host), host.redis());
    let (begun, mut calm_since) = (Instant::now(), None::<Instant>);
    loop {
        if is_gone(&trigger) {
            return if by_request && !by_policy { Struck::Elsewhere } else { Struck::There };
        }
        if workers.iter().any(is_gone) {
            return Struck::There;
        }
        // It came before the answer if it came.
        if is_done && by_request && !by_policy {
            return Struck::Nowhere { is_done };
        }
        if calm_since.is_none() && system.owes_nothing(&mut redis, &others, |_| Ok(())).is_ok() {
            calm_since = Some(Instant::now());
        }
        let is_over = calm_since.is_some_and(|since| since.elapsed() > AFTERWARDS);
        if is_over || begun.elapsed() > LIMIT {
            return Struck::Nowhere { is_done };
        }
        sleep(LOOK);
    }
}

/// The workers and the process of the triggers, once all of them are there.
fn processes(host: &mut Host) -> Result<(Vec<u32>, u32), String> {
    let running = host.running();
    let trigger = running.trigger.ok_or("the trigger process is away")?;
    let is_whole = running.workers.len() == WORKERS
        && running.workers.iter().chain([&trigger]).all(|pid| procfs::is_alive(*pid));
    if is_whole { Ok((running.workers, trigger)) } else { Err(format!("{running:?}")) }
}

/// Waits until a system owes nothing: whether it came to that. What a killed instance held back, others would wait
/// for; here nobody does.
fn is_calm(host: &Host, facts: &Facts) -> bool {
    let (system, mut redis) = (System::of(facts.name, host), host.redis());
    let begun = Instant::now();
    loop {
        if facts.owes_nothing(&system, &mut redis).is_ok() {
            return true;
        }
        if begun.elapsed() > CALM {
            return false;
        }
        if begun.elapsed() > ALONE {
            let _ = redis::cmd("DEL").arg(facts.leases()).exec(&mut redis);
            let _ = facts.intents.map(|intents| system.hurry(&mut redis, intents));
            let owing = facts.hearing.iter().copied().chain(facts.intents.map(|of| of.context));
            for context in owing {
                let _ = system.client.send("GET", &facts.ready(context), None);
            }
        }
        sleep(LOOK);
    }
}
