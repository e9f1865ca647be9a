//! What course does when it hears of a payment.

use madang::{Error, Policies, Work};

use crate::contract::madang::lecture::pay_events::{PaymentApproved, PaymentCanceled};
use crate::domain::{Course, Delivery, Shipping};

madang::heard!(PaymentApproved, PaymentCanceled);

/// On `PaymentApproved`: the class's text book is delivered. On `PaymentCanceled`: it is not.
pub fn policies() -> Policies {
    Policies::new().on(deliver).on(|canceled: PaymentCanceled, work| {
        work.decide::<Delivery>(canceled.class_id, Shipping::Cancel).map(drop)
    })
}

/// The delivery's event says how the course is called, which my-page hears of nowhere else: its rows are
/// found by their class, and courses know of no classes.
fn deliver(approved: PaymentApproved, work: &mut Work) -> Result<(), Error> {
    let course = work.load::<Course>(approved.course_id)?;
    let course_name = course.map(|course| course.name);
    work.decide::<Delivery>(approved.class_id, Shipping::Start { approved, course_name }).map(drop)
}
