//! rent (대여관리): a rent is asked for, has its book or fails, and can be cancelled.

use madang::{Aggregate, Decision, Rejection, id_from_one, text_within};
use serde::{Deserialize, Serialize};

use crate::contract::exports::madang::bookrent::rents::{NewRent, Rent as Resource, RentFields};
use crate::contract::madang::bookrent::rent_events::{BookCancelled, BookRented};

/// Only a running rent can be cancelled.
pub const NOT_RUNNING: Rejection = Rejection::state("only a rent in status Rent can be cancelled");
/// A running rent cannot be removed.
pub const RUNNING: Rejection = Rejection::state("the rent is running: cancel it first");
/// What was asked for stays as it was asked for.
pub const FIXED: Rejection =
    Rejection::state("a rent is not changed once it is made; its status can become Cancel");
/// The book has answered already.
pub const SETTLED: Rejection = Rejection::state("the rent is settled already");

/// How a rent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Asked for; the book has not answered. Nobody sees it yet.
    Pending,
    /// The rent has its book.
    Rent,
    /// It could not have the book.
    Fail,
    /// It is over.
    Cancel,
    /// It is removed, and its book is still to be given back. Nobody sees it any more.
    Removed,
}

/// A rent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rent {
    /// From 1 up.
    pub id: u64,
    /// The book.
    pub book_id: u64,
    user_id: u64,
    address: String,
    /// How it stands.
    pub status: Status,
    /// The book did not answer, so it may hold the book without anybody knowing: it gives it back.
    owes_return: bool,
}

/// What can be asked of a rent.
#[derive(Debug, Clone)]
pub enum Command {
    /// A customer wants a book.
    Request {
        /// Its id.
        id: u64,
        /// What is wanted.
        rent: NewRent,
    },
    /// The book was free and is taken.
    Confirm,
    /// The book cannot be had.
    Refuse,
    /// The book did not answer: as if it could not be had (the seed's BookServiceFallback).
    FallBack,
    /// The book knows that this rent holds it no more.
    Returned,
    /// The customer changes it: cancels it.
    Change(RentFields),
    /// It is removed from the list.
    Remove,
}

madang::events! {
    /// What happens to a rent.
    pub enum Event { BookRented, BookCancelled }
}

impl Aggregate for Rent {
    const COLLECTION: &'static str = "rents";
    const ENTITY: &'static str = "Rent";
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        let Some(rent) = state else {
            return match command {
                Command::Request { id, rent } => request(id, rent),
                _ => Err(Rejection::MISSING),
            };
        };
        match command {
            Command::Confirm if rent.status == Status::Pending => Ok(confirm(rent)),
            Command::Refuse if rent.status == Status::Pending => {
                Ok(Decision::quiet(Rent { status: Status::Fail, ..rent }))
            }
            Command::FallBack if rent.status == Status::Pending => {
                Ok(Decision::quiet(Rent { status: Status::Fail, owes_return: true, ..rent }))
            }
            Command::Returned if rent.status == Status::Removed => Ok(Decision::removed()),
            Command::Returned => Ok(Decision::quiet(Rent { owes_return: false, ..rent })),
            Command::Change(fields) => change(rent, fields),
            Command::Remove => remove(rent),
            _ => Err(SETTLED),
        }
    }

    fn resource(&self) -> Option<Resource> {
        Some(Resource {
            id: self.id,
            book_id: self.book_id,
            user_id: self.user_id,
            address: self.address.clone(),
            status: self.status.on_the_wire()?.to_owned(),
        })
    }

    fn is_intent(&self) -> bool {
        self.status == Status::Pending || self.owes_return
    }
}

impl Status {
    fn on_the_wire(self) -> Option<&'static str> {
        match self {
            Status::Rent => Some("Rent"),
            Status::Fail => Some("Fail"),
            Status::Cancel => Some("Cancel"),
            Status::Pending | Status::Removed => None,
        }
    }
}

