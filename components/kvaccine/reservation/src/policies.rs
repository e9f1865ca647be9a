//! What reservation is asked by user, and what it does when it hears of users and of the hospital.

use madang::date::Date;
use madang::{Env, Error, Policies, Rejection, Work};

use crate::contract::madang::kvaccine::hospital_events::VaccineInjected;
use crate::contract::madang::kvaccine::reservation_calls::{DaysQuestion, ReserveDate};
use crate::contract::madang::kvaccine::user_events::{
    UserReservationCancelled, UserReservationRequested,
};
use crate::domain::{Command, Day, FULL, NO_RESERVATION, Place, Reservation};

madang::heard!(UserReservationRequested, UserReservationCancelled, VaccineInjected);

/// The places of a day unless the variable `kvaccine_daily_capacity` says otherwise.
const CAPACITY: u64 = 1000;
/// The most days that are asked for at once.
const MOST_DAYS: u16 = 31;

/// On `UserReservationRequested`: a place on the day, or a rejection. On `UserReservationCancelled`: the
/// place is free. On `VaccineInjected`: it is used, and no cancel that comes later frees it.
pub fn policies() -> Policies {
    Policies::new()
        .on(|wanted: UserReservationRequested, work| {
            let day = number(&wanted.reserve_date)?;
            let take = Place::Take { capacity: capacity(work.env) };
            let has_place = match work.decide::<Day>(day, take) {
                Err(Error::Rejected(why)) if why == FULL => false,
                taken => taken.map(|_| true)?,
            };
            let request = |id| Ok(Command::Request { id, wanted, has_place });
            work.create::<Reservation>(request).map(drop)
        })
        .on(|cancelled: UserReservationCancelled, work| {
            let cancel = Command::Cancel { cancel_date: cancelled.modify_date };
            let Some(reservation) = decide(work, cancelled.id, cancel)? else { return Ok(()) };
            let day = number(&reservation.reserve_date)?;
            work.decide::<Day>(day, Place::Free).map(drop)
        })
        .on(|injected: VaccineInjected, work| {
            decide(work, injected.user_id, Command::Use).map(drop)
        })
}

/// What is left of each day.
///
/// # Errors
/// The rejection that names the field; unavailable without Redis.
pub fn date(work: &mut Work, asked: &DaysQuestion, _: &str) -> Result<Vec<ReserveDate>, Error> {
    let first = Date::parse(&asked.first).ok_or_else(|| {
        Rejection::invalid("first", asked.first.as_str(), "must be a date, yyyy-MM-dd")
    })?;
    if !(1..=MOST_DAYS).contains(&asked.days) {
        return Err(Rejection::invalid("days", asked.days, "must be 1 to 31").into());
    }
    let capacity = capacity(work.env);
    let days = (0..asked.days).map(|days| first.plus_days(days));
    days.map(|date| {
        let day = work.load::<Day>(date.number())?.unwrap_or_default();
        Ok(ReserveDate { date: date.to_string(), count: day.left(capacity) })
    })
    .collect()
}

fn capacity(env: &Env) -> u64 {
    env.number("kvaccine_daily_capacity", CAPACITY)
}

/// The number of a date that user has checked.
fn number(date: &str) -> Result<u64, Error> {
    let date = Date::parse(date).ok_or_else(|| Error::fault("the reserveDate is no date"))?;
    Ok(date.number())
}

/// Decides a command on the one reservation of a user.
fn decide(work: &mut Work, user: u64, command: Command) -> Result<Option<Reservation>, Error> {
    let found = work.find::<Reservation>("userId", user)?;
    let reservation = *found.first().ok_or(NO_RESERVATION)?;
    work.decide::<Reservation>(reservation, command)
}
