//! Given, when, then: how a domain's rules are told and tested, natively and without I/O.
//!
//! ```ignore
//! given([request(1)]).when(Command::Confirm).then_events([BookRented { .. }.into()]);
//! given::<Rent>([]).when(Command::Cancel).then_rejected(Rejection::MISSING);
//! ```

use crate::aggregate::{Aggregate, Decision};
use crate::error::Rejection;

/// A history: the state that commands led to.
pub struct Given<A: Aggregate> {
    state: Option<A>,
}

/// A history and what was asked on it.
pub struct When<A: Aggregate> {
    before: Option<A>,
    outcome: Result<Decision<A>, Rejection>,
}

/// The state after these commands, each of which must be accepted.
///
/// # Panics
/// Where one of them is rejected.
pub fn given<A: Aggregate>(history: impl IntoIterator<Item = A::Command>) -> Given<A> {
    let state = history.into_iter().fold(None, |state, command| match A::decide(state, command) {
        Ok(decision) => decision.state,
        Err(rejection) => panic!("the history is rejected: {rejection:?}"),
    });
    Given { state }
}

impl<A: Aggregate> Given<A> {
    /// One more command.
    pub fn when(self, command: A::Command) -> When<A> {
        When { before: self.state.clone(), outcome: A::decide(self.state, command) }
    }

    /// What clients see.
    pub fn resource(&self) -> Option<A::Resource> {
        self.state.as_ref().and_then(A::resource)
    }
}

impl<A: Aggregate + std::fmt::Debug> When<A> {
    /// It is accepted, and exactly this is told.
    ///
    /// # Panics
    /// Where it is not so.
    #[track_caller]
    pub fn then_events(self, events: impl IntoIterator<Item = A::Event>) -> Given<A> {
        match self.outcome {
            Ok(decision) => {
                assert_eq!(decision.events, events.into_iter().collect::<Vec<_>>());
                Given { state: decision.state }
            }
            Err(rejection) => panic!("expected events, rejected: {rejection:?}"),
        }
    }

    /// It is accepted, and nobody is told.
    ///
    /// # Panics
    /// Where it is not so.
    #[track_caller]
    pub fn then_silence(self) -> Given<A> {
        self.then_events([])
    }

    /// It is accepted, and nothing is another by it.
    ///
    /// # Panics
    /// Where it is not so.
    #[track_caller]
    pub fn then_nothing_changes(self) {
        let before = self.before.clone();
        assert_eq!(self.then_silence().state, before);
    }

    /// It is rejected, with exactly this.
    ///
    /// # Panics
    /// Where it is not so.
    #[track_caller]
    pub fn then_rejected(self, rejection: Rejection) {
        match self.outcome {
            Ok(decision) => panic!("expected {rejection:?}, accepted: {:?}", decision.state),
            Err(refused) => assert_eq!(refused, rejection),
        }
    }
}
