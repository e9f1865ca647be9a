//! view (현황조회): how each rent stands.

mod views;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Context, Definition};

use contract::exports::madang::bookrent::views::{Guest, View as Resource};

madang::contract!(Views, "madang:bookrent/view", "../../../wit/bookrent", sqlite);

struct Views;

impl Context for Views {
    fn define() -> Definition {
        Definition::new("bookrent", "view").view(views::views())
    }
}

impl Guest for Views {
    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| views::views().find(env, id)?.record())
    }
}
