//! An aggregate within a piece of work.

use serde_json::Value;

use crate::aggregate::Aggregate;
use crate::env::Env;
use crate::error::{Error, Rejection};
use crate::json;

/// Where an aggregate is: its collection, and its id there.
pub(super) type Place = (&'static str, u64);

/// Makes a slot of an id, the version, the state and what is kept with it.
pub(super) type NewSlot = fn(u64, u64, Option<String>, Kept) -> Slot;

/// An aggregate within a piece of work.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) collection: &'static str,
    pub(super) id: u64,
    pub(super) version: u64,
    /// The state as loaded and as decided; `None` where there is none.
    pub(super) loaded: Option<String>,
    pub(super) state: Option<String>,
    /// What the indexes know of the state as loaded, asked for only where it changes.
    pub(super) before: fn(&str) -> Result<Face, Error>,
    pub(super) after: Face,
    pub(super) refusal: Option<Rejection>,
    pub(super) unique: &'static [&'static str],
    pub(super) events: u32,
    pub(super) kept: Kept,
    /// Under an id that this work has just taken.
    pub(super) created: bool,
}

/// What is kept beside an aggregate's state until it is settled.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    /// The record of the Idempotency-Key that waits for it.
    pub(crate) record: Option<String>,
    /// What made it an intent, in JSON: its saga goes on with whoever settles it.
    pub(crate) cause: Option<String>,
}

impl Kept {
    /// What is kept of what this request makes an intent.
    pub(crate) fn of(env: &Env, record: Option<String>) -> Self {
        Kept { record, cause: serde_json::to_string(&env.cause).ok() }
    }
}

/// What the indexes know of an aggregate.
#[derive(Default, Clone)]
pub(super) struct Face {
    pub(super) resource: Option<Value>,
    pub(super) intent: bool,
}

/// What was decided on an aggregate.
pub(super) struct Decided {
    pub(super) state: Option<String>,
    pub(super) after: Face,
    pub(super) refusal: Option<Rejection>,
}

impl Slot {
    /// One on which nothing is decided yet.
    pub(super) fn of<A: Aggregate>(
        id: u64,
        version: u64,
        loaded: Option<String>,
        kept: Kept,
    ) -> Self {
        Slot {
            collection: A::COLLECTION,
            id,
            version,
            state: loaded.clone(),
            loaded,
            before: |loaded| face(Some(&read::<A>(loaded)?)),
            after: Face::default(),
            refusal: None,
            unique: A::UNIQUE,
            events: 0,
            kept,
            created: false,
        }
    }

    /// What the indexes know of the state as loaded.
    pub(super) fn face_before(&self) -> Result<Face, Error> {
        self.loaded.as_deref().map(self.before).transpose().map(Option::unwrap_or_default)
    }

    pub(super) fn is_changed(&self) -> bool {
        self.state != self.loaded || self.events > 0
    }
}

impl Face {
    /// A field's value as text, for an index of values that nobody shares.
    pub(super) fn value(&self, field: &str) -> Option<String> {
        self.resource.as_ref().map(|resource| resource[field].to_string())
    }
}

pub(super) fn read<A: Aggregate>(state: &str) -> Result<A, Error> {
    serde_json::from_str(state)
        .map_err(|error| Error::fault(format!("a stored {} cannot be read: {error}", A::ENTITY)))
}

pub(super) fn face<A: Aggregate>(state: Option<&A>) -> Result<Face, Error> {
    let Some(state) = state else { return Ok(Face::default()) };
    let listed = state.resource().filter(|_| state.is_listed());
    let resource = listed.as_ref().map(json::to_wire).transpose()?;
    Ok(Face { resource, intent: state.is_intent() })
}
