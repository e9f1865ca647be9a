//! Power cuts under a Redis that flushes its log once a second (`appendfsync everysec`).
//!
//! A `kill -9` loses nothing that was written, flushed or not: the kernel has it. A power cut does: so after
//! the kill the log is cut back to what it was a second before, which is the most that Redis says it loses.
//! What clients were told in that time is gone, which is measured; everything else has to hold of what is
//! left, and so have the hosts, which know of more than Redis does. Clients forget what they had in hand: the
//! numbers that were lost are given out again.

use super::{BURST, CLIENTS, Play, Round, Scene};
use crate::crowd::at_work;
use crate::harm::{Terms, reconcile};
use crate::tally::Tally;
use madang_testing::Redis;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

/// What `everysec` may lose.
const WINDOW: Duration = Duration::from_secs(1);
/// How long clients are at work before each cut, and how long they rest between commands.
const BETWEEN: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(40);
/// How often the log's length is looked at.
const LOOK: Duration = Duration::from_millis(4);
/// A client may hear of what was done before a cut so much later.
const HEARD: Duration = Duration::from_millis(100);
/// How often in a hundred the hosts lose their power as well.
const HOSTS_TOO: u64 = 50;

/// Plays it.
pub fn play(play: &Play) -> Tally {
    let (rounds, cuts) = play.of((5, 10), (1, 4));
    play.rounds(rounds, |round| one(play, round, cuts))
}

fn one(play: &Play, mut round: Round, cuts: u64) -> Tally {
    let mut scene = Scene::open(play, &round, Redis::start_with("everysec"), 1);
    let log = log_of(scene.stage.redis.dir());
    let doors = scene.stage.doors.clone();
    let lengths: Mutex<VecDeque<(Instant, u64)>> = Mutex::default();
    let is_over = AtomicBool::new(false);
    let mut moments = Vec::new();
    let Scene { stage, trades } = &mut scene;
    let records = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let length = fs::metadata(&log).map_or(0, |file| file.len());
                lengths.lock().expect("lengths").push_back((Instant::now(), length));
                sleep(LOOK);
            }
        });
        let records = at_work(&doors, trades, CLIENTS, &mut round.rng, |tickets, rng| {
            for _ in 0..cuts {
                let begun = Instant::now();
                while begun.elapsed() < BETWEEN {
                    tickets.give(4);
                    tickets.used();
                    sleep(PAUSE);
                }
                tickets.give(12);
                sleep(rng.within(BURST));
                let hosts_too = rng.percent(HOSTS_TOO);
                if hosts_too {
                    stage.kill(0);
                }
                stage.redis.kill();
                doors.lose();
                let cut = Instant::now();
                let kept = length_at(&mut lengths.lock().expect("lengths"), cut - WINDOW);
                let file = File::options().write(true).open(&log).expect("Redis's log");
                file.set_len(kept).expect("it can be cut back");
                moments.push(cut);
                stage.redis.restart();
                if hosts_too {
                    stage.restart(0);
                }
                tickets.used();
            }
        });
        is_over.store(true, Ordering::Relaxed);
        records
    });
    let terms = Terms { may_lose: true, ..Terms::default() };
    let mut tally = reconcile(&mut scene.stage, &scene.trades, &records, &terms);
    tally.faults = cuts;
    measure(&mut tally, &moments);
    tally
}

/// Where Redis writes what it has done.
fn log_of(dir: &Path) -> PathBuf {
    let folder = dir.join("appendonlydir");
    let files = fs::read_dir(&folder).expect("Redis's log").flatten();
    let incremental =
        files.map(|file| file.path()).find(|path| path.to_string_lossy().contains(".incr."));
    incremental.expect("a part of Redis's log that grows")
}

/// How long the log was at a time, and forgets what was before.
fn length_at(lengths: &mut VecDeque<(Instant, u64)>, at: Instant) -> u64 {
    let kept = lengths.iter().rev().find(|(when, _)| *when <= at).map_or(0, |(_, length)| *length);
    lengths.clear();
    kept
}

/// What was acknowledged within the window before a cut and is lost is told instead of counted as harm.
fn measure(tally: &mut Tally, cuts: &[Instant]) {
    let age = |at: Instant| {
        let next = cuts.iter().find(|cut| **cut + HEARD >= at);
        next.map_or(Duration::MAX, |cut| cut.saturating_duration_since(at))
    };
    let (within, before): (Vec<_>, Vec<_>) =
        tally.lost.iter().partition(|(at, _)| age(*at) <= WINDOW + LOOK * 5);
    for (at, line) in &before {
        tally.notes.push(format!("{} ms before the cut: {line}", age(*at).as_millis()));
    }
    tally.wrong.retain(|line| !within.iter().any(|(_, lost)| lost == line));
    let ages: Vec<Duration> = within.iter().map(|(at, _)| age(*at)).collect();
    let within = within.len() as u64;
    tally.harm.lost -= within;
    let oldest = ages.iter().max().copied().unwrap_or_default();
    tally.notes.push(format!(
        "acknowledged and lost: {within}, of {} acknowledged around {} cuts; the oldest {} ms before its cut",
        tally.acknowledged,
        cuts.len(),
        oldest.as_millis()
    ));
    if within == 0 {
        tally.harm.unexpected += 1;
        tally.wrong.push("nothing was lost: the power was not cut".to_owned());
    }
}
