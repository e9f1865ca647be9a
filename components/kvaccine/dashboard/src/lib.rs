//! dashboard (현황판): how each reservation stands.

mod views;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Context, Definition, holds_shape};

use contract::exports::madang::kvaccine::dashboards::{Dashboard as Resource, Guest};

madang::contract!(Dashboards, "madang:kvaccine/dashboard", "../../../wit/kvaccine", sqlite);

struct Dashboards;

impl Context for Dashboards {
    fn define() -> Definition {
        Definition::new("kvaccine", "dashboard")
            .conceals(&[], |text| holds_shape(text, "######-#######"))
            .view(views::dashboards())
    }
}

impl Guest for Dashboards {
    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| views::dashboards().find(env, id)?.record())
    }
}
