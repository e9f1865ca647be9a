//! What gift does for point, and when it hears of it.

use madang::{Error, Policies, Work};

use crate::contract::madang::lecture::gift_calls::Giving;
use crate::contract::madang::lecture::point_events::PointCanceled;
use crate::domain::{Command, Gift};

madang::heard!(PointCanceled);

/// On `PointCanceled`: the gift is canceled, or never given.
pub fn policies() -> Policies {
    Policies::new().on(|canceled: PointCanceled, work| {
        work.decide::<Gift>(canceled.class_id, Command::Cancel).map(drop)
    })
}

/// Gives a class its gift, once however often it is asked.
///
/// # Errors
/// [`CANCELED`](crate::domain::CANCELED) once the class's points are; unavailable without Redis.
pub fn give(work: &mut Work, giving: &Giving, _: &str) -> Result<(), Error> {
    work.decide::<Gift>(giving.class_id, Command::Give(giving.clone())).map(drop)
}
