//! gift (기프트): what students get with their points.

mod domain;
mod policies;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition, Work};

use contract::exports::madang::lecture::gifts::{Gift as Resource, Guest};
use contract::madang::lecture::gift_calls::Giving;
use domain::Gift;

madang::contract!(Gifts, "madang:lecture/gift", "../../../wit/lecture");

struct Gifts;

fn gifts() -> Collection<Gift> {
    Collection::new()
}

impl Context for Gifts {
    fn define() -> Definition {
        Definition::new("lecture", "gift")
            .collection(gifts())
            .internal("give", policies::give)
            .policies(policies::policies())
    }
}

impl Guest for Gifts {
    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| gifts().find(env, id)?.record())
    }

    fn give(giving: Giving) -> Result<(), Problem> {
        typed::<Self, _>(|env| Work::transact(env, |work| policies::give(work, &giving, "")))
    }
}
