//! pay (결제): what is paid for which class.

mod domain;
mod policies;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition, Work};

use contract::exports::madang::lecture::payments::{Guest, Payment as Resource};
use contract::madang::lecture::pay_calls::Taking;
use domain::Payment;

madang::contract!(Payments, "madang:lecture/pay", "../../../wit/lecture");

struct Payments;

fn payments() -> Collection<Payment> {
    Collection::new()
}

impl Context for Payments {
    fn define() -> Definition {
        Definition::new("lecture", "pay")
            .collection(payments())
            .internal("take", policies::take)
            .internal("take-back", policies::take_back)
            .policies(policies::policies())
    }
}

impl Guest for Payments {
    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| payments().find(env, id)?.record())
    }

    fn take(taking: Taking) -> Result<bool, Problem> {
        typed::<Self, _>(|env| Work::transact(env, |work| policies::take(work, &taking, "")))
    }

    fn take_back(taking: Taking) -> Result<(), Problem> {
        typed::<Self, _>(|env| Work::transact(env, |work| policies::take_back(work, &taking, "")))
    }
}
