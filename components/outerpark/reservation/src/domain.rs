//! reservation (예약): a reservation is asked for, has its seats or is refused, is paid, and can be
//! canceled.

use madang::{Aggregate, Decision, Rejection, id_from_one};
use serde::{Deserialize, Serialize};

use crate::contract::exports::madang::outerpark::reservations::{
    NewReservation, Reservation as Resource,
};
use crate::contract::madang::outerpark::reservation_events::{Canceled, Reserved};

/// The musical has fewer seats than are asked for.
pub const TOO_FEW_SEATS: Rejection = Rejection::state("Too big seats Count");
/// Nobody has registered the musical.
pub const NO_MUSICAL: Rejection = Rejection::state("there is no musical with that musicalId");
/// The musical does not say whether it has the seats.
pub const NO_ANSWER: Rejection =
    Rejection::later("the seats cannot be reserved at the moment; try again shortly");
/// More reservations wait for their payment than a customer would wait for.
pub const PAYMENT_BEHIND: Rejection =
    Rejection::later("payment has too much to do at the moment; try again shortly");
/// It was canceled before it was paid.
pub const CANCELED: Rejection = Rejection::state("the reservation is canceled");
/// The musical has answered already.
pub const SETTLED: Rejection = Rejection::state("the reservation is settled already");

/// How a reservation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Asked for; musical has not answered. Nobody sees it yet.
    Pending,
    /// It has its seats.
    SeatsReserved,
    /// It is paid.
    ApprovedPayment,
    /// It is over. It has left the collection, and is still found by its id.
    Canceled,
    /// Refused for want of an answer: musical may hold seats for it, which it gives back. Nobody sees
    /// it.
    Owing,
}

/// A reservation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reservation {
    /// From 1 up.
    pub id: u64,
    /// The musical's number.
    pub musical_id: u64,
    price: u64,
    /// How many.
    pub seats: u64,
    /// How it stands.
    pub status: Status,
}

/// What can be asked of a reservation.
#[derive(Debug, Clone)]
pub enum Command {
    /// A customer wants seats.
    Request {
        /// Its id.
        id: u64,
        /// What is wanted.
        reservation: NewReservation,
    },
    /// The seats were free and are taken.
    Confirm,
    /// There are not so many.
    TooFewSeats,
    /// There is no such musical.
    NoMusical,
    /// Musical did not answer.
    GiveUp {
        /// Whether it may have taken the seats all the same.
        may_hold: bool,
    },
    /// Musical knows that it holds no seats for it.
    Returned,
    /// Its payment is approved.
    Approve,
    /// The customer does not want it any more.
    Cancel,
}

madang::events! {
    /// What happens to a reservation.
    pub enum Event { Reserved, Canceled }
}

impl Aggregate for Reservation {
    const COLLECTION: &'static str = "reservations";
    const ENTITY: &'static str = "Reservation";
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        let Some(reservation) = state else {
            return match command {
                Command::Request { id, reservation } => request(id, reservation),
                _ => Err(Rejection::MISSING),
            };
        };
        let becomes = |status| Decision::quiet(Reservation { status, ..reservation.clone() });
        match (reservation.status, command) {
            (Status::Pending, Command::Confirm) => Ok(confirm(reservation)),
            (Status::Pending, Command::TooFewSeats) => {
                Ok(Decision::removed().refusing(TOO_FEW_SEATS))
            }
            (Status::Pending, Command::NoMusical) => Ok(Decision::removed().refusing(NO_MUSICAL)),
            (Status::Pending, Command::GiveUp { may_hold: false }) => {
                Ok(Decision::removed().refusing(NO_ANSWER))
            }
            (Status::Pending, Command::GiveUp { may_hold: true }) => {
                Ok(becomes(Status::Owing).refusing(NO_ANSWER))
            }
            (Status::Owing, Command::Returned) => Ok(Decision::removed()),
            (Status::SeatsReserved, Command::Approve) => Ok(becomes(Status::ApprovedPayment)),
            (Status::ApprovedPayment, Command::Approve) => Ok(Decision::quiet(reservation)),
            (Status::Canceled, Command::Approve) => Err(CANCELED),
            (Status::SeatsReserved | Status::ApprovedPayment, Command::Cancel) => {
                Ok(cancel(reservation))
            }
            (Status::Canceled, Command::Cancel) => Ok(Decision::quiet(reservation)),
            (Status::Pending | Status::Owing, Command::Approve | Command::Cancel) => {
                Err(Rejection::MISSING)
            }
            _ => Err(SETTLED),
        }
    }

    fn resource(&self) -> Option<Resource> {
        Some(Resource {
            id: self.id,
            musical_id: self.musical_id,
            price: self.price,
            seats: self.seats,
            status: self.status.on_the_wire()?.to_owned(),
        })
    }

    fn is_listed(&self) -> bool {
        self.status != Status::Canceled
    }

    fn is_intent(&self) -> bool {
        matches!(self.status, Status::Pending | Status::Owing)
    }
}

