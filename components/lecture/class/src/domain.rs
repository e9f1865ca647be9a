//! class (수강): a class is asked for, is paid or refused, and can be canceled.

use madang::{Aggregate, Decision, Rejection, id_from_one, text_within};
use serde::{Deserialize, Serialize};

use crate::contract::exports::madang::lecture::classes::{Class as Resource, NewClass};
use crate::contract::madang::lecture::class_events::{ClassCanceled, ClassRegistered};

/// Pay does not say whether it has the fee.
pub const NO_ANSWER: Rejection =
    Rejection::later("the class cannot be registered at the moment; try again shortly");
/// Pay has answered already.
pub const SETTLED: Rejection = Rejection::state("the class is settled already");

/// The highest fee, in won.
const HIGHEST_FEE: u64 = 1_000_000_000;

/// How a class stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Asked for; pay has not answered. Nobody sees it yet.
    Pending,
    /// `CLASS_REGISTERED`.
    Registered,
    /// `CLASS_CANCEL`. It has left the collection, and is still found by its id.
    Canceled,
    /// Refused for want of an answer: pay may have taken the fee, which it gives back. Nobody sees it.
    Owing,
}

/// A class: a student's place in a course.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// From 1 up.
    pub id: u64,
    /// What is taken, for how much, by whom.
    pub wanted: NewClass,
    /// How it stands.
    pub status: Status,
}

/// What can be asked of a class.
#[derive(Debug, Clone)]
pub enum Command {
    /// A student (수강생) wants to take a course.
    Request {
        /// Its id.
        id: u64,
        /// What is wanted.
        class: NewClass,
    },
    /// The fee is paid.
    Confirm,
    /// Pay did not say so.
    GiveUp {
        /// Whether it may have taken the fee all the same.
        may_be_paid: bool,
    },
    /// Pay knows that nothing is paid for it.
    TakenBack,
    /// The student does not want it any more.
    Cancel,
}

madang::events! {
    /// What happens to a class.
    pub enum Event { ClassRegistered, ClassCanceled }
}

impl Aggregate for Class {
    const COLLECTION: &'static str = "classes";
    const ENTITY: &'static str = "Class";
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        let Some(class) = state else {
            return match command {
                Command::Request { id, class } => request(id, class),
                _ => Err(Rejection::MISSING),
            };
        };
        match (class.status, command) {
            (Status::Pending, Command::Confirm) => Ok(confirm(class)),
            (Status::Pending, Command::GiveUp { may_be_paid: false }) => {
                Ok(Decision::removed().refusing(NO_ANSWER))
            }
            (Status::Pending, Command::GiveUp { may_be_paid: true }) => {
                Ok(Decision::quiet(Class { status: Status::Owing, ..class }).refusing(NO_ANSWER))
            }
            (Status::Owing, Command::TakenBack) => Ok(Decision::removed()),
            (Status::Registered, Command::Cancel) => Ok(cancel(class)),
            (Status::Canceled, Command::Cancel) => Ok(Decision::quiet(class)),
            (Status::Pending | Status::Owing, Command::Cancel) => Err(Rejection::MISSING),
            _ => Err(SETTLED),
        }
    }

    fn resource(&self) -> Option<Resource> {
        let status = self.status.on_the_wire()?.to_owned();
        let NewClass { course_id, fee, student, text_book } = self.wanted.clone();
        Some(Resource { id: self.id, course_id, fee, student, text_book, status })
    }

    fn is_listed(&self) -> bool {
        self.status != Status::Canceled
    }

    fn is_intent(&self) -> bool {
        matches!(self.status, Status::Pending | Status::Owing)
    }
}

impl Status {
    fn on_the_wire(self) -> Option<&'static str> {
        match self {
            Status::Registered => Some("CLASS_REGISTERED"),
            Status::Canceled => Some("CLASS_CANCEL"),
            Status::Pending | Status::Owing => None,
        }
    }
}

fn request(id: u64, wanted: NewClass) -> Result<Decision<Class>, Rejection> {
    id_from_one("courseId", wanted.course_id)?;
    if wanted.fee > HIGHEST_FEE {
        return Err(Rejection::invalid("fee", wanted.fee, "must be 0 to 1000000000"));
    }
    text_within("student", &wanted.student, 1, 100)?;
    text_within("textBook", &wanted.text_book, 1, 200)?;
    Ok(Decision::quiet(Class { id, wanted, status: Status::Pending }))
}

fn confirm(class: Class) -> Decision<Class> {
    let Class { id, wanted, .. } = class;
    let NewClass { course_id, fee, student, text_book } = wanted.clone();
    let status = "CLASS_REGISTERED".to_owned();
    let told = ClassRegistered { id, course_id, fee, student, text_book, status };
    Decision::told(Class { id, wanted, status: Status::Registered }, told)
}

fn cancel(class: Class) -> Decision<Class> {
    let Class { id, wanted, .. } = class;
    let NewClass { course_id, fee, student, text_book } = wanted.clone();
    let status = "CLASS_CANCEL".to_owned();
    let told = ClassCanceled { id, course_id, fee, student, text_book, status };
    Decision::told(Class { id, wanted, status: Status::Canceled }, told)
}

#[cfg(test)]
mod tests {
    use madang::spec::{Given, given};

    use super::*;

