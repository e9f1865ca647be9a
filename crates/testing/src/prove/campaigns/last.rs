//! 200 clients want the last book, the last seats, the last place of a day, all at once: one gets it.

use super::{Play, Round, Scene};
use crate::harm::Terms;
use crate::ledger::{Ask, Outcome, Record};
use crate::tally::{Harm, Tally};
use crate::trades::{self, Trade};
use madang_testing::bookrent::{self, BookRent};
use madang_testing::kvaccine::{KVaccine, Person};
use madang_testing::outerpark::{self, OuterPark};
use madang_testing::system::System;
use madang_testing::{Client, Host, Redis, in_parallel};
use serde_json::Value;

/// Those who want it.
const CLIENTS: usize = 200;
/// How many places a day has here: as many as one round can fill.
const PLACES: u64 = 1;

/// Plays it. A stage has as many rounds as there are days that can be reserved.
pub fn play(play: &Play) -> Tally {
    let (stages, rounds) = play.of((25, 4), (1, 3));
    play.rounds(stages, |round| one(play, round, rounds))
}

fn one(play: &Play, round: Round, rounds: usize) -> Tally {
    // Whoever is in a crowd waits: this is about who gets it, not about how long that may take.
    let settings = play
        .settings()
        .variable("call_timeout_ms", "20000")
        .variable("kvaccine_daily_capacity", PLACES.to_string());
    let mut scene = Scene::with(play, &round, Redis::start(), 1, settings);
    let trades = std::mem::take(&mut scene.trades);
    let is_whole = play.sabotaged.is_none();
    let (mut records, mut wrong) = (Vec::new(), Vec::new());
    for turn in 0..rounds {
        let host = &scene.stage.hosts[0];
        let mut wanted = vec![book(host)];
        if is_whole {
            wanted.extend([seats(host), day(host, turn)]);
        }
        for crowd in wanted {
            let told = crowd.rush(&host.client(), &format!("{}-{turn}", round.name));
            let winners = told.iter().filter(|one| one.outcome == Outcome::Told).count();
            let unknown = told.iter().any(|one| one.outcome == Outcome::Unknown);
            if crowd.is_decided_at_once && (winners > 1 || (winners == 0 && !unknown)) {
                wrong.push(format!("{winners} got the last one of {}", crowd.system));
            }
            records.extend(told);
        }
    }
    scene.trades = of_these(trades, &scene.stage.hosts[0], is_whole);
    let mut tally = scene.reconciled(
        (rounds * if is_whole { 3 } else { 1 }) as u64,
        &records,
        &Terms::default(),
    );
    tally.harm = Harm { invariants: tally.harm.invariants + wrong.len() as u64, ..tally.harm };
    tally.wrong.extend(wrong);
    tally
}

/// The systems that have a last one of something.
fn of_these(all: Vec<Box<dyn Trade>>, host: &Host, is_whole: bool) -> Vec<Box<dyn Trade>> {
    let mut these = all;
    these.retain(|trade| ["bookrent", "outerpark"].contains(&trade.facts().name));
    if is_whole {
        these.push(trades::vaccinations(host, PLACES));
    }
    these
}

/// Those who want one thing.
struct Crowd {
    system: &'static str,
    /// Whether the answers say who got it; else the log does, later.
    is_decided_at_once: bool,
    asks: Vec<Ask>,
}

impl Crowd {
    /// All ask at once.
    fn rush(&self, client: &Client, name: &str) -> Vec<Record> {
        in_parallel(self.asks.len(), |n| {
            let (ask, saga) = (&self.asks[n], format!("{name}-{}-{n}", self.system));
            let client = client.with("x-correlation-id", saga.as_str());
            let answer = client.send(ask.method, &ask.path, ask.body.clone().map(Into::into));
            Record::new(self.system, saga, ask, &answer)
        })
    }
}

fn crowd(
    system: &'static str,
    path: &str,
    tells: &'static str,
    body: impl Fn(u64) -> Value,
) -> Crowd {
    let ask = |n| Ask::new("POST", path, Some(body(n)), tells);
    let asks = (1..=CLIENTS as u64).map(ask).collect();
    Crowd { system, is_decided_at_once: system != "kvaccine", asks }
}

fn book(host: &Host) -> Crowd {
    let book = BookRent::of(host).register("the last one");
    let mut crowd =
        crowd("bookrent", "/bookrent/rents", "BookRented", |user| bookrent::asking(book, user));
    for ask in &mut crowd.asks {
        ask.is_told = |answer| answer.json()["status"] == "Rent";
    }
    crowd
}

fn seats(host: &Host) -> Crowd {
    let musical = OuterPark::of(host).register(3);
    let body = |_| outerpark::asking(musical.number, 2);
    crowd("outerpark", "/outerpark/reservations", "Reserved", body)
}

fn day(host: &Host, turn: usize) -> Crowd {
    let days = KVaccine::with_capacity(host, PLACES).days;
    let path = "/kvaccine/user/reserve";
    let crowd = crowd("kvaccine", path, "UserReservationRequested", |_| {
        Person::new().wants(&days[3 + turn])
    });
    let _ = System::of("kvaccine", host);
    crowd
}
