//! What musical does for its neighbours, and when it hears of them.

use madang::{Error, Policies, Rejection, Work};

use crate::contract::madang::outerpark::musical_calls::Taking;
use crate::contract::madang::outerpark::reservation_events::Canceled;
use crate::domain::{Command, Hold, Holding, Musical, NOTHING_HELD, TOO_FEW};

madang::heard!(Canceled);

/// On `Canceled`: the reservation's seats can be reserved again.
pub fn policies() -> Policies {
    Policies::new().on(
        |canceled: Canceled, work| {
            if release(work, canceled.id)? { Ok(()) } else { Err(NOTHING_HELD.into()) }
        },
    )
}

/// Takes the seats for the reservation, once however often it is asked: whether the reservation has
/// them.
///
/// # Errors
/// [`Rejection::MISSING`] where there is no such musical; unavailable without Redis.
pub fn check_and_modify_seat(work: &mut Work, taking: &Taking, _: &str) -> Result<bool, Error> {
    let Taking { musical_id, seats, reservation_id } = *taking;
    if let Some(holding) = work.load::<Holding>(reservation_id)? {
        return Ok(holding != Holding::GivenBack);
    }
    let found = work.find::<Musical>("musicalId", musical_id)?;
    let musical = *found.first().ok_or(Rejection::MISSING)?;
    match work.decide::<Musical>(musical, Command::Take { seats }) {
        Err(Error::Rejected(why)) if why == TOO_FEW => return Ok(false),
        taken => taken?,
    };
    work.decide::<Holding>(reservation_id, Hold::Take { reservation_id, musical, seats })?;
    Ok(true)
}

/// Undoes [`check_and_modify_seat`] of the same reservation, even where that call is still on its way.
///
/// # Errors
/// Unavailable without Redis.
pub fn give_back(work: &mut Work, taking: &Taking, _: &str) -> Result<(), Error> {
    release(work, taking.reservation_id)?;
    work.decide::<Holding>(taking.reservation_id, Hold::GiveBack).map(drop)
}

/// Gives back what a reservation holds: whether it held anything.
fn release(work: &mut Work, reservation_id: u64) -> Result<bool, Error> {
    let held = work.load::<Holding>(reservation_id)?;
    let Some(Holding::Held { musical, seats }) = held else { return Ok(false) };
    work.decide::<Musical>(musical, Command::GiveBack { seats })?;
    work.decide::<Holding>(reservation_id, Hold::GiveBack)?;
    Ok(true)
}
