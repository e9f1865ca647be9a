//! hospital (병원): a reservation at the hospital ends with the vaccine, or is canceled.

use std::borrow::Cow;

use madang::error::Class;
use madang::{Aggregate, Decision, Rejection};
use serde::{Deserialize, Serialize};

use crate::contract::exports::madang::kvaccine::hospitals::Hospital as Resource;
use crate::contract::madang::kvaccine::hospital_events::{
    HospitalReservationCancelled, HospitalReservationReceived, VaccineInjected,
};
use crate::contract::madang::kvaccine::reservation_events::ReservationRequested;

/// The user has no reservation here.
pub const NOT_HERE: Rejection = Rejection {
    class: Class::NotFound,
    detail: Cow::Borrowed("there is no reservation of that user at the hospital"),
    violations: Vec::new(),
};
/// The user does not come.
pub const CANCELED: Rejection = Rejection::state("the reservation at the hospital is canceled");
/// The user has been there.
pub const INJECTED: Rejection = Rejection::state("the vaccine is injected already");

/// The one hospital that there is.
const NAME: &str = "Korean Hospital";

/// How a reservation at the hospital stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// `RESERVE`.
    Received,
    /// `CANCEL`.
    Canceled,
    /// `INJECT`, and when.
    Injected(String),
}

/// A reservation at the hospital.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hospital {
    id: u64,
    user_id: u64,
    /// Who comes.
    pub user_name: String,
    user_reg_number: String,
    /// When.
    pub reserve_date: String,
    /// For what.
    pub vaccine_type: String,
    status: Status,
}

/// What can be asked of it.
#[derive(Debug, Clone)]
pub enum Command {
    /// A user has a place on a day.
    Receive {
        /// Its id.
        id: u64,
        /// The reservation.
        requested: ReservationRequested,
        /// The vaccine that was drawn.
        vaccine_type: String,
    },
    /// The user does not come.
    Cancel,
    /// The user has come.
    Inject {
        /// The time that it is.
        at: String,
    },
}

macro_rules! telling {
    ($event:ident, $it:expr, $inject_date:expr) => {{
        let Resource { id, hospital_name, user_id, user_name, user_reg_number, .. } = $it.seen();
        let Resource { reserve_date, vaccine_type, reserve_status, .. } = $it.seen();
        $event {
            id,
            hospital_name,
            user_id,
            user_name,
            user_reg_number,
            reserve_date,
            inject_date: $inject_date,
            vaccine_type,
            reserve_status,
        }
    }};
}

madang::events! {
    /// What happens at the hospital.
    pub enum Event { HospitalReservationReceived, HospitalReservationCancelled, VaccineInjected }
}

impl Aggregate for Hospital {
    const COLLECTION: &'static str = "hospitals";
    const ENTITY: &'static str = "Hospital";
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        let Some(it) = state else {
            return match command {
                Command::Receive { id, requested, vaccine_type } => {
                    Ok(receive(id, requested, vaccine_type))
                }
                _ => Err(NOT_HERE),
            };
        };
        match (&it.status, command) {
            (Status::Received, Command::Cancel) => {
                let it = Hospital { status: Status::Canceled, ..it };
                let told = telling!(HospitalReservationCancelled, it, None);
                Ok(Decision::told(it, told))
            }
            (Status::Received, Command::Inject { at }) => {
                let it = Hospital { status: Status::Injected(at.clone()), ..it };
                let told = telling!(VaccineInjected, it, at);
                Ok(Decision::told(it, told))
            }
            (Status::Received, Command::Receive { .. }) => {
                Err(Rejection::state("it is received already"))
            }
            (Status::Canceled, _) => Err(CANCELED),
            (Status::Injected(_), _) => Err(INJECTED),
        }
    }

    fn resource(&self) -> Option<Resource> {
        Some(self.seen())
    }
}

impl Hospital {
    /// What clients see.
    pub fn seen(&self) -> Resource {
        let (reserve_status, inject_date) = match &self.status {
            Status::Received => ("RESERVE", None),
            Status::Canceled => ("CANCEL", None),
            Status::Injected(at) => ("INJECT", Some(at.clone())),
        };
        Resource {
            id: self.id,
            hospital_name: NAME.to_owned(),
            user_id: self.user_id,
            user_name: self.user_name.clone(),
            user_reg_number: self.user_reg_number.clone(),
            reserve_date: self.reserve_date.clone(),
            inject_date,
            vaccine_type: self.vaccine_type.clone(),
            reserve_status: reserve_status.to_owned(),
        }
    }
}

