//! How a rent that is an intent goes on: what it asks of book.

use madang::{Env, Error};

use crate::contract::madang::bookrent::book_calls::Taking;
use crate::domain::{Command, Rent, Status};

/// Asks book to check and take the book; or, where book did not answer that, to take it back.
///
/// # Errors
/// Unavailable, where a book that is owed back cannot be given back now.
pub fn settle(rent: &Rent, env: &Env) -> Result<Command, Error> {
    let taking = Taking { book_id: rent.book_id, rent_id: rent.id };
    let key = format!("rents/{}", rent.id);
    if rent.status != Status::Pending {
        return env.call("book", "give-back", &key, &taking).map(|()| Command::Returned);
    }
    Ok(match env.call("book", "check-and-change-status", &key, &taking) {
        Ok(true) => Command::Confirm,
        // Not asked, book holds nothing that it would have to give back.
        Ok(false) | Err(Error::Unasked(_)) => Command::Refuse,
        Err(_) => Command::FallBack,
    })
}
