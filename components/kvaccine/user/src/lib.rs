//! user (사용자): who wants to be vaccinated when.

mod domain;
mod policies;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition, Work, holds_shape};

use contract::exports::madang::kvaccine::users::{
    CancelRequest, DateRequest, Guest, ReserveDate, ReserveRequest, User as Resource,
};
use domain::User;
use domain::number::SHAPE;

madang::contract!(Users, "madang:kvaccine/user", "../../../wit/kvaccine");

struct Users;

fn users() -> Collection<User> {
    Collection::new()
}

impl Context for Users {
    fn define() -> Definition {
        Definition::new("kvaccine", "user")
            .calls(&["reservation"])
            .conceals(&["userName", "userRegNumber", "reserveDate"], |text| {
                holds_shape(text, SHAPE)
            })
            .collection(users())
            .question("user/date", policies::date)
            .command("user/reserve", policies::reserve)
            .command("user/cancel", policies::cancel)
            .policies(policies::policies())
    }
}

impl Guest for Users {
    fn date(request: DateRequest) -> Result<Vec<ReserveDate>, Problem> {
        typed::<Self, _>(|env| {
            policies::check(&request)?;
            policies::days(env)
        })
    }

    fn reserve(request: ReserveRequest) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| Work::transact(env, |work| policies::reserve(work, &request)))
    }

    fn cancel(request: CancelRequest) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| Work::transact(env, |work| policies::cancel(work, &request)))
    }

    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| users().find(env, id)?.record())
    }
}
