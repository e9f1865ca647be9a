//! rent (대여관리): who rents which book.

mod domain;
mod policies;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition};

use contract::exports::madang::bookrent::rents::{Guest, NewRent, Rent as Resource, RentFields};
use domain::{Command, Rent};

madang::contract!(Rents, "madang:bookrent/rent", "../../../wit/bookrent");

struct Rents;

fn rents() -> Collection<Rent> {
    Collection::new()
        .values_as_text(&["bookId", "userId"])
        .on_post(|id, rent| Command::Request { id, rent })
        .on_put(Command::Change)
        .on_delete(|| Command::Remove)
        .settled_by(policies::settle)
}

impl Context for Rents {
    fn define() -> Definition {
        Definition::new("bookrent", "rent").calls(&["book"]).collection(rents())
    }
}

impl Guest for Rents {
    fn request(rent: NewRent) -> Result<Resource, Problem> {
        let command = |id| Ok(Command::Request { id, rent: rent.clone() });
        typed::<Self, _>(|env| rents().create(env, &command)?.record())
    }

    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| rents().find(env, id)?.record())
    }

    fn cancel(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| {
            let rent: Resource = rents().find(env, id)?.record()?;
            let Resource { book_id, user_id, address, .. } = rent;
            let fields = RentFields { book_id, user_id, address, status: "Cancel".to_owned() };
            rents().decide(env, id, &|_| Ok(Command::Change(fields.clone())))?.record()
        })
    }

    fn remove(id: u64) -> Result<(), Problem> {
        typed::<Self, _>(|env| rents().change(env, id, None, &|_| Ok(Command::Remove)).map(drop))
    }
}
