//! vaccine-stock (백신 창고): what came in and went out, and what there is.

mod domain;
mod policies;

use std::time::SystemTime;

use madang::date::seoul_time;
use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition, holds_shape};

use contract::exports::madang::kvaccine::vaccine_stocks::{
    Arrival, Balance, Guest, VaccineStock as Resource,
};
use domain::{Command, VaccineStock};

madang::contract!(VaccineStocks, "madang:kvaccine/vaccine-stock", "../../../wit/kvaccine");

struct VaccineStocks;

fn vaccine_stocks() -> Collection<VaccineStock> {
    Collection::new()
        .on_post_at(arrives)
        .values_as_text(&["vaccineCount"])
        .together_with(policies::count)
}

fn arrives(id: u64, arrival: Arrival, at: SystemTime) -> Command {
    Command::Arrive { id, arrival, time: seoul_time(at) }
}

impl Context for VaccineStocks {
    fn define() -> Definition {
        Definition::new("kvaccine", "vaccine-stock")
            .conceals(&["vaccineType", "vaccineCount"], |text| holds_shape(text, "######-#######"))
            .collection(vaccine_stocks())
            .query("stock", policies::stock)
            .policies(policies::policies())
    }
}

impl Guest for VaccineStocks {
    fn arrive(arrival: Arrival) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| {
            let command = |id| Ok(arrives(id, arrival.clone(), env.host.now()));
            vaccine_stocks().create(env, &command)?.record()
        })
    }

    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| vaccine_stocks().find(env, id)?.record())
    }

    fn stock() -> Result<Vec<Balance>, Problem> {
        typed::<Self, _>(policies::balances)
    }
}
