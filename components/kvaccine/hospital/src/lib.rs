//! hospital (병원): who comes for which vaccine.

mod domain;
mod policies;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition, Work, holds_shape};

use contract::exports::madang::kvaccine::hospitals::{Guest, Hospital as Resource, Injection};
use domain::Hospital;

madang::contract!(Hospitals, "madang:kvaccine/hospital", "../../../wit/kvaccine");

struct Hospitals;

fn hospitals() -> Collection<Hospital> {
    Collection::new()
}

impl Context for Hospitals {
    fn define() -> Definition {
        Definition::new("kvaccine", "hospital")
            .conceals(&["userId"], |text| holds_shape(text, "######-#######"))
            .collection(hospitals())
            .command("hospital/inject", policies::inject)
            .policies(policies::policies())
            .sends_messages()
    }
}

impl Guest for Hospitals {
    fn inject(injection: Injection) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| Work::transact(env, |work| policies::inject(work, &injection)))
    }

    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| hospitals().find(env, id)?.record())
    }
}
