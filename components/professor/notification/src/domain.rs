//! notification (문자알림이력): what was sent to whom is kept.

use madang::{Aggregate, Decision, Rejection};
use serde::{Deserialize, Serialize};

use crate::contract::exports::madang::professor::sms_histories::SmsHistory as Resource;

/// An SMS that was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SmsHistory {
    id: u64,
    phone_number: String,
    contents: String,
    time: String,
}

/// What can be asked of an SMS.
#[derive(Debug, Clone)]
pub enum Command {
    /// It is sent.
    Send {
        /// Its id.
        id: u64,
        /// To whom.
        phone_number: String,
        /// What it says.
        contents: String,
        /// When: RFC 3339, UTC.
        time: String,
    },
}

madang::events! {
    /// What happens to an SMS: nothing that others hear of.
    pub enum Event {}
}

impl Aggregate for SmsHistory {
    const COLLECTION: &'static str = "smsHistories";
    const ENTITY: &'static str = "SmsHistory";
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        let Command::Send { id, phone_number, contents, time } = command;
        match state {
            None => Ok(Decision::quiet(SmsHistory { id, phone_number, contents, time })),
            Some(_) => Err(Rejection::state("it is sent already")),
        }
    }

    fn resource(&self) -> Option<Resource> {
        let SmsHistory { id, phone_number, contents, time } = self.clone();
        Some(Resource { id, phone_number, contents, time })
    }
}

#[cfg(test)]
mod tests {
    use madang::spec::given;

    use super::*;

    fn sent() -> Command {
        let (phone_number, contents) = ("000-0000-0001".into(), "교수로 임명 되었습니다.".into());
        Command::Send { id: 5, phone_number, contents, time: "2026-11-21T06:00:00.000Z".into() }
    }

    #[test]
    fn an_sms_is_kept_as_it_was_sent_and_nobody_is_told() {
        let Command::Send { id, phone_number, contents, time } = sent();
        let sms = given::<SmsHistory>([]).when(sent()).then_silence();
        assert_eq!(sms.resource(), Some(Resource { id, phone_number, contents, time }));
    }

    #[test]
    fn an_sms_is_sent_once() {
        let refused = Rejection::state("it is sent already");
        given::<SmsHistory>([sent()]).when(sent()).then_rejected(refused);
    }
}