fn request(id: u64, rent: NewRent) -> Result<Decision<Rent>, Rejection> {
    let NewRent { book_id, user_id, address } = rent;
    id_from_one("bookId", book_id)?;
    id_from_one("userId", user_id)?;
    text_within("address", &address, 1, 500)?;
    let status = Status::Pending;
    Ok(Decision::quiet(Rent { id, book_id, user_id, address, status, owes_return: false }))
}

fn confirm(rent: Rent) -> Decision<Rent> {
    let rent = Rent { status: Status::Rent, ..rent };
    let told = BookRented {
        id: rent.id,
        book_id: rent.book_id,
        user_id: rent.user_id,
        address: rent.address.clone(),
        status: "Rent".to_owned(),
    };
    Decision::told(rent, told)
}

fn change(rent: Rent, fields: RentFields) -> Result<Decision<Rent>, Rejection> {
    let known = ["Rent", "Fail", "Cancel"];
    if !known.contains(&fields.status.as_str()) {
        return Err(Rejection::invalid("status", fields.status, "must be Rent, Fail or Cancel"));
    }
    if (fields.book_id, fields.user_id, &fields.address)
        != (rent.book_id, rent.user_id, &rent.address)
    {
        return Err(FIXED);
    }
    if fields.status == "Cancel" {
        return cancel(rent);
    }
    if rent.status.on_the_wire() == Some(&fields.status) {
        return Ok(Decision::quiet(rent));
    }
    Err(FIXED)
}

fn cancel(rent: Rent) -> Result<Decision<Rent>, Rejection> {
    if rent.status != Status::Rent {
        return Err(NOT_RUNNING);
    }
    let rent = Rent { status: Status::Cancel, ..rent };
    let told = BookCancelled {
        id: rent.id,
        book_id: rent.book_id,
        user_id: rent.user_id,
        address: rent.address.clone(),
        status: "Cancel".to_owned(),
    };
    Ok(Decision::told(rent, told))
}

fn remove(rent: Rent) -> Result<Decision<Rent>, Rejection> {
    match rent.status {
        Status::Rent => Err(RUNNING),
        Status::Pending | Status::Removed => Err(Rejection::MISSING),
        Status::Fail | Status::Cancel if rent.owes_return => {
            Ok(Decision::quiet(Rent { status: Status::Removed, ..rent }))
        }
        Status::Fail | Status::Cancel => Ok(Decision::removed()),
    }
}

#[cfg(test)]
mod tests {
    use madang::spec::{Given, given};

    use super::*;

    const ADDRESS: &str = "address1";

    fn wanted() -> NewRent {
        NewRent { book_id: 1, user_id: 2, address: ADDRESS.into() }
    }

    fn requested() -> Command {
        Command::Request { id: 7, rent: wanted() }
    }

    fn after(answer: Command) -> Given<Rent> {
        given::<Rent>([requested(), answer])
    }

    fn fields(status: &str) -> RentFields {
        RentFields { book_id: 1, user_id: 2, address: ADDRESS.into(), status: status.into() }
    }

    fn cancelled() -> Given<Rent> {
        given::<Rent>([requested(), Command::Confirm, Command::Change(fields("Cancel"))])
    }

    #[test]
    fn a_rent_that_is_asked_for_is_an_intent_that_nobody_sees() {
        let rent = given::<Rent>([]).when(requested()).then_silence();
        assert_eq!(rent.resource(), None);
        assert!(Rent::decide(None, requested()).unwrap().state.unwrap().is_intent());
    }

    #[test]
    fn what_is_asked_for_must_be_whole() {
        let ask = |rent| given::<Rent>([]).when(Command::Request { id: 7, rent });
        let number = "must be a number from 1 up";
        ask(NewRent { book_id: 0, ..wanted() })
            .then_rejected(Rejection::invalid("bookId", 0, number));
        ask(NewRent { user_id: 0, ..wanted() })
            .then_rejected(Rejection::invalid("userId", 0, number));
        for address in [String::new(), "길".repeat(501)] {
            let refused = Rejection::invalid("address", &*address, "must be 1 to 500 characters");
            ask(NewRent { address, ..wanted() }).then_rejected(refused);
        }
    }

