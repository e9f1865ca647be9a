//! One Idempotency-Key is sent fifty times at once, across kills: it is done once, and everybody is told the
//! same.

use super::{Play, Round, Scene};
use crate::harm::Terms;
use crate::ledger::{Ask, Outcome, Record};
use crate::rng::Rng;
use crate::stage::Stage;
use crate::tally::Tally;
use madang_testing::bookrent::{self, BookRent};
use madang_testing::lecture;
use madang_testing::log::without;
use madang_testing::outerpark::{self, OuterPark};
use madang_testing::{Answer, Client, Redis};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

/// How often each key is sent.
const TIMES: usize = 50;
/// Clients that send them: two keys at once.
const CLIENTS: usize = 100;
/// How long a key may take, its sender's claim (30 s) included.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long a client waits before it sends what was not answered again.
const PAUSE: Duration = Duration::from_millis(40);
/// How many keys are sent for each kill.
const KEYS_A_KILL: u64 = 5;
/// Between two kills.
const BETWEEN: Duration = Duration::from_millis(250);

/// Plays it.
pub fn play(play: &Play) -> Tally {
    let (rounds, keys) = play.of((20, 50), (1, 50));
    let mut tally = play.rounds(rounds, |round| one(play, round, keys));
    tally.notes.push(format!("each key was answered {TIMES} times"));
    tally
}

/// A key, what is asked with it, and what was answered.
struct Keyed {
    key: String,
    system: &'static str,
    ask: Ask,
    answers: Mutex<Vec<Answer>>,
}

fn one(play: &Play, mut round: Round, keys: usize) -> Tally {
    let mut scene = Scene::open(play, &round, Redis::start(), 1);
    let keyed = keyed(&scene.stage, &round.name, keys, play.sabotaged.is_some());
    let sends = (0..keys).flat_map(|key| [key; TIMES]);
    let queue: Mutex<VecDeque<usize>> = Mutex::new(sends.collect());
    let open = AtomicUsize::new(keys * TIMES);
    let (doors, begun) = (scene.stage.doors.clone(), Instant::now());
    let kills = thread::scope(|scope| {
        for rng in (0..CLIENTS).map(|_| round.rng.fork()).collect::<Vec<_>>() {
            let (queue, open) = (&queue, &open);
            let (keyed, doors) = (&keyed, &doors);
            scope.spawn(move || {
                let mut rng = rng;
                while open.load(Ordering::Relaxed) > 0 && begun.elapsed() < PATIENCE {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    let Some(at) = next else {
                        sleep(PAUSE);
                        continue;
                    };
                    if keyed[at].send(&Client::new(doors.pick(&mut rng))) {
                        open.fetch_sub(1, Ordering::Relaxed);
                    } else {
                        sleep(PAUSE);
                        queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(at);
                    }
                }
            });
        }
        kill_meanwhile(&mut scene.stage, &mut round.rng, &open, keys as u64 / KEYS_A_KILL)
    });
    let records: Vec<Record> = keyed.iter().map(Keyed::record).collect();
    let mut tally = scene.reconciled(kills, &records, &Terms::default());
    for one in &keyed {
        let answers = one.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = answers.windows(2).all(|two| plain(&two[0]) == plain(&two[1]));
        if !is_same {
            tally.harm.duplicated += 1;
            tally.wrong.push(format!("{} was answered differently: {answers:?}", one.key));
        }
        if answers.len() != TIMES {
            tally.harm.stuck += 1;
            let count = answers.len();
            tally.wrong.push(format!("{} was answered {count} times of {TIMES}", one.key));
        }
    }
    tally
}

/// What was answered, without the links, which name the host that was asked.
fn plain(answer: &Answer) -> Value {
    without(&answer.json(), &["_links"])
}

/// Kills the host again and again while there is something to send.
fn kill_meanwhile(stage: &mut Stage, rng: &mut Rng, open: &AtomicUsize, most: u64) -> u64 {
    let mut kills = 0;
    while kills < most && open.load(Ordering::Relaxed) > 0 {
        sleep(BETWEEN / 2 + rng.within(BETWEEN));
        stage.kill(0);
        stage.restart(0);
        kills += 1;
    }
    kills
}

/// As many keys, each for something of its own.
fn keyed(stage: &Stage, name: &str, count: usize, bookrent_alone: bool) -> Vec<Keyed> {
    let host = &stage.hosts[0];
    let (shop, park) = (BookRent::of(host), OuterPark::of(host));
    let ask = |n: usize| {
        let kind = if bookrent_alone { 0 } else { n % 3 };
        match kind {
            0 => {
                let body = bookrent::asking(shop.register(&format!("keyed {n}")), n as u64 + 1);
                let ask = Ask::new("POST", "/bookrent/rents", Some(body), "BookRented");
                ("bookrent", Ask { is_told: |answer| answer.json()["status"] == "Rent", ..ask })
            }
            1 => {
                let body = outerpark::asking(park.register(5).number, 2);
                ("outerpark", Ask::new("POST", "/outerpark/reservations", Some(body), "Reserved"))
            }
            _ => {
                let body = lecture::asking(&format!("keyed {n}"), 5000);
                ("lecture", Ask::new("POST", lecture::CLASSES, Some(body), "ClassRegistered"))
            }
        }
    };
    let keyed = (0..count).map(|n| {
        let (system, ask) = ask(n);
        Keyed { key: format!("{name}-{n}"), system, ask, answers: Mutex::default() }
    });
    keyed.collect()
}

impl Keyed {
    /// Sends it once: whether it was answered.
    fn send(&self, client: &Client) -> bool {
        let client = client.with("idempotency-key", &self.key).with("x-correlation-id", &self.key);
        let body = self.ask.body.clone().map(Into::into);
        let Ok(answer) = client.send(self.ask.method, &self.ask.path, body) else { return false };
        if !answer.is_success() {
            return false;
        }
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
        true
    }

    /// What its senders know together.
    fn record(&self) -> Record {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = answers.first().cloned().ok_or_else(|| "no answer".to_owned());
        let record = Record::new(self.system, self.key.clone(), &self.ask, &answer);
        if answer.is_err() { Record { outcome: Outcome::Unknown, ..record } } else { record }
    }
}
