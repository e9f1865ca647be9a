//! musical (뮤지컬): what is on, and how many seats can still be reserved.

mod domain;
mod policies;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition, Work};

use contract::exports::madang::outerpark::musicals::{Guest, Musical as Resource, MusicalFields};
use contract::madang::outerpark::musical_calls::Taking;
use domain::{Command, Musical};

madang::contract!(Musicals, "madang:outerpark/musical", "../../../wit/outerpark");

struct Musicals;

fn musicals() -> Collection<Musical> {
    Collection::new()
        .on_post(|id, musical| Command::Register { id, musical })
        .on_put(Command::Change)
        .values_as_text(&["musicalId"])
        .search("findByMusicalId", "musicalId")
}

impl Context for Musicals {
    fn define() -> Definition {
        Definition::new("outerpark", "musical")
            .collection(musicals())
            .internal("check-and-modify-seat", policies::check_and_modify_seat)
            .internal("give-back", policies::give_back)
            .policies(policies::policies())
    }
}

impl Guest for Musicals {
    fn register(musical: MusicalFields) -> Result<Resource, Problem> {
        let command = |id| Ok(Command::Register { id, musical: musical.clone() });
        typed::<Self, _>(|env| musicals().create(env, &command)?.record())
    }

    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| musicals().find(env, id)?.record())
    }

    fn change(id: u64, musical: MusicalFields) -> Result<Resource, Problem> {
        let command = |_| Ok(Command::Change(musical.clone()));
        typed::<Self, _>(|env| musicals().decide(env, id, &command)?.record())
    }

    fn check_and_modify_seat(taking: Taking) -> Result<bool, Problem> {
        typed::<Self, _>(|env| {
            Work::transact(env, |work| policies::check_and_modify_seat(work, &taking, ""))
        })
    }

    fn give_back(taking: Taking) -> Result<(), Problem> {
        typed::<Self, _>(|env| Work::transact(env, |work| policies::give_back(work, &taking, "")))
    }
}
