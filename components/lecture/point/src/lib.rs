//! point (포인트): what students get back of their fees, in points.

mod domain;
mod policies;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition};

use contract::exports::madang::lecture::points::{Guest, Point as Resource};
use domain::Point;

madang::contract!(Points, "madang:lecture/point", "../../../wit/lecture");

struct Points;

fn points() -> Collection<Point> {
    Collection::new()
}

impl Context for Points {
    fn define() -> Definition {
        Definition::new("lecture", "point")
            .calls(&["gift"])
            .collection(points())
            .policies(policies::policies())
    }
}

impl Guest for Points {
    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| points().find(env, id)?.record())
    }
}