    fn wanted() -> NewClass {
        NewClass {
            course_id: 1,
            fee: 10_000,
            student: "john-doe".into(),
            text_book: "kor_book".into(),
        }
    }

    fn requested() -> Command {
        Command::Request { id: 7, class: wanted() }
    }

    fn after(commands: &[Command]) -> Given<Class> {
        let answers = commands.iter().cloned();
        given::<Class>([requested()].into_iter().chain(answers))
    }

    fn seen(status: &str) -> Option<Resource> {
        let NewClass { course_id, fee, student, text_book } = wanted();
        Some(Resource { id: 7, course_id, fee, student, text_book, status: status.to_owned() })
    }

    #[test]
    fn what_is_asked_for_is_an_intent_that_nobody_sees() {
        let class = given::<Class>([]).when(requested()).then_silence();
        assert_eq!(class.resource(), None);
        assert!(Class::decide(None, requested()).unwrap().state.unwrap().is_intent());
    }

    #[test]
    fn what_is_asked_for_must_be_whole() {
        let (long_name, long_book) = ("가".repeat(101), "책".repeat(201));
        let student = |v: &str| Rejection::invalid("student", v, "must be 1 to 100 characters");
        let book = |v: &str| Rejection::invalid("textBook", v, "must be 1 to 200 characters");
        let course = Rejection::invalid("courseId", 0, "must be a number from 1 up");
        let fee = Rejection::invalid("fee", 1_000_000_001, "must be 0 to 1000000000");
        for (class, refused) in [
            (NewClass { course_id: 0, ..wanted() }, course),
            (NewClass { fee: 1_000_000_001, ..wanted() }, fee),
            (NewClass { student: "".into(), ..wanted() }, student("")),
            (NewClass { student: long_name.clone(), ..wanted() }, student(&long_name)),
            (NewClass { text_book: "".into(), ..wanted() }, book("")),
            (NewClass { text_book: long_book.clone(), ..wanted() }, book(&long_book)),
        ] {
            given::<Class>([]).when(Command::Request { id: 7, class }).then_rejected(refused);
        }
        for fee in [0, 1_000_000_000] {
            let (student, text_book) = ("가".repeat(100), "책".repeat(200));
            let class = NewClass { fee, student, text_book, ..wanted() };
            given::<Class>([]).when(Command::Request { id: 7, class }).then_silence();
        }
    }

    #[test]
    fn what_is_paid_is_registered_and_told() {
        let NewClass { course_id, fee, student, text_book } = wanted();
        let status = "CLASS_REGISTERED".to_owned();
        let told = ClassRegistered { id: 7, course_id, fee, student, text_book, status };
        let class = after(&[]).when(Command::Confirm).then_events([told.into()]);
        assert_eq!(class.resource(), seen("CLASS_REGISTERED"));
    }

    #[test]
    fn without_an_answer_it_is_refused_for_now_and_takes_back_what_may_be_paid() {
        for may_be_paid in [false, true] {
            let pending = Class::decide(None, requested()).unwrap().state;
            let decision = Class::decide(pending, Command::GiveUp { may_be_paid }).unwrap();
            assert_eq!((decision.events, decision.refusal), (vec![], Some(NO_ANSWER)));
            assert_eq!(decision.state.as_ref().and_then(Aggregate::resource), None);
            assert_eq!(decision.state.is_some_and(|class| class.is_intent()), may_be_paid);
        }
        let owing = after(&[Command::GiveUp { may_be_paid: true }]);
        let gone = owing.when(Command::TakenBack).then_silence();
        gone.when(Command::TakenBack).then_rejected(Rejection::MISSING);
    }

    #[test]
    fn an_answer_that_comes_twice_or_late_changes_nothing() {
        let give_up = Command::GiveUp { may_be_paid: true };
        for late in [Command::Confirm, give_up.clone(), Command::TakenBack, requested()] {
            after(&[Command::Confirm]).when(late.clone()).then_rejected(SETTLED);
            after(&[Command::Confirm, Command::Cancel]).when(late).then_rejected(SETTLED);
        }
        after(&[give_up]).when(Command::Confirm).then_rejected(SETTLED);
        after(&[]).when(Command::TakenBack).then_rejected(SETTLED);
    }

    #[test]
    fn a_cancel_is_told_once_and_what_is_canceled_leaves_the_collection() {
        let NewClass { course_id, fee, student, text_book } = wanted();
        let status = "CLASS_CANCEL".to_owned();
        let told = ClassCanceled { id: 7, course_id, fee, student, text_book, status };
        let class = after(&[Command::Confirm]).when(Command::Cancel).then_events([told.into()]);
        assert_eq!(class.resource(), seen("CLASS_CANCEL"));
        class.when(Command::Cancel).then_nothing_changes();
        let listed = |status| Class { id: 7, wanted: wanted(), status }.is_listed();
        assert!(listed(Status::Registered) && !listed(Status::Canceled));
    }

    #[test]
    fn what_nobody_sees_is_not_there_to_be_canceled() {
        given::<Class>([]).when(Command::Cancel).then_rejected(Rejection::MISSING);
        after(&[]).when(Command::Cancel).then_rejected(Rejection::MISSING);
        let owing = after(&[Command::GiveUp { may_be_paid: true }]);
        owing.when(Command::Cancel).then_rejected(Rejection::MISSING);
    }
}
