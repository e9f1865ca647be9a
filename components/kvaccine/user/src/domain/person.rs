//! A person has one running reservation at most.

use std::collections::BTreeMap;

use madang::{Aggregate, Decision, Rejection};
use serde::{Deserialize, Serialize};

use super::Event;
use super::number::Owner;

/// The person's reservation is running, or the vaccine is injected.
pub const RUNNING: Rejection = Rejection::state("that person has a reservation already");

/// The people whose hashes begin alike, one as a rule: whose reservation is running under which user.
/// Clients do not see it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Person {
    running: BTreeMap<Owner, u64>,
}

/// What happens to a person.
#[derive(Debug, Clone)]
pub enum Run {
    /// A reservation begins to run.
    Begin {
        /// Who.
        owner: Owner,
        /// The user's id.
        user: u64,
    },
    /// It does not run any more.
    End {
        /// Who.
        owner: Owner,
        /// The user's id.
        user: u64,
    },
}

impl Person {
    /// The user under whom a reservation is running.
    pub fn running(&self, owner: &Owner) -> Option<u64> {
        self.running.get(owner).copied()
    }
}

impl Aggregate for Person {
    const COLLECTION: &'static str = "people";
    const ENTITY: &'static str = "Person";
    type Command = Run;
    type Event = Event;
    type Resource = ();

    fn decide(state: Option<Self>, command: Run) -> Result<Decision<Self>, Rejection> {
        // One that runs nothing stays, empty: what begins anew must not look like what ended.
        let Person { mut running } = state.unwrap_or_default();
        match command {
            Run::Begin { owner, user } => {
                if *running.entry(owner).or_insert(user) != user {
                    return Err(RUNNING);
                }
            }
            Run::End { owner, user } => {
                running.retain(|other, runs| *other != owner || *runs != user);
            }
        }
        Ok(Decision::quiet(Person { running }))
    }

    fn resource(&self) -> Option<()> {
        None
    }
}

#[cfg(test)]
mod tests {
    use madang::spec::given;

    use super::super::number::RegisterNumber;
    use super::*;

    fn owner(number: &str) -> Owner {
        RegisterNumber::parse(number).unwrap().owner(b"key")
    }

    fn kim() -> Owner {
        owner("890309-2766876")
    }

    fn begins(owner: Owner, user: u64) -> Run {
        Run::Begin { owner, user }
    }

    fn ends(user: u64) -> Run {
        Run::End { owner: kim(), user }
    }

    #[test]
    fn a_second_reservation_is_refused_while_the_first_is_running() {
        let person = given::<Person>([]).when(begins(kim(), 1)).then_silence();
        assert_eq!(person.resource(), None);
        person.when(begins(kim(), 2)).then_rejected(RUNNING);
        given::<Person>([begins(kim(), 1), ends(1)]).when(begins(kim(), 2)).then_silence();
    }

    #[test]
    fn what_is_told_twice_or_late_changes_nothing() {
        given::<Person>([begins(kim(), 1)]).when(begins(kim(), 1)).then_nothing_changes();
        given::<Person>([begins(kim(), 1), ends(1)]).when(ends(1)).then_nothing_changes();
        let again = [begins(kim(), 1), ends(1), begins(kim(), 2)];
        given::<Person>(again).when(ends(1)).then_nothing_changes();
    }

    #[test]
    fn people_whose_hashes_begin_alike_stay_apart() {
        let lee = owner("930619-2352628");
        let both = [begins(kim(), 1), begins(lee.clone(), 2), ends(1)];
        let state =
            both.into_iter().fold(None, |state, run| Person::decide(state, run).unwrap().state);
        let person = state.unwrap();
        assert_eq!((person.running(&kim()), person.running(&lee)), (None, Some(2)));
    }
}
