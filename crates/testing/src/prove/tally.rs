//! What campaigns count.

use crate::ledger::{Outcome, Record};
use std::time::Instant;

/// What a campaign has counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Faults that were injected.
    pub faults: u64,
    /// Commands of which a log tells: with what has followed from each, the sagas.
    pub sagas: u64,
    /// Commands that clients sent.
    pub tried: u64,
    /// Commands that were answered with success.
    pub acknowledged: u64,
    /// Commands that were answered with a refusal: nothing was to come of them.
    pub refused: u64,
    /// Commands without an answer, or with one that leaves it open.
    pub unknown: u64,
    /// The columns that count harm.
    pub harm: Harm,
    /// What is told beside the figures.
    pub notes: Vec<String>,
    /// What is wrong, a line each.
    pub wrong: Vec<String>,
    /// The acknowledged commands that are lost: when their clients knew, and the line of `wrong`.
    pub lost: Vec<(Instant, String)>,
}

/// What must be zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Harm {
    /// Effects of commands and events that are not there.
    pub lost: u64,
    /// Effects that are there more than once.
    pub duplicated: u64,
    /// Effects that nobody asked for, or that were refused.
    pub unexpected: u64,
    /// Sagas and events that did not come to their end.
    pub stuck: u64,
    /// What contradicts "always true".
    pub invariants: u64,
    /// Rows of read models that are not what the log makes of them.
    pub views: u64,
}

impl Harm {
    /// Each column, by its name.
    pub fn columns(&self) -> [(&'static str, u64); 6] {
        let Self { lost, duplicated, unexpected, stuck, invariants, views } = *self;
        [
            ("lost", lost),
            ("duplicated", duplicated),
            ("unexpected", unexpected),
            ("stuck", stuck),
            ("invariants", invariants),
            ("views", views),
        ]
    }

    /// Whether there is any.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Tally {
    /// Takes another's figures along.
    pub fn add(&mut self, other: Tally) {
        self.faults += other.faults;
        self.sagas += other.sagas;
        self.tried += other.tried;
        self.acknowledged += other.acknowledged;
        self.refused += other.refused;
        self.unknown += other.unknown;
        let Harm { lost, duplicated, unexpected, stuck, invariants, views } = other.harm;
        self.harm.lost += lost;
        self.harm.duplicated += duplicated;
        self.harm.unexpected += unexpected;
        self.harm.stuck += stuck;
        self.harm.invariants += invariants;
        self.harm.views += views;
        self.notes.extend(other.notes);
        self.wrong.extend(other.wrong);
        self.lost.extend(other.lost);
    }

    /// Counts what clients were told.
    pub fn count(&mut self, records: &[Record]) {
        for record in records {
            self.tried += 1;
            *match record.outcome {
                Outcome::Told | Outcome::Made(_) => &mut self.acknowledged,
                Outcome::Refused => &mut self.refused,
                Outcome::Unknown => &mut self.unknown,
            } += 1;
        }
    }
}
