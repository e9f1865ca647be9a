//! reservation (예약): who has reserved how many seats.

mod domain;
mod policies;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition};

use contract::exports::madang::outerpark::reservations::{
    Guest, NewReservation, Reservation as Resource,
};
use domain::{Command, Reservation};

madang::contract!(Reservations, "madang:outerpark/reservation", "../../../wit/outerpark");

struct Reservations;

fn reservations() -> Collection<Reservation> {
    Collection::new()
        .on_post(|id, reservation| Command::Request { id, reservation })
        .on_delete(|| Command::Cancel)
        .values_as_text(&["musicalId"])
        .guarded_by(policies::unless_payment_is_behind)
        .settled_by(policies::settle)
}

impl Context for Reservations {
    fn define() -> Definition {
        Definition::new("outerpark", "reservation")
            .calls(&["musical"])
            .collection(reservations())
            .policies(policies::policies())
    }
}

impl Guest for Reservations {
    fn reserve(reservation: NewReservation) -> Result<Resource, Problem> {
        let command = |id| Ok(Command::Request { id, reservation });
        typed::<Self, _>(|env| reservations().create(env, &command)?.record())
    }

    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| reservations().find(env, id)?.record())
    }

    fn cancel(id: u64) -> Result<(), Problem> {
        typed::<Self, _>(|env| {
            reservations().change(env, id, None, &|_| Ok(Command::Cancel)).map(drop)
        })
    }
}
