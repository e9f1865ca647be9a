//! The host's processes are killed under load, one after the other, and its supervisor brings them
//! back.

use crate::Length;
use crate::reconcile::reconcile;
use crate::report::Report;
use crate::requests::{Asking, register};
use crate::siege::{Crowd, SLACK, Siege};
use madang_testing::bookrent::BookRent;
use madang_testing::{Backend, Client, Host, Running, eventually, procfs};
use serde_json::Value;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Within this, a process that was killed has been replaced.
const REPLACED: Duration = Duration::from_secs(20);

/// The processes that are killed in each round: each worker, and the one of the triggers.
const WORKERS: usize = 2;
const KILLED: usize = WORKERS + 1;

/// Runs the drill; tells whether all was as expected.
pub fn run(length: Length) -> bool {
    let crowd = Crowd::of(16, 10);
    let between = length.seconds(3, 2);
    let kills = KILLED * if length == Length::Full { 3 } else { 1 };
    let mut host = Host::builder().backend(Backend::Madang).workers(WORKERS).start();
    let mut report = Report::default();

    let time = between * u32::try_from(kills + 1).unwrap_or(u32::MAX) + SLACK;
    let books = register(&host, crowd.most_in(time));
    let siege = Siege::lay("killed", host.address(), crowd, Asking::Rents(books));
    sleep(between);
    let mut slowest = Duration::ZERO;
    for kill in 0..kills {
        slowest = slowest.max(kill_one(&mut host, kill % KILLED));
        sleep(between);
    }
    let phases = [siege.lift()];

    let phase = &phases[0];
    report.at_least("availability", 99.0, phase.figures().availability(), "%");
    let failed = phase.records.iter().filter(|record| record.is_failed()).count();
    // A worker takes with it what is under way in it: at most one request of each client.
    let most = (kills - kills / KILLED) * crowd.clients;
    report.at_most("requests that a killed worker took with it", most as f64, failed as f64, "");
    let status = Client::new(host.admin()).get("/status").expect(200).json();
    let restarts = |process: &Value| process["restarts"].as_u64().unwrap_or_default();
    let workers = status["workers"].as_array().into_iter().flatten();
    let replaced: u64 = workers.chain([&status["trigger"]]).map(restarts).sum();
    report.same("processes replaced by the supervisor", kills as u64, replaced);
    report.at_most("the slowest to be replaced", 5.0, slowest.as_secs_f64(), "s");
    let shop = BookRent::of(&host);
    reconcile(&mut report, &phases, &shop);
    report.print(&phases, &[&host])
}

/// Kills the worker of this number, or the trigger process behind the last, and waits until another
/// has taken its place; gives how long that took.
#[track_caller]
fn kill_one(host: &mut Host, number: usize) -> Duration {
    let running = host.running();
    let victim = running.workers.get(number).copied().or(running.trigger).expect("it runs");
    let begin = Instant::now();
    host.kill_process(victim);
    eventually(REPLACED, || {
        let Running { workers, trigger, .. } = host.running();
        let all: Vec<u32> = workers.into_iter().chain(trigger).collect();
        let is_whole = all.len() == KILLED && !all.contains(&victim);
        (is_whole && all.iter().all(|pid| procfs::is_alive(*pid))).then_some(())
    });
    begin.elapsed()
}
