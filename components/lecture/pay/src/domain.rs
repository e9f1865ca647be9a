//! pay (결제): the fee of a class is taken once, and given back with it.

use madang::{Aggregate, Decision, Rejection, id_from_one};
use serde::{Deserialize, Serialize};

use crate::contract::exports::madang::lecture::payments::Payment as Resource;
use crate::contract::madang::lecture::pay_calls::Taking;
use crate::contract::madang::lecture::pay_events::{PaymentApproved, PaymentCanceled};

/// The fee was given back, or is not to be taken any more.
pub const CANCELED: Rejection = Rejection::state("the payment is canceled");

/// A class's payment. Its id is the class's, so that there is one, whoever asks in whatever order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Payment {
    /// `CONFIRM`.
    Confirmed(Taking),
    /// `CANCEL`.
    Canceled(Taking),
    /// Taken back before it was taken: it never will be. Nobody sees it.
    Withheld,
}

/// What can be asked of a payment.
#[derive(Debug, Clone)]
pub enum Command {
    /// The class is asked for.
    Take(Taking),
    /// Whoever asked does not know whether it was taken, and does not want it any more.
    TakeBack,
    /// The class is canceled.
    Cancel,
}

madang::events! {
    /// What happens to a payment.
    pub enum Event { PaymentApproved, PaymentCanceled }
}

impl Aggregate for Payment {
    const COLLECTION: &'static str = "payments";
    const ENTITY: &'static str = "Payment";
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        match (state, command) {
            (None, Command::Take(taking)) => take(taking),
            (Some(taken @ Payment::Confirmed(_)), Command::Take(_)) => Ok(Decision::quiet(taken)),
            (Some(Payment::Confirmed(taking)), Command::TakeBack | Command::Cancel) => {
                Ok(cancel(taking))
            }
            (Some(over), Command::TakeBack) => Ok(Decision::quiet(over)),
            (Some(_), Command::Take(_) | Command::Cancel) => Err(CANCELED),
            (None, Command::TakeBack) => Ok(Decision::quiet(Payment::Withheld)),
            (None, Command::Cancel) => Err(Rejection::MISSING),
        }
    }

    fn resource(&self) -> Option<Resource> {
        let (taking, status) = match self {
            Payment::Confirmed(taking) => (taking, "CONFIRM"),
            Payment::Canceled(taking) => (taking, "CANCEL"),
            Payment::Withheld => return None,
        };
        let Taking { class_id, course_id, fee, student, .. } = taking.clone();
        let status = status.to_owned();
        Some(Resource { id: class_id, class_id, course_id, fee, student, status })
    }
}

fn take(taking: Taking) -> Result<Decision<Payment>, Rejection> {
    id_from_one("classId", taking.class_id)?;
    let Taking { class_id, course_id, fee, student, text_book } = taking.clone();
    let (id, status) = (class_id, "CONFIRM".to_owned());
    let told = PaymentApproved { id, class_id, course_id, fee, student, text_book, status };
    Ok(Decision::told(Payment::Confirmed(taking), told))
}

fn cancel(taking: Taking) -> Decision<Payment> {
    let Taking { class_id, course_id, fee, student, .. } = taking.clone();
    let (id, status) = (class_id, "CANCEL".to_owned());
    let told = PaymentCanceled { id, class_id, course_id, fee, student, status };
    Decision::told(Payment::Canceled(taking), told)
}

#[cfg(test)]
mod tests {
    use madang::spec::given;

    use super::*;

    fn taken() -> Command {
        Command::Take(Taking {
            class_id: 7,
            course_id: 1,
            fee: 10_000,
            student: "john-doe".into(),
            text_book: "kor_book".into(),
        })
    }

    fn seen(status: &str) -> Option<Resource> {
        let (student, status) = ("john-doe".to_owned(), status.to_owned());
        Some(Resource { id: 7, class_id: 7, course_id: 1, fee: 10_000, student, status })
    }

    fn told_canceled() -> Event {
        PaymentCanceled {
            id: 7,
            class_id: 7,
            course_id: 1,
            fee: 10_000,
            student: "john-doe".into(),
            status: "CANCEL".into(),
        }
        .into()
    }

    #[test]
    fn a_fee_is_taken_once_however_often_it_is_asked_for() {
        let told = PaymentApproved {
            id: 7,
            class_id: 7,
            course_id: 1,
            fee: 10_000,
            student: "john-doe".into(),
            text_book: "kor_book".into(),
            status: "CONFIRM".into(),
        };
        let payment = given::<Payment>([]).when(taken()).then_events([told.into()]);
        assert_eq!(payment.resource(), seen("CONFIRM"));
        payment.when(taken()).then_nothing_changes();
    }

    #[test]
    fn a_payment_is_for_a_class() {
        let Command::Take(taking) = taken() else { unreachable!() };
        let refused = Rejection::invalid("classId", 0, "must be a number from 1 up");
        let nobody = Command::Take(Taking { class_id: 0, ..taking });
        given::<Payment>([]).when(nobody).then_rejected(refused);
    }

    #[test]
    fn what_is_canceled_or_taken_back_is_kept_and_told_once() {
        for end in [Command::Cancel, Command::TakeBack] {
            let payment = given::<Payment>([taken()]).when(end.clone());
            let payment = payment.then_events([told_canceled()]);
            assert_eq!(payment.resource(), seen("CANCEL"));
            payment.when(Command::TakeBack).then_nothing_changes();
            given::<Payment>([taken(), end]).when(Command::Cancel).then_rejected(CANCELED);
        }
    }

    #[test]
    fn what_was_taken_back_is_not_taken_again_even_where_the_take_comes_late() {
        given::<Payment>([taken(), Command::TakeBack]).when(taken()).then_rejected(CANCELED);
        let withheld = given::<Payment>([]).when(Command::TakeBack).then_silence();
        assert_eq!(withheld.resource(), None);
        withheld.when(taken()).then_rejected(CANCELED);
        given::<Payment>([Command::TakeBack]).when(Command::TakeBack).then_nothing_changes();
    }

    #[test]
    fn what_was_never_taken_is_not_canceled() {
        given::<Payment>([]).when(Command::Cancel).then_rejected(Rejection::MISSING);
        given::<Payment>([Command::TakeBack]).when(Command::Cancel).then_rejected(CANCELED);
    }
}
