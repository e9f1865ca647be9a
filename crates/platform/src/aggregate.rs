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
    /// What whoever waits for an intent is told instead of its resource.
    pub refusal: Option<Rejection>,
}

impl<A: Aggregate> Decision<A> {
    /// The state changes, and this is told.
    pub fn told(state: A, event: impl Into<A::Event>) -> Self {
        Decision { state: Some(state), events: vec![event.into()], refusal: None }
    }

    /// The state changes, and nobody is told.
    pub fn quiet(state: A) -> Self {
        Decision { state: Some(state), events: Vec::new(), refusal: None }
    }

    /// The aggregate is no more, and nobody is told.
    pub fn removed() -> Self {
        Decision { state: None, events: Vec::new(), refusal: None }
    }

    /// The same, and this is told, too, after what is told already.
    #[must_use]
    pub fn telling(mut self, event: impl Into<A::Event>) -> Self {
        self.events.push(event.into());
        self
    }

    /// The same, and whoever waits for the intent is refused: how it ends that a neighbour did not grant
    /// what was asked for. Unlike a rejected command it changes the state.
    #[must_use]
    pub fn refusing(self, rejection: Rejection) -> Self {
        Decision { refusal: Some(rejection), ..self }
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
    /// The resource's fields, as on the wire, whose value no two aggregates may share.
    const UNIQUE: &'static [&'static str] = &[];
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

    /// Whether its collection lists it and searches find it; what is not listed is still found by its id.
    fn is_listed(&self) -> bool {
        true
    }

    /// Whether a call to a neighbour is owed: an intent, which is finished or undone by the
    /// collection's `settle`, by whoever gets to it.
    fn is_intent(&self) -> bool {
        false
    }
}