    #[test]
    fn a_book_that_is_taken_makes_it_a_rent_and_is_told() {
        let told = BookRented {
            id: 7,
            book_id: 1,
            user_id: 2,
            address: ADDRESS.into(),
            status: "Rent".into(),
        };
        let rent = given::<Rent>([requested()]).when(Command::Confirm).then_events([told.into()]);
        assert_eq!(rent.resource().unwrap().status, "Rent");
    }

    #[test]
    fn a_book_that_cannot_be_had_fails_the_rent_in_silence() {
        let rent = given::<Rent>([requested()]).when(Command::Refuse).then_silence();
        assert_eq!(rent.resource().unwrap().status, "Fail");
    }

    #[test]
    fn a_book_that_does_not_answer_fails_the_rent_and_is_given_back() {
        let rent = given::<Rent>([requested()]).when(Command::FallBack).then_silence();
        assert_eq!(rent.resource().unwrap().status, "Fail");
        let owes = |commands: &[Command]| {
            let decide =
                |state, command: &Command| Rent::decide(state, command.clone()).unwrap().state;
            commands.iter().fold(None, decide).unwrap().is_intent()
        };
        assert!(owes(&[requested(), Command::FallBack]));
        assert!(!owes(&[requested(), Command::FallBack, Command::Returned]));
        assert!(!owes(&[requested(), Command::Refuse]));
    }

    #[test]
    fn an_answer_that_comes_twice_or_late_changes_nothing() {
        for late in [Command::Confirm, Command::Refuse, Command::FallBack] {
            after(Command::Confirm).when(late.clone()).then_rejected(SETTLED);
            after(Command::FallBack).when(late).then_rejected(SETTLED);
        }
    }

    #[test]
    fn a_running_rent_can_be_cancelled_and_is_told() {
        let told = BookCancelled {
            id: 7,
            book_id: 1,
            user_id: 2,
            address: ADDRESS.into(),
            status: "Cancel".into(),
        };
        let rent = after(Command::Confirm)
            .when(Command::Change(fields("Cancel")))
            .then_events([told.into()]);
        assert_eq!(rent.resource().unwrap().status, "Cancel");
    }

    #[test]
    fn nothing_but_a_running_rent_can_be_cancelled() {
        let cancel = || Command::Change(fields("Cancel"));
        after(Command::Refuse).when(cancel()).then_rejected(NOT_RUNNING);
        cancelled().when(cancel()).then_rejected(NOT_RUNNING);
    }

    #[test]
    fn other_fields_stay_as_they_were_made() {
        for changed in [
            RentFields { book_id: 9, ..fields("Rent") },
            RentFields { user_id: 9, ..fields("Cancel") },
            RentFields { address: "elsewhere".into(), ..fields("Rent") },
            fields("Fail"),
        ] {
            after(Command::Confirm).when(Command::Change(changed)).then_rejected(FIXED);
        }
        cancelled().when(Command::Change(fields("Rent"))).then_rejected(FIXED);
    }

    #[test]
    fn a_change_to_what_it_is_already_is_none() {
        after(Command::Confirm).when(Command::Change(fields("Rent"))).then_nothing_changes();
    }

    #[test]
    fn a_status_that_is_no_status_is_refused() {
        let refused = Rejection::invalid("status", "Lost", "must be Rent, Fail or Cancel");
        after(Command::Confirm).when(Command::Change(fields("Lost"))).then_rejected(refused);
    }

    #[test]
    fn what_is_over_can_be_removed_and_what_runs_cannot() {
        assert_eq!(after(Command::Refuse).when(Command::Remove).then_silence().resource(), None);
        assert_eq!(cancelled().when(Command::Remove).then_silence().resource(), None);
        after(Command::Confirm).when(Command::Remove).then_rejected(RUNNING);
        given::<Rent>([requested()]).when(Command::Remove).then_rejected(Rejection::MISSING);
    }

    #[test]
    fn a_removed_rent_still_gives_its_book_back() {
        let hidden = after(Command::FallBack).when(Command::Remove).then_silence();
        assert_eq!(hidden.resource(), None);
        let gone = hidden.when(Command::Returned).then_silence();
        gone.when(Command::Returned).then_rejected(Rejection::MISSING);
    }
}
