//! notice (알림): a notice tells a customer how a payment stands.

use madang::{Aggregate, Decision, Rejection};
use serde::{Deserialize, Serialize};

use crate::contract::exports::madang::outerpark::notices::Notice as Resource;
use crate::contract::madang::outerpark::notice_events::Noticed;

/// A notice (알림메시지).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    id: u64,
    payment_id: u64,
    send_text: String,
}

/// What can be asked of a notice.
#[derive(Debug, Clone)]
pub enum Command {
    /// It is written and sent.
    Send {
        /// Its id.
        id: u64,
        /// The payment.
        payment_id: u64,
        /// How the payment stands.
        send_text: String,
    },
}

madang::events! {
    /// What happens to a notice.
    pub enum Event { Noticed }
}

impl Aggregate for Notice {
    const COLLECTION: &'static str = "notices";
    const ENTITY: &'static str = "Notice";
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        let Command::Send { id, payment_id, send_text } = command;
        if state.is_some() {
            return Err(Rejection::state("it is sent already"));
        }
        let told = Noticed { id, payment_id, send_text: send_text.clone() };
        Ok(Decision::told(Notice { id, payment_id, send_text }, told))
    }

    fn resource(&self) -> Option<Resource> {
        let Notice { id, payment_id, send_text } = self.clone();
        Some(Resource { id, payment_id, send_text })
    }
}

#[cfg(test)]
mod tests {
    use madang::spec::given;

    use super::*;

    fn sent() -> Command {
        Command::Send { id: 5, payment_id: 3, send_text: "ApprovedPayment".into() }
    }

    #[test]
    fn a_notice_is_sent_and_told() {
        let told = Noticed { id: 5, payment_id: 3, send_text: "ApprovedPayment".into() };
        let notice = given::<Notice>([]).when(sent()).then_events([told.into()]);
        let seen = Resource { id: 5, payment_id: 3, send_text: "ApprovedPayment".into() };
        assert_eq!(notice.resource(), Some(seen));
    }

    #[test]
    fn a_notice_is_sent_once() {
        let refused = Rejection::state("it is sent already");
        given::<Notice>([sent()]).when(sent()).then_rejected(refused);
    }
}