fn receive(id: u64, requested: ReservationRequested, vaccine_type: String) -> Decision<Hospital> {
    let ReservationRequested { user_id, user_name, user_reg_number, reserve_date, .. } = requested;
    let status = Status::Received;
    let it =
        Hospital { id, user_id, user_name, user_reg_number, reserve_date, vaccine_type, status };
    let told = telling!(HospitalReservationReceived, it, None);
    Decision::told(it, told)
}

#[cfg(test)]
mod tests {
    use madang::spec::{Given, given};

    use super::*;

    const NOON: &str = "2026-11-22 12:00:00";

    fn received() -> Command {
        let requested = ReservationRequested {
            id: 3,
            user_id: 7,
            user_name: "Taeyeon Kim".into(),
            user_reg_number: "890309-2******".into(),
            reserve_date: "2026-11-22".into(),
            reserve_status: "RESERVE".into(),
            cancel_date: None,
        };
        Command::Receive { id: 5, requested, vaccine_type: "Moderna".into() }
    }

    fn inject() -> Command {
        Command::Inject { at: NOON.to_owned() }
    }

    fn after(commands: &[Command]) -> Given<Hospital> {
        given::<Hospital>([received()].into_iter().chain(commands.iter().cloned()))
    }

    fn seen(reserve_status: &str, inject_date: Option<&str>) -> Resource {
        Resource {
            id: 5,
            hospital_name: "Korean Hospital".into(),
            user_id: 7,
            user_name: "Taeyeon Kim".into(),
            user_reg_number: "890309-2******".into(),
            reserve_date: "2026-11-22".into(),
            inject_date: inject_date.map(str::to_owned),
            vaccine_type: "Moderna".into(),
            reserve_status: reserve_status.into(),
        }
    }

    /// That this is told with just what clients see.
    fn as_told(event: &Event, seen: &Resource) {
        let told = madang::event::Event::data(event).unwrap();
        assert_eq!(told, madang::json::to_wire(seen).unwrap());
    }

    #[test]
    fn a_reservation_is_received_with_its_vaccine_and_is_told() {
        let decision = Hospital::decide(None, received()).unwrap();
        assert!(matches!(decision.events[..], [Event::HospitalReservationReceived(_)]));
        as_told(&decision.events[0], &seen("RESERVE", None));
        assert_eq!(after(&[]).resource(), Some(seen("RESERVE", None)));
        after(&[]).when(received()).then_rejected(Rejection::state("it is received already"));
    }

    #[test]
    fn a_cancel_is_told_with_the_vaccine_that_is_left_over() {
        let decision = Hospital::decide(state(), Command::Cancel).unwrap();
        assert!(matches!(decision.events[..], [Event::HospitalReservationCancelled(_)]));
        as_told(&decision.events[0], &seen("CANCEL", None));
        let canceled = || after(&[Command::Cancel]);
        assert_eq!(canceled().resource(), Some(seen("CANCEL", None)));
        for late in [Command::Cancel, inject(), received()] {
            canceled().when(late).then_rejected(CANCELED);
        }
    }

    #[test]
    fn an_injection_is_told_once_and_is_not_undone() {
        let decision = Hospital::decide(state(), inject()).unwrap();
        assert!(matches!(decision.events[..], [Event::VaccineInjected(_)]));
        as_told(&decision.events[0], &seen("INJECT", Some(NOON)));
        let injected = || after(&[inject()]);
        assert_eq!(injected().resource(), Some(seen("INJECT", Some(NOON))));
        for late in [Command::Cancel, inject(), received()] {
            injected().when(late).then_rejected(INJECTED);
        }
    }

    #[test]
    fn nothing_can_be_asked_of_what_is_not_here() {
        for command in [Command::Cancel, inject()] {
            given::<Hospital>([]).when(command).then_rejected(NOT_HERE);
        }
    }

    fn state() -> Option<Hospital> {
        Hospital::decide(None, received()).unwrap().state
    }
}
