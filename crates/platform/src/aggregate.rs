//! What an aggregate is: a state, and decisions that are pure.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Rejection;
use crate::event::Event;

/// A decision: the state it leads to (`None`: the aggregate is no more) and what is told of it.
pub struct Decision<A: Aggregate> {
    /// The state after.
    pub state: Option<A>,
    /// What happened, in order.
    pub events: Vec<A::Event>,
}

impl<A: Aggregate> Decision<A> {
    /// The state changes, and this is told.
    pub fn told(state: A, event: impl Into<A::Event>) -> Self {
        Decision { state: Some(state), events: vec![event.into()] }
    }

    /// The state changes, and nobody is told.
    pub fn quiet(state: A) -> Self {
        Decision { state: Some(state), events: Vec::new() }
    }

    /// The aggregate is no more, and nobody is told.
    pub fn removed() -> Self {
        Decision { state: None, events: Vec::new() }
    }
}

/// An aggregate: the unit of consistency, with all of its rules.
///
/// Everything here is pure: no I/O, no clock, no ids of its own making. What a rule needs comes in the
/// command.
pub trait Aggregate: Serialize + DeserializeOwned + Clone + PartialEq {
    /// The collection's name on the wire (`rents`).
    const COLLECTION: &'static str;
    /// The aggregate's name, as errors tell it (`Rent`).
    const ENTITY: &'static str;
    /// What can be asked of it.
    type Command;
    /// What it tells.
    type Event: Event + std::fmt::Debug + PartialEq + Clone;
    /// The WIT record that clients see.
    type Resource: Serialize + DeserializeOwned;

    /// Decides a command on the state (`None`: there is nothing of that id yet).
    ///
    /// # Errors
    /// The rejection, in the domain's words. A rejected command changes nothing.
    fn decide(state: Option<Self>, command: Self::Command) -> Result<Decision<Self>, Rejection>;

    /// What clients see; `None` while it is not to be seen.
    fn resource(&self) -> Option<Self::Resource>;

    /// Whether a call to a neighbour is owed: an intent, which is finished or undone by the
    /// collection's `settle`, by whoever gets to it.
    fn is_intent(&self) -> bool {
        false
    }
}
