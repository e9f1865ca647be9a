//! class (수강): which student takes which course.

mod domain;
mod policies;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition};

use contract::exports::madang::lecture::classes::{Class as Resource, Guest, NewClass};
use domain::{Class, Command};

madang::contract!(Classes, "madang:lecture/class", "../../../wit/lecture");

struct Classes;

fn classes() -> Collection<Class> {
    Collection::new()
        .on_post(|id, class| Command::Request { id, class })
        .on_delete(|| Command::Cancel)
        .values_as_text(&["courseId", "fee"])
        .settled_by(policies::settle)
}

impl Context for Classes {
    fn define() -> Definition {
        Definition::new("lecture", "class").calls(&["pay"]).collection(classes())
    }
}

impl Guest for Classes {
    fn register(class: NewClass) -> Result<Resource, Problem> {
        let command = |id| Ok(Command::Request { id, class: class.clone() });
        typed::<Self, _>(|env| classes().create(env, &command)?.record())
    }

    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| classes().find(env, id)?.record())
    }

    fn cancel(id: u64) -> Result<(), Problem> {
        typed::<Self, _>(|env| classes().change(env, id, None, &|_| Ok(Command::Cancel)).map(drop))
    }
}
