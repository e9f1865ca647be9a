//! What vaccine-stock does when it hears of the hospital, and what it keeps together.

use madang::date::seoul_time;
use madang::{Answer, Env, Error, Policies, Work};

use crate::contract::exports::madang::kvaccine::vaccine_stocks::Balance;
use crate::contract::madang::kvaccine::hospital_events::{
    HospitalReservationCancelled, HospitalReservationReceived,
};
use crate::domain::{Command, Count, Stock, VaccineStock};

madang::heard!(HospitalReservationReceived, HospitalReservationCancelled);

/// On `HospitalReservationReceived`: a dose less. On `HospitalReservationCancelled`: it is back.
pub fn policies() -> Policies {
    Policies::new()
        .on(|received: HospitalReservationReceived, work| enter(work, received.vaccine_type, -1))
        .on(|cancelled: HospitalReservationCancelled, work| enter(work, cancelled.vaccine_type, 1))
}

fn enter(work: &mut Work, vaccine_type: String, vaccine_count: i64) -> Result<(), Error> {
    let time = seoul_time(work.env.host.now());
    let (_, entry) = work
        .create::<VaccineStock>(|id| Ok(Command::Move { id, vaccine_type, vaccine_count, time }))?;
    entry.map_or(Ok(()), |entry| count(work, &entry))
}

/// Counts an entry with the sums, in the same commit.
///
/// # Errors
/// The domain's rejection; unavailable without Redis.
pub fn count(work: &mut Work, entry: &VaccineStock) -> Result<(), Error> {
    let VaccineStock { vaccine_type, vaccine_count, .. } = entry.clone();
    work.decide::<Stock>(Stock::ID, Count { vaccine_type, vaccine_count }).map(drop)
}

/// What there is of each type.
///
/// # Errors
/// Unavailable without Redis.
pub fn balances(env: &Env) -> Result<Vec<Balance>, Error> {
    Ok(Work::new(env).load::<Stock>(Stock::ID)?.unwrap_or_default().balances())
}

/// [`balances`] as clients read them.
///
/// # Errors
/// Those of [`balances`].
pub fn stock(env: &Env) -> Result<Answer<Vec<Balance>>, Error> {
    Answer::of(&balances(env)?)
}
