//! What reservation asks of musical, when it takes no more, and what it does when it hears of payments.

use madang::error::Class;
use madang::{Collection, Env, Error, Policies};

use crate::contract::madang::outerpark::musical_calls::Taking;
use crate::contract::madang::outerpark::payment_events::PaymentApproved;
use crate::domain::{Command, PAYMENT_BEHIND, Reservation, Status};

madang::heard!(PaymentApproved);

/// Reservations that may wait for their payment unless the variable `outerpark_payment_max_backlog`
/// says otherwise.
const MAX_BACKLOG: u64 = 1000;

/// On `PaymentApproved`: the reservation is paid, unless it is canceled by then.
pub fn policies() -> Policies {
    Policies::new().on(|approved: PaymentApproved, work| {
        work.decide::<Reservation>(approved.reservation_id, Command::Approve).map(drop)
    })
}

/// Takes no more reservations while payment is too far behind.
///
/// How far, the reservations know that wait for their payment: each has told one event that payment has
/// not answered, and they are what a customer would wait for.
///
/// # Errors
/// [`PAYMENT_BEHIND`]; unavailable without Redis.
pub fn unless_payment_is_behind(env: &Env) -> Result<(), Error> {
    let most = env.number("outerpark_payment_max_backlog", MAX_BACKLOG);
    let waiting = Status::SeatsReserved.on_the_wire();
    if Collection::<Reservation>::count(env, "status", waiting)? > most {
        return Err(PAYMENT_BEHIND.into());
    }
    Ok(())
}

/// Asks musical to check and take the seats; or, where musical did not answer that, to take them back.
///
/// # Errors
/// Unavailable, where seats that are owed back cannot be given back now.
pub fn settle(reservation: &Reservation, env: &Env) -> Result<Command, Error> {
    let Reservation { id, musical_id, seats, status, .. } = *reservation;
    let taking = Taking { musical_id, seats, reservation_id: id };
    let key = format!("reservations/{id}");
    if status != Status::Pending {
        return env.call("musical", "give-back", &key, &taking).map(|()| Command::Returned);
    }
    Ok(match env.call("musical", "check-and-modify-seat", &key, &taking) {
        Ok(true) => Command::Confirm,
        Ok(false) => Command::TooFewSeats,
        Err(Error::Rejected(why)) if why.class == Class::NotFound => Command::NoMusical,
        Err(Error::Unasked(_)) => Command::GiveUp { may_hold: false },
        Err(_) => Command::GiveUp { may_hold: true },
    })
}
