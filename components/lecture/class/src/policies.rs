//! What class asks of pay.

use madang::{Env, Error};

use crate::contract::exports::madang::lecture::classes::NewClass;
use crate::contract::madang::lecture::pay_calls::Taking;
use crate::domain::{Class, Command, Status};

/// Asks pay to take the fee; or, where pay did not answer that, to take it back.
///
/// # Errors
/// Unavailable, where what is owed cannot be taken back now.
pub fn settle(class: &Class, env: &Env) -> Result<Command, Error> {
    let Class { id, wanted, status } = class.clone();
    let NewClass { course_id, fee, student, text_book } = wanted;
    let taking = Taking { class_id: id, course_id, fee, student, text_book };
    let key = format!("classes/{id}");
    if status != Status::Pending {
        return env.call("pay", "take-back", &key, &taking).map(|()| Command::TakenBack);
    }
    Ok(match env.call("pay", "take", &key, &taking) {
        Ok(true) => Command::Confirm,
        Ok(false) | Err(Error::Unasked(_)) => Command::GiveUp { may_be_paid: false },
        Err(_) => Command::GiveUp { may_be_paid: true },
    })
}
