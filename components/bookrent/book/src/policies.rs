//! What book does for its neighbours, and when it hears of them.

use madang::{Error, Policies, Work};

use crate::contract::madang::bookrent::book_calls::Taking;
use crate::contract::madang::bookrent::delivery_events::DeliveryCancelled;
use crate::domain::{Book, Command};

madang::heard!(DeliveryCancelled);

/// On `DeliveryCancelled`: the book can be rented again, if that rent held it.
pub fn policies() -> Policies {
    Policies::new().on(|cancelled: DeliveryCancelled, work| {
        let rent_id = cancelled.rent_id;
        work.decide::<Book>(cancelled.book_id, Command::GiveBack { rent_id }).map(drop)
    })
}

/// Takes the book for the rent, once however often it is asked: whether the rent has it.
///
/// # Errors
/// Unavailable without Redis.
pub fn check_and_change_status(work: &mut Work, taking: &Taking, key: &str) -> Result<bool, Error> {
    let Taking { book_id, rent_id } = *taking;
    work.once(key, |work| match work.decide::<Book>(book_id, Command::Take { rent_id }) {
        Ok(_) => Ok(true),
        Err(Error::Rejected(_)) => Ok(false),
        Err(other) => Err(other),
    })
}

/// Undoes [`check_and_change_status`] of the same key, even where that call is still on its way.
///
/// # Errors
/// Unavailable without Redis.
pub fn give_back(work: &mut Work, taking: &Taking, key: &str) -> Result<(), Error> {
    let Taking { book_id, rent_id } = *taking;
    work.decree(key, &false)?;
    match work.decide::<Book>(book_id, Command::GiveBack { rent_id }) {
        // A book that is not there is held by nobody.
        Ok(_) | Err(Error::Rejected(_)) => Ok(()),
        Err(other) => Err(other),
    }
}
