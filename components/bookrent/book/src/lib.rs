//! book (도서관리): the books, and whether each can be rented.

mod domain;
mod policies;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition, Work};

use contract::exports::madang::bookrent::books::{Book as Resource, BookFields, Guest};
use contract::madang::bookrent::book_calls::Taking;
use domain::{Book, Command};

madang::contract!(Books, "madang:bookrent/book", "../../../wit/bookrent");

struct Books;

fn books() -> Collection<Book> {
    Collection::new()
        .values_as_text(&["status"])
        .on_post(|id, book| Command::Register { id, book })
        .on_put(Command::Change)
        .on_delete(|| Command::Remove)
}

impl Context for Books {
    fn define() -> Definition {
        Definition::new("bookrent", "book")
            .collection(books())
            .internal("check-and-change-status", policies::check_and_change_status)
            .internal("give-back", policies::give_back)
            .policies(policies::policies())
    }
}

impl Guest for Books {
    fn register(book: BookFields) -> Result<Resource, Problem> {
        let command = |id| Ok(Command::Register { id, book: book.clone() });
        typed::<Self, _>(|env| books().create(env, &command)?.record())
    }

    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| books().find(env, id)?.record())
    }

    fn change(id: u64, book: BookFields) -> Result<Resource, Problem> {
        let command = |_| Ok(Command::Change(book.clone()));
        typed::<Self, _>(|env| books().decide(env, id, &command)?.record())
    }

    fn remove(id: u64) -> Result<(), Problem> {
        typed::<Self, _>(|env| books().change(env, id, None, &|_| Ok(Command::Remove)).map(drop))
    }

    fn check_and_change_status(taking: Taking) -> Result<bool, Problem> {
        let key = format!("rents/{}", taking.rent_id);
        typed::<Self, _>(|env| {
            Work::transact(env, |work| policies::check_and_change_status(work, &taking, &key))
        })
    }

    fn give_back(taking: Taking) -> Result<(), Problem> {
        let key = format!("rents/{}", taking.rent_id);
        typed::<Self, _>(|env| Work::transact(env, |work| policies::give_back(work, &taking, &key)))
    }
}