impl Status {
    /// Its name where clients see it.
    pub fn on_the_wire(self) -> Option<&'static str> {
        match self {
            Status::SeatsReserved => Some("SeatsReserved"),
            Status::ApprovedPayment => Some("ApprovedPayment"),
            Status::Canceled => Some("Canceled"),
            Status::Pending | Status::Owing => None,
        }
    }
}

fn request(id: u64, wanted: NewReservation) -> Result<Decision<Reservation>, Rejection> {
    let NewReservation { musical_id, price, seats } = wanted;
    id_from_one("musicalId", musical_id)?;
    if !(1..=100).contains(&seats) {
        return Err(Rejection::invalid("seats", seats, "must be 1 to 100"));
    }
    Ok(Decision::quiet(Reservation { id, musical_id, price, seats, status: Status::Pending }))
}

fn confirm(reservation: Reservation) -> Decision<Reservation> {
    let Reservation { id, musical_id, price, seats, .. } = reservation;
    let told = Reserved { id, musical_id, price, seats, status: "SeatsReserved".to_owned() };
    Decision::told(Reservation { status: Status::SeatsReserved, ..reservation }, told)
}

fn cancel(reservation: Reservation) -> Decision<Reservation> {
    let Reservation { id, musical_id, price, seats, .. } = reservation;
    let told = Canceled { id, musical_id, price, seats, status: "Canceled".to_owned() };
    Decision::told(Reservation { status: Status::Canceled, ..reservation }, told)
}

#[cfg(test)]
mod tests {
    use madang::spec::{Given, given};

    use super::*;

    fn wanted() -> NewReservation {
        NewReservation { musical_id: 11, price: 50_000, seats: 2 }
    }

    fn requested() -> Command {
        Command::Request { id: 7, reservation: wanted() }
    }

    fn after(commands: &[Command]) -> Given<Reservation> {
        let answers = commands.iter().cloned();
        given::<Reservation>([requested()].into_iter().chain(answers))
    }

    fn seen(status: &str) -> Option<Resource> {
        let status = status.to_owned();
        Some(Resource { id: 7, musical_id: 11, price: 50_000, seats: 2, status })
    }

    /// What whoever waits is told, and what is left: whether anything is stored, and owed.
    fn answered(answer: Command) -> (Option<Rejection>, Option<bool>) {
        let pending = Reservation::decide(None, requested()).unwrap().state;
        let Decision { state, events, refusal } = Reservation::decide(pending, answer).unwrap();
        assert_eq!(events, []);
        assert_eq!(state.as_ref().and_then(Aggregate::resource), None);
        (refusal, state.map(|reservation| reservation.is_intent()))
    }

    #[test]
    fn what_is_asked_for_is_an_intent_that_nobody_sees() {
        let reservation = given::<Reservation>([]).when(requested()).then_silence();
        assert_eq!(reservation.resource(), None);
        assert!(Reservation::decide(None, requested()).unwrap().state.unwrap().is_intent());
    }

