//! The disk is full under Redis, and under SQLite: for a while no file of theirs can grow.
//!
//! No file system is mounted for it, which takes rights that CI need not have: the process is given a limit of
//! a file's size (`RLIMIT_FSIZE`), so that writing beyond it fails, with `EFBIG` where a full disk says
//! `ENOSPC`. The signal that comes with it is ignored, see `main`.

use super::{Play, Round, Scene};
use crate::crowd::Tickets;
use crate::rng::Rng;
use crate::stage::Stage;
use crate::tally::Tally;
use madang_testing::{Host, Redis, procfs};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long the disk is full at least, and until when Redis has to take writes again at most.
const FULL: Duration = Duration::from_millis(700);
const MENDED: Duration = Duration::from_secs(20);

/// The read models, which notice it whatever is full: they follow Redis into SQLite.
const READ_MODELS: [&str; 5] = [
    "bookrent/-/view",
    "outerpark/-/customer-center",
    "kvaccine/-/dashboard",
    "professor/-/my-page",
    "lecture/-/my-page",
];

/// What is under the full disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Under {
    /// Redis that flushes its log before each answer: it ends itself, and is started again.
    RedisAlways,
    /// Redis that flushes it once a second: it refuses writes until there is room.
    RedisEverysec,
    /// The host's workers, with the read models and breakers in SQLite.
    Sqlite,
}

/// All of them: one round after the other.
const ALL: [Under; 3] = [Under::RedisAlways, Under::RedisEverysec, Under::Sqlite];

/// Plays it.
pub fn play(play: &Play) -> Tally {
    let faults = play.of(5, 1);
    play.rounds(ALL.len() as u64, |round| one(play, round, faults))
}

fn one(play: &Play, round: Round, faults: u64) -> Tally {
    let under = ALL[(round.seed % ALL.len() as u64) as usize];
    let fsync = if under == Under::RedisEverysec { "everysec" } else { "always" };
    let scene = Scene::open(play, &round, Redis::start_with(fsync), 1);
    let mut failures = 0;
    let mut tally = scene.bursts(round.rng, faults, |stage, tickets, rng| {
        failures += fill(stage, tickets, rng, under);
        1
    });
    tally.notes.push(format!("under {under:?}: {failures} signs of it"));
    if failures == 0 {
        tally.harm.stuck += 1;
        tally.wrong.push(format!("under {under:?} nobody noticed: the disk was not full"));
    }
    tally
}

/// Has the disk be full for a while: how many signs of it there were.
fn fill(stage: &mut Stage, tickets: &Tickets, rng: &mut Rng, under: Under) -> u64 {
    let processes = match under {
        Under::RedisAlways | Under::RedisEverysec => stage.redis.pid().into_iter().collect(),
        Under::Sqlite => processes(&mut stage.hosts[0]),
    };
    // What is there already may stay; the next byte beyond it may not.
    let room = match under {
        Under::Sqlite => 0,
        _ => size_of(&stage.redis.dir().join("appendonlydir")) + rng.below(4000),
    };
    processes.iter().for_each(|pid| limit(*pid, Some(room)));
    tickets.give(60);
    sleep(FULL);
    let ended = processes.iter().filter(|pid| !procfs::is_alive(**pid)).count() as u64;
    let down = READ_MODELS.iter().filter(|path| is_down(&stage.hosts[0], path)).count() as u64;
    processes.iter().filter(|pid| procfs::is_alive(**pid)).for_each(|pid| limit(*pid, None));
    match under {
        Under::RedisAlways => stage.redis.restart(),
        Under::RedisEverysec => await_writes(&stage.redis),
        Under::Sqlite => {}
    }
    tickets.used();
    ended + down
}

/// Waits until Redis takes writes again.
fn await_writes(redis: &Redis) {
    let begun = Instant::now();
    let mut connection = redis.connect();
    let mut write = || redis::cmd("SET").arg("{prove}:room").arg("there").exec(&mut connection);
    while write().is_err() && begun.elapsed() < MENDED {
        sleep(Duration::from_millis(50));
    }
}

/// Whether a read model cannot follow the log.
fn is_down(host: &Host, read_model: &str) -> bool {
    let path = format!("/{read_model}/health/ready");
    host.client().send("GET", &path, None).is_ok_and(|answer| !answer.is_success())
}

fn processes(host: &mut Host) -> Vec<u32> {
    let running = host.running();
    running.workers.into_iter().chain(running.trigger).collect()
}

/// The size of the largest file in a folder.
fn size_of(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).max().unwrap_or(0)
}

/// Limits how long a process's files may be, or ends that.
fn limit(pid: u32, bytes: Option<u64>) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let limit = Rlimit { current: bytes, maximum: None };
    prlimit(pid, Resource::Fsize, limit).expect("a limit of a process of one's own");
}
