//! reservation (예약): who has a place on which day.

mod domain;
mod policies;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition, Work, holds_shape};

use contract::exports::madang::kvaccine::reservations::{
    DaysQuestion, Guest, Reservation as Resource, ReserveDate,
};
use domain::Reservation;

madang::contract!(Reservations, "madang:kvaccine/reservation", "../../../wit/kvaccine");

struct Reservations;

fn reservations() -> Collection<Reservation> {
    Collection::new().search("findByUserId", "userId")
}

impl Context for Reservations {
    fn define() -> Definition {
        Definition::new("kvaccine", "reservation")
            .conceals(&["first", "days"], |text| holds_shape(text, "######-#######"))
            .collection(reservations())
            .internal("date", policies::date)
            .policies(policies::policies())
    }
}

impl Guest for Reservations {
    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| reservations().find(env, id)?.record())
    }

    fn date(question: DaysQuestion) -> Result<Vec<ReserveDate>, Problem> {
        typed::<Self, _>(|env| Work::transact(env, |work| policies::date(work, &question, "")))
    }
}
