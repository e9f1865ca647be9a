//! payment (결제): a payment is approved with its reservation and canceled with it.

use madang::{Aggregate, Decision, Rejection};
use serde::{Deserialize, Serialize};

use crate::contract::exports::madang::outerpark::payments::Payment as Resource;
use crate::contract::madang::outerpark::payment_events::{PaymentApproved, PaymentCancelled};
use crate::contract::madang::outerpark::reservation_events::Reserved;

/// It was canceled before.
pub const CANCELED: Rejection = Rejection::state("the payment is canceled already");
/// No payment belongs to the reservation.
pub const NO_PAYMENT: Rejection = Rejection::state("there is no payment for that reservation");

/// How a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// `ApprovedPayment`.
    Approved,
    /// `PaymentCanceled`.
    Canceled,
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    id: u64,
    reservation_id: u64,
    price: u64,
    status: Status,
}

/// What can be asked of a payment.
#[derive(Debug, Clone)]
pub enum Command {
    /// Seats were reserved: they are paid.
    Approve {
        /// Its id.
        id: u64,
        /// The reservation.
        reserved: Reserved,
    },
    /// The reservation is canceled.
    Cancel,
}

madang::events! {
    /// What happens to a payment.
    pub enum Event { PaymentApproved, PaymentCancelled }
}

impl Aggregate for Payment {
    const COLLECTION: &'static str = "payments";
    const ENTITY: &'static str = "Payment";
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        match (state, command) {
            (None, Command::Approve { id, reserved }) => Ok(approve(id, &reserved)),
            (Some(payment), Command::Cancel) => cancel(payment),
            (Some(_), Command::Approve { .. }) => Err(Rejection::state("it is approved already")),
            (None, Command::Cancel) => Err(Rejection::MISSING),
        }
    }

    fn resource(&self) -> Option<Resource> {
        Some(Resource {
            id: self.id,
            reservation_id: self.reservation_id,
            price: self.price,
            status: self.status.on_the_wire().to_owned(),
        })
    }
}

impl Status {
    fn on_the_wire(self) -> &'static str {
        match self {
            Status::Approved => "ApprovedPayment",
            Status::Canceled => "PaymentCanceled",
        }
    }
}

fn approve(id: u64, reserved: &Reserved) -> Decision<Payment> {
    let status = Status::Approved;
    let payment = Payment { id, reservation_id: reserved.id, price: reserved.price, status };
    let Payment { id, reservation_id, price, .. } = payment;
    let status = status.on_the_wire().to_owned();
    Decision::told(payment, PaymentApproved { id, reservation_id, price, status })
}

fn cancel(payment: Payment) -> Result<Decision<Payment>, Rejection> {
    if payment.status == Status::Canceled {
        return Err(CANCELED);
    }
    let payment = Payment { status: Status::Canceled, ..payment };
    let Payment { id, reservation_id, price, status } = payment;
    let status = status.on_the_wire().to_owned();
    Ok(Decision::told(payment, PaymentCancelled { id, reservation_id, price, status }))
}

#[cfg(test)]
mod tests {
    use madang::spec::given;

    use super::*;

    fn approved() -> Command {
        let reserved = Reserved {
            id: 7,
            musical_id: 11,
            price: 50_000,
            seats: 2,
            status: "SeatsReserved".into(),
        };
        Command::Approve { id: 3, reserved }
    }

    fn seen(status: &str) -> Option<Resource> {
        Some(Resource { id: 3, reservation_id: 7, price: 50_000, status: status.into() })
    }

    #[test]
    fn a_payment_is_approved_with_the_reservations_price_and_is_told() {
        let told = PaymentApproved {
            id: 3,
            reservation_id: 7,
            price: 50_000,
            status: "ApprovedPayment".into(),
        };
        let payment = given::<Payment>([]).when(approved()).then_events([told.into()]);
        assert_eq!(payment.resource(), seen("ApprovedPayment"));
    }

    #[test]
    fn a_payment_is_canceled_kept_and_told() {
        let told = PaymentCancelled {
            id: 3,
            reservation_id: 7,
            price: 50_000,
            status: "PaymentCanceled".into(),
        };
        let payment =
            given::<Payment>([approved()]).when(Command::Cancel).then_events([told.into()]);
        assert_eq!(payment.resource(), seen("PaymentCanceled"));
    }

    #[test]
    fn a_payment_is_approved_once_and_canceled_once() {
        let refused = Rejection::state("it is approved already");
        given::<Payment>([approved()]).when(approved()).then_rejected(refused.clone());
        let canceled = || given::<Payment>([approved(), Command::Cancel]);
        canceled().when(Command::Cancel).then_rejected(CANCELED);
        canceled().when(approved()).then_rejected(refused);
    }

    #[test]
    fn what_was_never_approved_is_not_canceled() {
        given::<Payment>([]).when(Command::Cancel).then_rejected(Rejection::MISSING);
    }
}
