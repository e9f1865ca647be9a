//! What payment does when it hears of a reservation.

use madang::Policies;

use crate::contract::madang::outerpark::reservation_events::{Canceled, Reserved};
use crate::domain::{Command, NO_PAYMENT, Payment};

madang::heard!(Reserved, Canceled);

/// On `Reserved`: a payment is approved. On `Canceled`: it is canceled.
pub fn policies() -> Policies {
    Policies::new()
        .on(|reserved: Reserved, work| {
            let approve = |id| Ok(Command::Approve { id, reserved: reserved.clone() });
            work.create::<Payment>(approve).map(drop)
        })
        .on(|canceled: Canceled, work| {
            let found = work.find::<Payment>("reservationId", canceled.id)?;
            let payment = *found.first().ok_or(NO_PAYMENT)?;
            work.decide::<Payment>(payment, Command::Cancel).map(drop)
        })
}
