//! What is asked of hospital, and what it does when it hears of reservations.

use madang::date::seoul_time;
use madang::{Env, Error, Policies, Work};

use crate::contract::exports::madang::kvaccine::hospitals::{Hospital as Resource, Injection};
use crate::contract::madang::kvaccine::reservation_events::{
    ReservationCancelled, ReservationRequested,
};
use crate::domain::{Command, Hospital, NOT_HERE};

madang::heard!(ReservationRequested, ReservationCancelled);

/// The variable with the vaccines that the hospital has.
const TYPES: &str = "kvaccine_vaccine_types";

/// On `ReservationRequested`: the hospital draws a vaccine and tells the person. On `ReservationCancelled`:
/// the vaccine is left over, and the person is told.
pub fn policies() -> Policies {
    Policies::new()
        .on(|requested: ReservationRequested, work| {
            let vaccine_type = draw(work.env)?;
            let receive = |id| Ok(Command::Receive { id, requested, vaccine_type });
            let (_, received) = work.create::<Hospital>(receive)?;
            tell(work, received, "예약되었습니다.")
        })
        .on(|cancelled: ReservationCancelled, work| {
            let canceled = decide(work, cancelled.user_id, Command::Cancel)?;
            tell(work, canceled, "예약이 취소되었습니다.")
        })
}

/// Injects the vaccine of a user.
///
/// # Errors
/// The domain's rejection; unavailable without Redis.
pub fn inject(work: &mut Work, injection: &Injection) -> Result<Resource, Error> {
    let at = seoul_time(work.env.host.now());
    let injected = decide(work, injection.user_id, Command::Inject { at })?;
    injected.map(|it| it.seen()).ok_or_else(|| Error::fault("the reservation is gone"))
}

/// Decides a command on the one reservation of a user.
fn decide(work: &mut Work, user: u64, command: Command) -> Result<Option<Hospital>, Error> {
    let found = work.find::<Hospital>("userId", user)?;
    work.decide::<Hospital>(*found.first().ok_or(NOT_HERE)?, command)
}

/// A vaccine, each with the same chance.
fn draw(env: &Env) -> Result<String, Error> {
    let types = env.host.variable(TYPES).unwrap_or_default();
    let types: Vec<&str> = types.split(',').map(str::trim).filter(|one| !one.is_empty()).collect();
    let count = types.len() as u64;
    let drawn = env.host.random().checked_rem(count).map(|at| types[at as usize].to_owned());
    drawn.ok_or_else(|| Error::fault(format!("variable {TYPES} names no vaccine")))
}

/// Tells the person, who is known here by name.
fn tell(work: &mut Work, it: Option<Hospital>, what: &str) -> Result<(), Error> {
    let Some(Hospital { user_name, reserve_date, vaccine_type, .. }) = it else { return Ok(()) };
    work.send(&user_name, &format!("{reserve_date} {vaccine_type} 백신 {what}"))
}
