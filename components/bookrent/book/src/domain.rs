//! book (도서관리): a book can be rented, or one rent holds it.

use madang::{Aggregate, Decision, Rejection, id_from_one, text_within};
use serde::{Deserialize, Serialize};

use crate::contract::exports::madang::bookrent::books::{Book as Resource, BookFields};
use crate::contract::madang::bookrent::book_events::Registered;

/// The book is rented, so it stays as it is until it is given back.
pub const RENTED: Rejection = Rejection::state("the book is rented");
/// The book cannot be rented now.
pub const NOT_FREE: Rejection = Rejection::state("the book cannot be rented now");

/// A book.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Book {
    id: u64,
    title: String,
    status: bool,
    /// The rent that holds it.
    rent_id: Option<u64>,
}

/// What can be asked of a book.
#[derive(Debug, Clone)]
pub enum Command {
    /// The library has a new book.
    Register {
        /// Its id.
        id: u64,
        /// What it is.
        book: BookFields,
    },
    /// The library corrects it.
    Change(BookFields),
    /// The library has it no more.
    Remove,
    /// A rent takes it (checkAndChangeStatus).
    Take {
        /// The rent.
        rent_id: u64,
    },
    /// A rent holds it no more.
    GiveBack {
        /// The rent.
        rent_id: u64,
    },
}

madang::events! {
    /// What happens to a book.
    pub enum Event { Registered }
}

impl Aggregate for Book {
    const COLLECTION: &'static str = "books";
    const ENTITY: &'static str = "Book";
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        match (state, command) {
            (None, Command::Register { id, book }) => register(id, book),
            (Some(book), Command::Change(fields)) => change(book, fields),
            (Some(book), Command::Remove) if book.rent_id.is_some() => Err(RENTED),
            (Some(_), Command::Remove) => Ok(Decision::removed()),
            (Some(book), Command::Take { rent_id }) => take(book, rent_id),
            (Some(book), Command::GiveBack { rent_id }) => Ok(give_back(book, rent_id)),
            (Some(_), Command::Register { .. }) => {
                Err(Rejection::state("it is registered already"))
            }
            (None, _) => Err(Rejection::MISSING),
        }
    }

    fn resource(&self) -> Option<Resource> {
        Some(Resource { id: self.id, title: self.title.clone(), status: self.status })
    }
}

fn register(id: u64, fields: BookFields) -> Result<Decision<Book>, Rejection> {
    let BookFields { title, status } = fields;
    text_within("title", &title, 1, 200)?;
    let registered = Registered { id, title: title.clone(), status };
    Ok(Decision::told(Book { id, title, status, rent_id: None }, registered))
}

fn change(book: Book, fields: BookFields) -> Result<Decision<Book>, Rejection> {
    text_within("title", &fields.title, 1, 200)?;
    if book.rent_id.is_some() && fields.status != book.status {
        return Err(RENTED);
    }
    Ok(Decision::quiet(Book { title: fields.title, status: fields.status, ..book }))
}

fn take(book: Book, rent_id: u64) -> Result<Decision<Book>, Rejection> {
    id_from_one("rentId", rent_id)?;
    if book.rent_id == Some(rent_id) {
        return Ok(Decision::quiet(book));
    }
    if !book.status {
        return Err(NOT_FREE);
    }
    Ok(Decision::quiet(Book { status: false, rent_id: Some(rent_id), ..book }))
}

fn give_back(book: Book, rent_id: u64) -> Decision<Book> {
    if book.rent_id == Some(rent_id) {
        Decision::quiet(Book { status: true, rent_id: None, ..book })
    } else {
        Decision::quiet(book)
    }
}

#[cfg(test)]
mod tests {
    use madang::spec::{Given, given};

    use super::*;

    fn fields(title: &str, status: bool) -> BookFields {
        BookFields { title: title.to_owned(), status }
    }

    fn registered(title: &str, status: bool) -> Command {
        Command::Register { id: 1, book: fields(title, status) }
    }

    fn free() -> Given<Book> {
        given::<Book>([registered("title01", true)])
    }

    fn held() -> Given<Book> {
        given::<Book>([registered("title01", true), Command::Take { rent_id: 7 }])
    }

    #[test]
    fn a_book_is_registered_and_told() {
        let told = Registered { id: 1, title: "title01".into(), status: true };
        let book = given::<Book>([]).when(registered("title01", true)).then_events([told.into()]);
        assert_eq!(
            book.resource(),
            Some(Resource { id: 1, title: "title01".into(), status: true })
        );
    }

    #[test]
    fn a_title_has_1_to_200_characters() {
        let refused =
            |title: &str| Rejection::invalid("title", title, "must be 1 to 200 characters");
        let (long, longest) = ("책".repeat(201), "책".repeat(200));
        given::<Book>([]).when(registered("", true)).then_rejected(refused(""));
        given::<Book>([]).when(registered(&long, true)).then_rejected(refused(&long));
        free().when(Command::Change(fields(&long, true))).then_rejected(refused(&long));
        free().when(Command::Change(fields(&longest, true))).then_silence();
    }

    #[test]
    fn a_rent_takes_a_free_book_once_and_again() {
        let book = free().when(Command::Take { rent_id: 7 }).then_silence();
        assert!(!book.resource().unwrap().status);
        book.when(Command::Take { rent_id: 7 }).then_nothing_changes();
    }

    #[test]
    fn a_taken_book_is_refused_to_any_other_rent() {
        held().when(Command::Take { rent_id: 8 }).then_rejected(NOT_FREE);
    }

    #[test]
    fn a_book_that_cannot_be_rented_is_refused() {
        given::<Book>([registered("title01", false)])
            .when(Command::Take { rent_id: 7 })
            .then_rejected(NOT_FREE);
    }

    #[test]
    fn ids_of_rents_start_at_one() {
        let refused = Rejection::invalid("rentId", 0, "must be a number from 1 up");
        free().when(Command::Take { rent_id: 0 }).then_rejected(refused);
    }

    #[test]
    fn the_rent_that_holds_it_gives_it_back() {
        let book = held().when(Command::GiveBack { rent_id: 7 }).then_silence();
        assert!(book.resource().unwrap().status);
    }

    #[test]
    fn another_rent_gives_nothing_back() {
        held().when(Command::GiveBack { rent_id: 8 }).then_nothing_changes();
        free().when(Command::GiveBack { rent_id: 7 }).then_nothing_changes();
    }

    #[test]
    fn a_book_that_nobody_may_rent_does_not_become_free_by_a_late_return() {
        given::<Book>([registered("title01", false)])
            .when(Command::GiveBack { rent_id: 7 })
            .then_nothing_changes();
    }

    #[test]
    fn the_status_of_a_rented_book_stays() {
        held().when(Command::Change(fields("title01", true))).then_rejected(RENTED);
    }

    #[test]
    fn the_title_of_a_rented_book_can_be_corrected() {
        let book = held().when(Command::Change(fields("title02", false))).then_silence();
        assert_eq!(book.resource().unwrap().title, "title02");
    }

    #[test]
    fn a_free_book_can_be_removed_and_a_rented_one_cannot() {
        let none = free().when(Command::Remove).then_silence();
        assert_eq!(none.resource(), None);
        held().when(Command::Remove).then_rejected(RENTED);
    }

    #[test]
    fn nothing_can_be_asked_of_a_book_that_is_not_there() {
        for command in [
            Command::Change(fields("t", true)),
            Command::Remove,
            Command::Take { rent_id: 7 },
            Command::GiveBack { rent_id: 7 },
        ] {
            given::<Book>([]).when(command).then_rejected(Rejection::MISSING);
        }
    }
}
