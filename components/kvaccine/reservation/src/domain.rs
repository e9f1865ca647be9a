//! reservation (예약): a reservation has a place on a day, or the day was full.

use std::borrow::Cow;

use madang::error::Class;
use madang::{Aggregate, Decision, Rejection};
use serde::{Deserialize, Serialize};

use crate::contract::exports::madang::kvaccine::reservations::Reservation as Resource;
use crate::contract::madang::kvaccine::reservation_events::{
    ReservationCancelled, ReservationRejected, ReservationRequested,
};
use crate::contract::madang::kvaccine::user_events::UserReservationRequested;

/// All places of the day are taken.
pub const FULL: Rejection = Rejection::state("the day is full");
/// The user never asked, as far as is known here.
pub const NO_RESERVATION: Rejection = Rejection {
    class: Class::NotFound,
    detail: Cow::Borrowed("there is no reservation of that user"),
    violations: Vec::new(),
};
/// Nothing is to be cancelled, or was.
pub const NOT_RUNNING: Rejection = Rejection::state("the reservation is not running");

/// How a reservation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// `RESERVE`: it has a place.
    Placed,
    /// `REJECT`: it has none.
    Rejected,
    /// `CANCEL`: it has given its place back.
    Cancelled,
    /// `INJECT`: its place is used.
    Used,
}

/// A reservation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reservation {
    id: u64,
    user_id: u64,
    user_name: String,
    user_reg_number: String,
    /// The day.
    pub reserve_date: String,
    status: Status,
    cancel_date: Option<String>,
}

/// What can be asked of a reservation.
#[derive(Debug, Clone)]
pub enum Command {
    /// A user wants a place.
    Request {
        /// Its id.
        id: u64,
        /// What the user wants.
        wanted: UserReservationRequested,
        /// Whether the day had a place left, which is this one's then.
        has_place: bool,
    },
    /// The user does not want it any more.
    Cancel {
        /// Since when.
        cancel_date: String,
    },
    /// The user has got the vaccine.
    Use,
}

macro_rules! telling {
    ($event:ident, $it:expr) => {{
        let Resource { id, user_id, user_name, user_reg_number, .. } = $it.seen();
        let Resource { reserve_date, reserve_status, cancel_date, .. } = $it.seen();
        $event {
            id,
            user_id,
            user_name,
            user_reg_number,
            reserve_date,
            reserve_status,
            cancel_date,
        }
    }};
}

madang::events! {
    /// What happens to a reservation.
    #[allow(clippy::enum_variant_names, reason = "the seed's names")]
    pub enum Event { ReservationRequested, ReservationRejected, ReservationCancelled }
}

impl Aggregate for Reservation {
    const COLLECTION: &'static str = "reservations";
    const ENTITY: &'static str = "Reservation";
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        match (state, command) {
            (None, Command::Request { id, wanted, has_place }) => {
                Ok(request(id, wanted, has_place))
            }
            (None, _) => Err(NO_RESERVATION),
            (Some(it), Command::Cancel { cancel_date }) if it.status == Status::Placed => {
                let cancel_date = Some(cancel_date);
                let it = Reservation { status: Status::Cancelled, cancel_date, ..it };
                let told = telling!(ReservationCancelled, it);
                Ok(Decision::told(it, told))
            }
            (Some(it), Command::Use) if it.status == Status::Placed => {
                Ok(Decision::quiet(Reservation { status: Status::Used, ..it }))
            }
            _ => Err(NOT_RUNNING),
        }
    }

    fn resource(&self) -> Option<Resource> {
        Some(self.seen())
    }
}

impl Reservation {
    fn seen(&self) -> Resource {
        Resource {
            id: self.id,
            user_id: self.user_id,
            user_name: self.user_name.clone(),
            user_reg_number: self.user_reg_number.clone(),
            reserve_date: self.reserve_date.clone(),
            reserve_status: self.status.on_the_wire().to_owned(),
            cancel_date: self.cancel_date.clone(),
        }
    }
}

impl Status {
    fn on_the_wire(self) -> &'static str {
        match self {
            Status::Placed => "RESERVE",
            Status::Rejected => "REJECT",
            Status::Cancelled => "CANCEL",
            Status::Used => "INJECT",
        }
    }
}

fn request(id: u64, wanted: UserReservationRequested, has_place: bool) -> Decision<Reservation> {
    let it = Reservation {
        id,
        user_id: wanted.id,
        user_name: wanted.user_name,
        user_reg_number: wanted.user_reg_number,
        reserve_date: wanted.reserve_date,
        status: if has_place { Status::Placed } else { Status::Rejected },
        cancel_date: None,
    };
    if has_place {
        let told = telling!(ReservationRequested, it);
        Decision::told(it, told)
    } else {
        let told = telling!(ReservationRejected, it);
        Decision::told(it, told)
    }
}

/// How many have a place on a day, under the number of its date (20261122). Clients do not see it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Day {
    taken: u64,
}

/// What happens to a day.
#[derive(Debug, Clone)]
pub enum Place {
    /// Somebody wants a place.
    Take {
        /// How many there are on each day.
        capacity: u64,
    },
    /// Somebody gives a place back.
    Free,
}

