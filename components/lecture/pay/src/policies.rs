//! What pay does for class, and when it hears of it.

use madang::{Error, Policies, Work};

use crate::contract::madang::lecture::class_events::ClassCanceled;
use crate::contract::madang::lecture::pay_calls::Taking;
use crate::domain::{CANCELED, Command, Payment};

madang::heard!(ClassCanceled);

/// On `ClassCanceled`: its payment is canceled.
pub fn policies() -> Policies {
    Policies::new().on(|canceled: ClassCanceled, work| {
        work.decide::<Payment>(canceled.id, Command::Cancel).map(drop)
    })
}

/// Takes the fee of a class, once however often it is asked: whether it is paid.
///
/// # Errors
/// Unavailable without Redis.
pub fn take(work: &mut Work, taking: &Taking, _: &str) -> Result<bool, Error> {
    match work.decide::<Payment>(taking.class_id, Command::Take(taking.clone())) {
        Err(Error::Rejected(why)) if why == CANCELED => Ok(false),
        taken => taken.map(|_| true),
    }
}

/// Undoes [`take`] of the same class, even where that call is still on its way.
///
/// # Errors
/// Unavailable without Redis.
pub fn take_back(work: &mut Work, taking: &Taking, _: &str) -> Result<(), Error> {
    work.decide::<Payment>(taking.class_id, Command::TakeBack).map(drop)
}
