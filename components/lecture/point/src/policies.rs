//! What point does when it hears of a payment, and what it asks of gift for it.

use madang::{Error, Policies, Work};

use crate::contract::madang::lecture::gift_calls::Giving;
use crate::contract::madang::lecture::pay_events::{PaymentApproved, PaymentCanceled};
use crate::domain::{Command, Point};

madang::heard!(PaymentApproved, PaymentCanceled);

/// On `PaymentApproved`: points are given, and a gift with them. On `PaymentCanceled`: the points are
/// canceled, and gift hears of it.
pub fn policies() -> Policies {
    Policies::new().on(give).on(|canceled: PaymentCanceled, work| {
        work.decide::<Point>(canceled.class_id, Command::Cancel(canceled)).map(drop)
    })
}

/// Both or neither: gift is asked once the points are decided on, so not for points that are refused;
/// without its answer they are not given, and this event is tried again, and gift asked again for the
/// same class, until it has answered.
fn give(approved: PaymentApproved, work: &mut Work) -> Result<(), Error> {
    let PaymentApproved { class_id, student, .. } = approved.clone();
    work.decide::<Point>(class_id, Command::Give(approved))?;
    work.env.call("gift", "give", &format!("points/{class_id}"), &Giving { class_id, student })
}