impl Day {
    /// The places that nobody has.
    pub fn left(&self, capacity: u64) -> u64 {
        // A capacity that was made smaller takes nobody's place away.
        capacity.saturating_sub(self.taken)
    }
}

impl Aggregate for Day {
    const COLLECTION: &'static str = "days";
    const ENTITY: &'static str = "Day";
    type Command = Place;
    type Event = Event;
    type Resource = ();

    fn decide(state: Option<Self>, command: Place) -> Result<Decision<Self>, Rejection> {
        let day = state.unwrap_or_default();
        let taken = match command {
            Place::Take { capacity } if day.left(capacity) == 0 => return Err(FULL),
            Place::Take { .. } => day.taken + 1,
            Place::Free => day.taken.checked_sub(1).ok_or(NOT_RUNNING)?,
        };
        Ok(Decision::quiet(Day { taken }))
    }

    fn resource(&self) -> Option<()> {
        None
    }
}

#[cfg(test)]
mod tests {
    use madang::spec::{Given, given};

    use super::*;

    const LATER: &str = "2026-11-21 12:30:00";

    fn wanted() -> UserReservationRequested {
        UserReservationRequested {
            id: 7,
            user_name: "Taeyeon Kim".into(),
            user_reg_number: "890309-2******".into(),
            reserve_status: "RESERVE".into(),
            reserve_date: "2026-11-22".into(),
            modify_date: "2026-11-21 12:00:00".into(),
            inject_date: None,
            vaccine_type: None,
        }
    }

    fn requested(has_place: bool) -> Command {
        Command::Request { id: 3, wanted: wanted(), has_place }
    }

    fn cancel() -> Command {
        Command::Cancel { cancel_date: LATER.to_owned() }
    }

    fn after(has_place: bool, commands: &[Command]) -> Given<Reservation> {
        let commands = commands.iter().cloned();
        given::<Reservation>([requested(has_place)].into_iter().chain(commands))
    }

    fn reservation(status: Status) -> Reservation {
        let cancel_date = (status == Status::Cancelled).then(|| LATER.to_owned());
        Reservation {
            id: 3,
            user_id: 7,
            user_name: "Taeyeon Kim".into(),
            user_reg_number: "890309-2******".into(),
            reserve_date: "2026-11-22".into(),
            status,
            cancel_date,
        }
    }

    fn seen(reserve_status: &str) -> Option<Resource> {
        Some(Resource {
            id: 3,
            user_id: 7,
            user_name: "Taeyeon Kim".into(),
            user_reg_number: "890309-2******".into(),
            reserve_date: "2026-11-22".into(),
            reserve_status: reserve_status.into(),
            cancel_date: (reserve_status == "CANCEL").then(|| LATER.to_owned()),
        })
    }

    #[test]
    fn a_day_with_a_place_left_makes_a_reservation_and_a_full_one_a_rejection() {
        let placed = given::<Reservation>([]).when(requested(true));
        let told = telling!(ReservationRequested, reservation(Status::Placed));
        assert_eq!((told.reserve_status.as_str(), told.user_id), ("RESERVE", 7));
        assert_eq!(placed.then_events([told.into()]).resource(), seen("RESERVE"));
        let rejected = given::<Reservation>([]).when(requested(false));
        let told = telling!(ReservationRejected, reservation(Status::Rejected));
        assert_eq!(rejected.then_events([told.into()]).resource(), seen("REJECT"));
        after(true, &[]).when(requested(true)).then_rejected(NOT_RUNNING);
    }

    #[test]
    fn a_cancel_is_told_once_with_its_time() {
        let told = telling!(ReservationCancelled, reservation(Status::Cancelled));
        assert_eq!(told.cancel_date.as_deref(), Some(LATER));
        let cancelled = after(true, &[]).when(cancel()).then_events([told.into()]);
        assert_eq!(cancelled.resource(), seen("CANCEL"));
        cancelled.when(cancel()).then_rejected(NOT_RUNNING);
    }

    #[test]
    fn what_has_no_place_or_has_used_it_gives_none_back() {
        after(false, &[]).when(cancel()).then_rejected(NOT_RUNNING);
        let used = after(true, &[Command::Use]);
        assert_eq!(used.resource(), seen("INJECT"));
        used.when(cancel()).then_rejected(NOT_RUNNING);
        after(true, &[cancel()]).when(Command::Use).then_rejected(NOT_RUNNING);
        for command in [cancel(), Command::Use] {
            given::<Reservation>([]).when(command).then_rejected(NO_RESERVATION);
        }
    }

    #[test]
    fn a_day_is_taken_to_the_last_place_and_no_further() {
        let take = || Place::Take { capacity: 2 };
        let full = given::<Day>([take(), take()]);
        assert_eq!(full.resource(), None);
        full.when(take()).then_rejected(FULL);
        given::<Day>([take(), take(), Place::Free]).when(take()).then_silence();
        given::<Day>([take(), take()]).when(Place::Take { capacity: 1 }).then_rejected(FULL);
        given::<Day>([]).when(Place::Free).then_rejected(NOT_RUNNING);
    }

    #[test]
    fn a_day_tells_what_is_left() {
        let day = Day { taken: 3 };
        assert_eq!([5, 3, 2].map(|capacity| day.left(capacity)), [2, 0, 0]);
    }
}
