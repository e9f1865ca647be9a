//! What delivery does when it hears of a rent.

use madang::Policies;

use crate::contract::madang::bookrent::rent_events::{BookCancelled, BookRented};
use crate::domain::{Command, Delivery, NO_DELIVERY};

madang::heard!(BookRented, BookCancelled);

/// On `BookRented`: a delivery starts. On `BookCancelled`: it is cancelled.
pub fn policies() -> Policies {
    Policies::new()
        .on(|rented: BookRented, work| {
            let start = |id| Ok(Command::Start { id, rented: rented.clone() });
            work.create::<Delivery>(start).map(drop)
        })
        .on(|cancelled: BookCancelled, work| {
            let found = work.find::<Delivery>("rentId", cancelled.id)?;
            let delivery = *found.first().ok_or(NO_DELIVERY)?;
            work.decide::<Delivery>(delivery, Command::Cancel).map(drop)
        })
}
