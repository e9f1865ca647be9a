//! alert (알림): an alert tells a student what has become of a class.

use madang::{Aggregate, Decision, Rejection};
use serde::{Deserialize, Serialize};

use crate::contract::exports::madang::lecture::alerts::Alert as Resource;

/// An alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    id: u64,
    student: String,
    event_type: String,
    message: String,
    time: String,
}

/// What can be asked of an alert.
#[derive(Debug, Clone)]
pub enum Command {
    /// A student is told.
    Tell {
        /// Its id.
        id: u64,
        /// Who is told.
        student: String,
        /// The name of the event.
        event_type: String,
        /// What the student reads.
        message: String,
        /// When, RFC 3339 in UTC.
        time: String,
    },
}

madang::events! {
    /// Nothing: whoever is to hear of an alert is told by it.
    pub enum Event {}
}

impl Aggregate for Alert {
    const COLLECTION: &'static str = "alerts";
    const ENTITY: &'static str = "Alert";
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        let Command::Tell { id, student, event_type, message, time } = command;
        if state.is_some() {
            return Err(Rejection::state("it is told already"));
        }
        Ok(Decision::quiet(Alert { id, student, event_type, message, time }))
    }

    fn resource(&self) -> Option<Resource> {
        let Alert { id, student, event_type, message, time } = self.clone();
        Some(Resource { id, student, event_type, message, time })
    }
}

#[cfg(test)]
mod tests {
    use madang::spec::given;

    use super::*;

    fn told() -> Command {
        Command::Tell {
            id: 5,
            student: "john-doe".into(),
            event_type: "GiftGiven".into(),
            message: "기프트가 지급되었습니다.".into(),
            time: "2026-11-21T00:00:00.000Z".into(),
        }
    }

    #[test]
    fn an_alert_is_kept_as_it_was_told() {
        let alert = given::<Alert>([]).when(told()).then_silence();
        let seen = Resource {
            id: 5,
            student: "john-doe".into(),
            event_type: "GiftGiven".into(),
            message: "기프트가 지급되었습니다.".into(),
            time: "2026-11-21T00:00:00.000Z".into(),
        };
        assert_eq!(alert.resource(), Some(seen));
    }

    #[test]
    fn an_alert_is_told_once() {
        given::<Alert>([told()]).when(told()).then_rejected(Rejection::state("it is told already"));
    }
}
