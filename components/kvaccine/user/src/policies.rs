//! What a person asks of user, and what user does when it hears how it went.

use madang::date::{Date, seoul_time};
use madang::{Answer, Env, Error, Policies, Work};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::contract::exports::madang::kvaccine::users::{
    CancelRequest, DateRequest, ReserveRequest, User as Resource,
};
use crate::contract::madang::kvaccine::hospital_events::VaccineInjected;
use crate::contract::madang::kvaccine::reservation_calls::{DaysQuestion, ReserveDate};
use crate::contract::madang::kvaccine::reservation_events::ReservationRejected;
use crate::domain::number::{Owner, RegisterNumber};
use crate::domain::person::{Person, Run};
use crate::domain::{Command, DAYS, NONE_RUNNING, User, check_name};

madang::heard!(ReservationRejected, VaccineInjected);

/// The variable with the secret under which registration numbers are hashed.
const KEY: &str = "kvaccine_register_key";
/// The bytes that it must have: with fewer, who reads the store finds the numbers by trying.
const KEY_BYTES: usize = 32;

/// What people are told while reservation does not answer, in the seed's words.
const BUSY: &str = "조회 폭주로 서비스 지연 중입니다.";
/// What a header's text cannot hold; letters beyond ASCII are encoded in any case.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

/// On `ReservationRejected`: the person may reserve again. On `VaccineInjected`: the user has it.
pub fn policies() -> Policies {
    Policies::new()
        .on(|rejected: ReservationRejected, work| {
            let at = seoul_time(work.env.host.now());
            let user = work.decide::<User>(rejected.user_id, Command::Reject { at })?;
            user.map_or(Ok(()), |user| end(work, user))
        })
        .on(|injected: VaccineInjected, work| {
            let VaccineInjected { user_id, inject_date, vaccine_type, .. } = injected;
            let inject = Command::Inject { inject_date, vaccine_type };
            let Some(user) = work.decide::<User>(user_id, inject)? else { return Ok(()) };
            let User { id: user, owner, .. } = user;
            match work.decide::<Person>(owner.id(), Run::Begin { owner, user }) {
                // Who had cancelled, too late, and has reserved again keeps that one.
                Err(Error::Rejected(_)) => Ok(()),
                begun => begun.map(drop),
            }
        })
}

/// Asks for a day.
///
/// # Errors
/// The domain's rejection, of the fields or because the person has a reservation; a fault without the key;
/// unavailable without Redis.
pub fn reserve(work: &mut Work, asked: &ReserveRequest) -> Result<Resource, Error> {
    let (owner, masked) = identify(work.env, &asked.user_reg_number)?;
    let now = work.env.host.now();
    let (user_name, reserve_date) = (asked.user_name.clone(), asked.reserve_date.clone());
    let (today, at) = (Date::in_seoul(now), seoul_time(now));
    let whose = owner.clone();
    let (id, user) = work.create::<User>(|id| {
        Ok(Command::Reserve { id, owner: whose, masked, user_name, reserve_date, today, at })
    })?;
    work.decide::<Person>(owner.id(), Run::Begin { owner, user: id })?;
    seen(user)
}

/// Cancels the person's reservation.
///
/// # Errors
/// The domain's rejection: none is running, or the vaccine is injected; a fault without the key;
/// unavailable without Redis.
pub fn cancel(work: &mut Work, asked: &CancelRequest) -> Result<Resource, Error> {
    let (owner, _) = identify(work.env, &asked.user_reg_number)?;
    let person = work.load::<Person>(owner.id())?;
    let running = person.and_then(|person| person.running(&owner)).ok_or(NONE_RUNNING)?;
    let at = seoul_time(work.env.host.now());
    let user = work.decide::<User>(running, Command::Cancel { at })?;
    if let Some(user) = user.clone() {
        end(work, user)?;
    }
    seen(user)
}

/// What is left of the next days; nothing, and when to ask again, where reservation does not say.
///
/// # Errors
/// The domain's rejection of the fields.
pub fn date(env: &Env, asked: &DateRequest) -> Result<Answer<Vec<ReserveDate>>, Error> {
    check(asked)?;
    days(env).and_then(|days| Answer::of(&days)).or_else(|_| {
        Ok(Answer::of(&Vec::new())?
            .with("retry-after", "3")
            .with("x-fallback", "reservation")
            .with("x-fallback-message", utf8_percent_encode(BUSY, ENCODED).to_string()))
    })
}

/// Checks who asks for days.
///
/// # Errors
/// The domain's rejection of the fields.
pub fn check(asked: &DateRequest) -> Result<(), Error> {
    check_name(&asked.user_name)?;
    RegisterNumber::parse(&asked.user_reg_number)?;
    Ok(())
}

/// Asks reservation what is left of the next days.
///
/// # Errors
/// Those of [`Env::call`].
pub fn days(env: &Env) -> Result<Vec<ReserveDate>, Error> {
    let first = Date::in_seoul(env.host.now()).plus_days(1).to_string();
    env.call("reservation", "date", &env.cause.id, &DaysQuestion { first, days: DAYS })
}

/// Whose a registration number is, and its masked form.
fn identify(env: &Env, user_reg_number: &str) -> Result<(Owner, String), Error> {
    let number = RegisterNumber::parse(user_reg_number)?;
    let key = env.host.variable(KEY).filter(|key| key.len() >= KEY_BYTES);
    let key = key.ok_or_else(|| {
        Error::fault(format!(
            "variable {KEY} has fewer than {KEY_BYTES} bytes: set it to a secret that long, and never \
             change it, or nobody who has reserved is known any more"
        ))
    })?;
    Ok((number.owner(key.as_bytes()), number.masked()))
}

/// Lets the person reserve again.
fn end(work: &mut Work, User { id: user, owner, .. }: User) -> Result<(), Error> {
    work.decide::<Person>(owner.id(), Run::End { owner, user }).map(drop)
}

fn seen(user: Option<User>) -> Result<Resource, Error> {
    user.map(|user| user.seen()).ok_or_else(|| Error::fault("the user is gone"))
}
