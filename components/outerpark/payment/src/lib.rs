//! payment (결제): what is paid for which reservation.

mod domain;
mod policies;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition};

use contract::exports::madang::outerpark::payments::{Guest, Payment as Resource};
use domain::Payment;

madang::contract!(Payments, "madang:outerpark/payment", "../../../wit/outerpark");

struct Payments;

fn payments() -> Collection<Payment> {
    Collection::new().search("findByReservationId", "reservationId")
}

impl Context for Payments {
    fn define() -> Definition {
        Definition::new("outerpark", "payment")
            .collection(payments())
            .policies(policies::policies())
    }
}

impl Guest for Payments {
    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| payments().find(env, id)?.record())
    }
}
