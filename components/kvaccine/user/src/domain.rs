//! user (사용자): a user asks for a day, and is told how it went.

pub mod number;
pub mod person;

use std::borrow::Cow;

use madang::date::Date;
use madang::error::Class;
use madang::{Aggregate, Decision, Rejection, Value, text_within};
use serde::{Deserialize, Serialize};

use self::number::{Owner, RegisterNumber};
use crate::contract::exports::madang::kvaccine::users::User as Resource;
use crate::contract::madang::kvaccine::user_events::{
    UserReservationCancelled, UserReservationRequested,
};

/// How many days ahead can be reserved, tomorrow the first of them.
pub const DAYS: u16 = 10;

/// The vaccine is in the arm.
pub const INJECTED: Rejection = Rejection::state("the vaccine is injected already");
/// The user did not want it any more by then.
pub const CANCELED: Rejection = Rejection::state("the user has cancelled the reservation");
/// It has ended one way or the other.
pub const ENDED: Rejection = Rejection::state("the reservation has ended already");
/// The person has not reserved, or has cancelled, or was rejected.
pub const NONE_RUNNING: Rejection = Rejection {
    class: Class::NotFound,
    detail: Cow::Borrowed("no reservation of that person is running"),
    violations: Vec::new(),
};

/// How a user's reservation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// `RESERVE`: asked for, or had.
    Reserve,
    /// `CANCEL`: by the user.
    Cancel,
    /// `INJECT`: the user has got the vaccine.
    Inject,
    /// `REJECT`: the day was full.
    Reject,
}

/// A user, as of one reservation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// From 1 up.
    pub id: u64,
    /// Whose registration number it is.
    pub owner: Owner,
    user_name: String,
    masked: String,
    status: Status,
    reserve_date: String,
    modify_date: String,
    inject_date: Option<String>,
    vaccine_type: Option<String>,
}

/// What can be asked of a user.
#[derive(Debug, Clone)]
pub enum Command {
    /// A person wants to be vaccinated on a day.
    Reserve {
        /// The user's id.
        id: u64,
        /// Who.
        owner: Owner,
        /// The registration number, masked.
        masked: String,
        /// The name.
        user_name: String,
        /// The day, as it was sent.
        reserve_date: String,
        /// The day that it is.
        today: Date,
        /// The time that it is.
        at: String,
    },
    /// The user does not want it any more.
    Cancel {
        /// The time that it is.
        at: String,
    },
    /// The day was full.
    Reject {
        /// The time that it is.
        at: String,
    },
    /// The hospital has injected the vaccine.
    Inject {
        /// When.
        inject_date: String,
        /// Which.
        vaccine_type: String,
    },
}

macro_rules! telling {
    ($event:ident, $user:expr) => {{
        let Resource { id, user_name, user_reg_number, reserve_status, .. } = $user.seen();
        let Resource { reserve_date, modify_date, inject_date, vaccine_type, .. } = $user.seen();
        $event {
            id,
            user_name,
            user_reg_number,
            reserve_status,
            reserve_date,
            modify_date,
            inject_date,
            vaccine_type,
        }
    }};
}

madang::events! {
    /// What happens to a user.
    pub enum Event { UserReservationRequested, UserReservationCancelled }
}

impl Aggregate for User {
    const COLLECTION: &'static str = "users";
    const ENTITY: &'static str = "User";
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        let Some(user) = state else { return begin(command) };
        match (user.status, command) {
            (Status::Reserve, Command::Cancel { at }) => {
                let user = User { status: Status::Cancel, modify_date: at, ..user };
                let told = telling!(UserReservationCancelled, user);
                Ok(Decision::told(user, told))
            }
            (Status::Reserve, Command::Reject { at }) => {
                Ok(Decision::quiet(User { status: Status::Reject, modify_date: at, ..user }))
            }
            // Who cancels while the needle is in has it all the same.
            (Status::Reserve | Status::Cancel, Command::Inject { inject_date, vaccine_type }) => {
                Ok(Decision::quiet(User {
                    status: Status::Inject,
                    modify_date: inject_date.clone(),
                    inject_date: Some(inject_date),
                    vaccine_type: Some(vaccine_type),
                    ..user
                }))
            }
            (Status::Cancel | Status::Reject, Command::Cancel { .. }) => Err(NONE_RUNNING),
            (Status::Inject, _) => Err(INJECTED),
            (Status::Cancel, _) => Err(CANCELED),
            _ => Err(ENDED),
        }
    }

    fn resource(&self) -> Option<Resource> {
        Some(self.seen())
    }
}

impl User {
    /// What clients see.
    pub fn seen(&self) -> Resource {
        Resource {
            id: self.id,
            user_name: self.user_name.clone(),
            user_reg_number: self.masked.clone(),
            reserve_status: self.status.on_the_wire().to_owned(),
            reserve_date: self.reserve_date.clone(),
            modify_date: self.modify_date.clone(),
            inject_date: self.inject_date.clone(),
            vaccine_type: self.vaccine_type.clone(),
        }
    }
}

impl Status {
    fn on_the_wire(self) -> &'static str {
        match self {
            Status::Reserve => "RESERVE",
            Status::Cancel => "CANCEL",
            Status::Inject => "INJECT",
            Status::Reject => "REJECT",
        }
    }
}

/// A name that can be kept: whoever writes a registration number there is refused, and not repeated.
///
/// # Errors
/// The rejection that names the field.
pub fn check_name(user_name: &str) -> Result<(), Rejection> {
    if RegisterNumber::may_be_in(user_name) {
        return Err(Rejection::invalid("userName", Value::Null, "must have fewer than 13 digits"));
    }
    text_within("userName", user_name, 1, 100)
}

fn begin(command: Command) -> Result<Decision<User>, Rejection> {
    let Command::Reserve { id, owner, masked, user_name, reserve_date, today, at } = command else {
        return Err(Rejection::MISSING);
    };
    check_name(&user_name)?;
    let day =
        Date::parse(&reserve_date).filter(|day| (1..=DAYS).any(|n| today.plus_days(n) == *day));
    let day = day.ok_or_else(|| {
        let (first, last) = (today.plus_days(1), today.plus_days(DAYS));
        let must = format!("must be a date from {first} to {last}");
        Rejection::invalid("reserveDate", Value::Null, must)
    })?;
    let user = User {
        id,
        owner,
        user_name,
        masked,
        status: Status::Reserve,
        reserve_date: day.to_string(),
        modify_date: at,
        inject_date: None,
        vaccine_type: None,
    };
    let told = telling!(UserReservationRequested, user);
    Ok(Decision::told(user, told))
}

#[cfg(test)]
mod tests;
