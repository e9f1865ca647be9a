//! The five systems as the clients of a campaign use them.

mod bookrent;
mod kvaccine;
mod lecture;
mod outerpark;
mod professor;

use crate::ledger::Ask;
use crate::rng::Rng;
use madang_testing::log::Entry;
use madang_testing::system::{Intents, System, lease_of};
use madang_testing::{Answer, Client, Host};
use serde_json::Value;
use std::collections::BTreeSet;

/// What is known of a system beforehand.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// `bookrent`.
    pub name: &'static str,
    /// Its contexts.
    pub contexts: &'static [&'static str],
    /// Those that hear events.
    pub hearing: &'static [&'static str],
    /// Those that policies ask, who wait for the answer.
    pub asked: &'static [&'static str],
    /// Where what waits for a neighbour is.
    pub intents: Option<Intents>,
    /// "On the first, one of these": by its policies, whatever happens.
    pub follows: &'static [(&'static str, &'static [&'static str])],
    /// Events that commands alone tell: one that nobody commanded is unexpected.
    pub commanded: &'static [&'static str],
}

impl Facts {
    /// Where a context is asked whether it is ready, which has it do what it owes.
    pub fn ready(&self, context: &str) -> String {
        format!("/{}/-/{context}/health/ready", self.name)
    }

    /// Whether the system owes nothing, to its log and to what waits for a neighbour.
    ///
    /// # Errors
    /// What it owes.
    pub fn owes_nothing(
        &self,
        system: &System,
        redis: &mut redis::Connection,
    ) -> Result<(), String> {
        system.owes_nothing(redis, self.hearing, |redis| match self.intents {
            Some(intents) => system.none_waits(redis, intents),
            None => Ok(()),
        })
    }

    /// The keys of the leases of those that hear events.
    pub fn leases(&self) -> Vec<String> {
        self.hearing.iter().map(|context| lease_of(self.name, context)).collect()
    }
}

/// What a client has in hand: what was made for it, to go on with.
#[derive(Debug, Default)]
pub struct Hand(pub Vec<Value>);

impl Hand {
    /// Takes one out, any.
    pub fn draw(&mut self, rng: &mut Rng) -> Option<Value> {
        (!self.0.is_empty()).then(|| self.0.swap_remove(rng.below(self.0.len() as u64) as usize))
    }
}

/// All that a system holds once it has settled, beside what the log makes of it.
#[derive(Debug)]
pub struct Found {
    /// The log.
    pub log: Vec<Entry>,
    /// What is not as it must always be.
    pub wrong: Vec<String>,
    /// Where its read model is not what the log makes of it.
    pub views: Vec<String>,
}

/// A system under its clients.
pub trait Trade: Send + Sync {
    /// What is known of it.
    fn facts(&self) -> Facts;
    /// What a client does next, who may look around before.
    fn next(&self, hand: &mut Hand, rng: &mut Rng, client: &Client) -> Option<Ask>;
    /// Something was done for a client.
    fn heard(&self, hand: &mut Hand, ask: &Ask, answer: &Answer);
    /// Everything that it holds on a host; of the log without these numbers, which are a campaign's own.
    ///
    /// # Panics
    /// Where it has not settled.
    fn found(&self, host: &Host, without: &BTreeSet<u64>) -> Found;
}

/// What a system's truth has found.
macro_rules! found {
    ($truth:expr, $without:expr) => {{
        let mut truth = $truth;
        let log = truth.log.clone();
        truth.log.retain(|entry| !$without.contains(&entry.number));
        if !$without.is_empty() {
            (1..).zip(&mut truth.log).for_each(|(number, entry)| entry.number = number);
        }
        let views = truth.unlike_the_log();
        let mut wrong = truth.contradictions();
        wrong.retain(|line| !views.contains(line));
        $crate::trades::Found { log, wrong, views }
    }};
}
use found;

/// All five, with what their clients need to begin.
///
/// # Panics
/// Where that cannot be made.
pub fn all(host: &Host) -> Vec<Box<dyn Trade>> {
    vec![
        Box::new(bookrent::BookRentals::open(host)),
        Box::new(outerpark::Seats::open(host)),
        Box::new(kvaccine::Vaccinations::open(host)),
        Box::new(professor::Professors),
        Box::new(lecture::Lectures::open(host)),
    ]
}

/// K-Vaccine alone, whose days have so many places, with more vaccine.
///
/// # Panics
/// Where that does not arrive.
pub fn vaccinations(host: &Host, places: u64) -> Box<dyn Trade> {
    Box::new(kvaccine::Vaccinations::open(host).with_capacity(places))
}

/// BookRent alone.
///
/// # Panics
/// Where its books cannot be registered.
pub fn bookrent(host: &Host) -> Vec<Box<dyn Trade>> {
    vec![Box::new(bookrent::BookRentals::open(host))]
}
