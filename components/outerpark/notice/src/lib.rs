//! notice (알림): what customers were told of their payments.

mod domain;
mod policies;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition};

use contract::exports::madang::outerpark::notices::{Guest, Notice as Resource};
use domain::Notice;

madang::contract!(Notices, "madang:outerpark/notice", "../../../wit/outerpark");

struct Notices;

fn notices() -> Collection<Notice> {
    Collection::new()
}

impl Context for Notices {
    fn define() -> Definition {
        Definition::new("outerpark", "notice")
            .collection(notices())
            .policies(policies::policies())
            .sends_messages()
    }
}

impl Guest for Notices {
    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| notices().find(env, id)?.record())
    }
}
