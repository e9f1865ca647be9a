//! delivery (배송관리): what is on its way to whom.

mod domain;
mod policies;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition};

use contract::exports::madang::bookrent::deliveries::{Delivery as Resource, Guest};
use domain::Delivery;

madang::contract!(Deliveries, "madang:bookrent/delivery", "../../../wit/bookrent");

struct Deliveries;

fn deliveries() -> Collection<Delivery> {
    Collection::new()
}

impl Context for Deliveries {
    fn define() -> Definition {
        Definition::new("bookrent", "delivery")
            .collection(deliveries())
            .policies(policies::policies())
    }
}

impl Guest for Deliveries {
    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| deliveries().find(env, id)?.record())
    }
}