    #[test]
    fn what_is_asked_for_must_be_whole() {
        let ask =
            |reservation| given::<Reservation>([]).when(Command::Request { id: 7, reservation });
        ask(NewReservation { musical_id: 0, ..wanted() }).then_rejected(Rejection::invalid(
            "musicalId",
            0,
            "must be a number from 1 up",
        ));
        for seats in [0, 101] {
            ask(NewReservation { seats, ..wanted() }).then_rejected(Rejection::invalid(
                "seats",
                seats,
                "must be 1 to 100",
            ));
        }
        for seats in [1, 100] {
            ask(NewReservation { seats, price: 0, ..wanted() }).then_silence();
        }
    }

    #[test]
    fn seats_that_are_taken_make_it_a_reservation_and_are_told() {
        let told = Reserved {
            id: 7,
            musical_id: 11,
            price: 50_000,
            seats: 2,
            status: "SeatsReserved".into(),
        };
        let reservation = after(&[]).when(Command::Confirm).then_events([told.into()]);
        assert_eq!(reservation.resource(), seen("SeatsReserved"));
    }

    #[test]
    fn what_musical_does_not_grant_is_refused_and_nothing_is_stored() {
        assert_eq!(answered(Command::TooFewSeats), (Some(TOO_FEW_SEATS), None));
        assert_eq!(answered(Command::NoMusical), (Some(NO_MUSICAL), None));
    }

    #[test]
    fn without_an_answer_it_is_refused_for_now_and_gives_back_what_it_may_hold() {
        let give_up = |may_hold| Command::GiveUp { may_hold };
        assert_eq!(answered(give_up(false)), (Some(NO_ANSWER), None));
        assert_eq!(answered(give_up(true)), (Some(NO_ANSWER), Some(true)));
        let gone = after(&[give_up(true)]).when(Command::Returned).then_silence();
        gone.when(Command::Returned).then_rejected(Rejection::MISSING);
    }

    #[test]
    fn an_answer_that_comes_twice_or_late_changes_nothing() {
        for late in [
            Command::Confirm,
            Command::TooFewSeats,
            Command::NoMusical,
            Command::GiveUp { may_hold: true },
            Command::Returned,
            requested(),
        ] {
            after(&[Command::Confirm]).when(late.clone()).then_rejected(SETTLED);
            after(&[Command::Confirm, Command::Cancel]).when(late).then_rejected(SETTLED);
        }
        let owing = after(&[Command::GiveUp { may_hold: true }]);
        owing.when(Command::Confirm).then_rejected(SETTLED);
    }

    #[test]
    fn an_approved_payment_is_seen_once_and_again() {
        let paid = after(&[Command::Confirm]).when(Command::Approve).then_silence();
        assert_eq!(paid.resource(), seen("ApprovedPayment"));
        paid.when(Command::Approve).then_nothing_changes();
    }

    #[test]
    fn what_is_canceled_by_then_is_not_approved() {
        after(&[Command::Confirm, Command::Cancel]).when(Command::Approve).then_rejected(CANCELED);
    }

    #[test]
    fn a_cancel_is_told_once_and_what_is_canceled_leaves_the_collection() {
        for history in [vec![Command::Confirm], vec![Command::Confirm, Command::Approve]] {
            let told = Canceled {
                id: 7,
                musical_id: 11,
                price: 50_000,
                seats: 2,
                status: "Canceled".into(),
            };
            let canceled = after(&history).when(Command::Cancel).then_events([told.into()]);
            assert_eq!(canceled.resource(), seen("Canceled"));
            canceled.when(Command::Cancel).then_nothing_changes();
        }
        let listed =
            |status| Reservation { id: 7, musical_id: 11, price: 1, seats: 2, status }.is_listed();
        assert!(listed(Status::SeatsReserved) && listed(Status::ApprovedPayment));
        assert!(!listed(Status::Canceled));
    }

    #[test]
    fn what_nobody_sees_is_not_there_to_be_canceled_or_approved() {
        for command in [Command::Cancel, Command::Approve] {
            given::<Reservation>([]).when(command.clone()).then_rejected(Rejection::MISSING);
            after(&[]).when(command.clone()).then_rejected(Rejection::MISSING);
            after(&[Command::GiveUp { may_hold: true }])
                .when(command)
                .then_rejected(Rejection::MISSING);
        }
    }
}
