//! What notice does when it hears of a payment.

use madang::{Error, Policies, Work};

use crate::contract::madang::outerpark::payment_events::{PaymentApproved, PaymentCancelled};
use crate::domain::{Command, Notice};

madang::heard!(PaymentApproved, PaymentCancelled);

/// On `PaymentApproved`, on `PaymentCancelled`: a notice is sent.
pub fn policies() -> Policies {
    Policies::new()
        .on(|approved: PaymentApproved, work| notify(work, approved.id, &approved.status))
        .on(|cancelled: PaymentCancelled, work| notify(work, cancelled.id, &cancelled.status))
}

fn notify(work: &mut Work, payment_id: u64, status: &str) -> Result<(), Error> {
    let send_text = status.to_owned();
    work.create::<Notice>(|id| Ok(Command::Send { id, payment_id, send_text }))?;
    // Nobody asks a customer for more than a price: whoever was charged knows who it is.
    work.send(&format!("payments/{payment_id}"), status)
}
