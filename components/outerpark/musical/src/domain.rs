//! musical (뮤지컬): a musical has seats that can be reserved, and reservations hold some of them.

use madang::{Aggregate, Decision, Rejection, id_from_one, text_within};
use serde::{Deserialize, Serialize};

use crate::contract::exports::madang::outerpark::musicals::{Musical as Resource, MusicalFields};
use crate::contract::madang::outerpark::musical_events::{MusicalRegistered, SeatModified};

/// It has fewer seats than are asked for.
pub const TOO_FEW: Rejection = Rejection::state("Too big seats Count");
/// Reservations know it by its number.
pub const FIXED: Rejection = Rejection::state("the musicalId of a musical stays as it is");
/// The reservation holds no seats.
pub const NOTHING_HELD: Rejection = Rejection::state("that reservation holds no seats");
/// The reservation has had its seats.
pub const GIVEN_BACK: Rejection =
    Rejection::state("that reservation has given its seats back already");

/// The most seats that a musical can be given.
const MOST_SEATS: u64 = 1_000_000;
/// The most seats of one reservation.
const MOST_RESERVED: u64 = 100;

/// A musical.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Musical {
    id: u64,
    musical_id: u64,
    name: String,
    reservable_seat: u64,
}

/// What can be asked of a musical.
#[derive(Debug, Clone)]
pub enum Command {
    /// The administrator has a new musical.
    Register {
        /// Its id.
        id: u64,
        /// What it is.
        musical: MusicalFields,
    },
    /// The administrator corrects it.
    Change(MusicalFields),
    /// A reservation takes seats (checkAndModifySeat).
    Take {
        /// How many.
        seats: u64,
    },
    /// A reservation gives its seats back.
    GiveBack {
        /// How many.
        seats: u64,
    },
}

madang::events! {
    /// What happens to a musical.
    pub enum Event { MusicalRegistered, SeatModified }
}

impl Aggregate for Musical {
    const COLLECTION: &'static str = "musicals";
    const ENTITY: &'static str = "Musical";
    const UNIQUE: &'static [&'static str] = &["musicalId"];
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        match (state, command) {
            (None, Command::Register { id, musical }) => register(id, musical),
            (Some(musical), Command::Change(fields)) => change(musical, fields),
            (Some(musical), Command::Take { seats }) => take(musical, seats),
            (Some(musical), Command::GiveBack { seats }) => {
                let reservable_seat = musical.reservable_seat + seats;
                Ok(modified(Musical { reservable_seat, ..musical }))
            }
            (Some(_), Command::Register { .. }) => {
                Err(Rejection::state("it is registered already"))
            }
            (None, _) => Err(Rejection::MISSING),
        }
    }

    fn resource(&self) -> Option<Resource> {
        Some(Resource {
            id: self.id,
            musical_id: self.musical_id,
            name: self.name.clone(),
            reservable_seat: self.reservable_seat,
        })
    }
}

fn register(id: u64, fields: MusicalFields) -> Result<Decision<Musical>, Rejection> {
    check(&fields)?;
    let MusicalFields { musical_id, name, reservable_seat } = fields;
    let told = MusicalRegistered { id, musical_id, name: name.clone(), reservable_seat };
    Ok(Decision::told(Musical { id, musical_id, name, reservable_seat }, told))
}

fn change(musical: Musical, fields: MusicalFields) -> Result<Decision<Musical>, Rejection> {
    check(&fields)?;
    if fields.musical_id != musical.musical_id {
        return Err(FIXED);
    }
    let is_modified = fields.reservable_seat != musical.reservable_seat;
    let musical = Musical { name: fields.name, reservable_seat: fields.reservable_seat, ..musical };
    Ok(if is_modified { modified(musical) } else { Decision::quiet(musical) })
}

fn take(musical: Musical, seats: u64) -> Result<Decision<Musical>, Rejection> {
    if !(1..=MOST_RESERVED).contains(&seats) {
        return Err(Rejection::invalid("seats", seats, "must be 1 to 100"));
    }
    let reservable_seat = musical.reservable_seat.checked_sub(seats).ok_or(TOO_FEW)?;
    Ok(modified(Musical { reservable_seat, ..musical }))
}

fn modified(musical: Musical) -> Decision<Musical> {
    let told = SeatModified {
        id: musical.id,
        musical_id: musical.musical_id,
        name: musical.name.clone(),
        reservable_seat: musical.reservable_seat,
    };
    Decision::told(musical, told)
}

fn check(fields: &MusicalFields) -> Result<(), Rejection> {
    id_from_one("musicalId", fields.musical_id)?;
    text_within("name", &fields.name, 1, 200)?;
    let seats = fields.reservable_seat;
    if seats > MOST_SEATS {
        return Err(Rejection::invalid("reservableSeat", seats, "must be 0 to 1000000"));
    }
    Ok(())
}

/// What a reservation, by its id, holds of the seats: what makes taking and giving back happen once,
/// in whatever order they come. Clients do not see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Holding {
    /// Seats of a musical.
    Held {
        /// The musical, by its id here.
        musical: u64,
        /// How many.
        seats: u64,
    },
    /// None any more, and none ever again.
    GivenBack,
}

/// What happens to a holding.
#[derive(Debug, Clone)]
pub enum Hold {
    /// The musical had the seats.
    Take {
        /// The reservation.
        reservation_id: u64,
        /// The musical, by its id here.
        musical: u64,
        /// How many.
        seats: u64,
    },
    /// The reservation is not to have them.
    GiveBack,
}

impl Aggregate for Holding {
    const COLLECTION: &'static str = "holdings";
    const ENTITY: &'static str = "Holding";
    type Command = Hold;
    type Event = Event;
    type Resource = ();

    fn decide(state: Option<Self>, command: Hold) -> Result<Decision<Self>, Rejection> {
        match (state, command) {
            (None, Hold::Take { reservation_id, musical, seats }) => {
                id_from_one("reservationId", reservation_id)?;
                Ok(Decision::quiet(Holding::Held { musical, seats }))
            }
            (Some(held @ Holding::Held { .. }), Hold::Take { .. }) => Ok(Decision::quiet(held)),
            (Some(Holding::GivenBack), Hold::Take { .. }) => Err(GIVEN_BACK),
            (_, Hold::GiveBack) => Ok(Decision::quiet(Holding::GivenBack)),
        }
    }

    fn resource(&self) -> Option<()> {
        None
    }
}

#[cfg(test)]
mod tests {
    use madang::spec::{Given, given};

    use super::*;

    fn fields(name: &str, reservable_seat: u64) -> MusicalFields {
        MusicalFields { musical_id: 11, name: name.to_owned(), reservable_seat }
    }

    fn registered(reservable_seat: u64) -> Command {
        Command::Register { id: 1, musical: fields("영웅", reservable_seat) }
    }

    fn with_seats(reservable_seat: u64) -> Given<Musical> {
        given::<Musical>([registered(reservable_seat)])
    }

    fn modified_to(reservable_seat: u64) -> Event {
        SeatModified { id: 1, musical_id: 11, name: "영웅".into(), reservable_seat }.into()
    }

    #[test]
    fn a_musical_is_registered_and_told() {
        let told =
            MusicalRegistered {
                id: 1, musical_id: 11, name: "영웅".into(), reservable_seat: 100
            };
        let musical = given::<Musical>([]).when(registered(100)).then_events([told.into()]);
        assert_eq!(
            musical.resource(),
            Some(Resource { id: 1, musical_id: 11, name: "영웅".into(), reservable_seat: 100 })
        );
        with_seats(100)
            .when(registered(100))
            .then_rejected(Rejection::state("it is registered already"));
    }

    #[test]
    fn nobody_shares_its_number() {
        assert_eq!(Musical::UNIQUE, ["musicalId"]);
    }

    #[test]
    fn what_is_registered_must_be_whole() {
        let (long, longest) = ("막".repeat(201), "막".repeat(200));
        let name = |name: &str| Rejection::invalid("name", name, "must be 1 to 200 characters");
        let seats = |n: u64| Rejection::invalid("reservableSeat", n, "must be 0 to 1000000");
        let number = Rejection::invalid("musicalId", 0, "must be a number from 1 up");
        for (fields, refused) in [
            (fields("", 1), name("")),
            (fields(&long, 1), name(&long)),
            (fields("a", 1_000_001), seats(1_000_001)),
            (MusicalFields { musical_id: 0, ..fields("a", 1) }, number),
        ] {
            let register = Command::Register { id: 1, musical: fields.clone() };
            given::<Musical>([]).when(register).then_rejected(refused.clone());
            with_seats(1).when(Command::Change(fields)).then_rejected(refused);
        }
        for (name, seats) in [("a", 0), (longest.as_str(), 1_000_000)] {
            let register = Command::Register { id: 1, musical: fields(name, seats) };
            assert!(given::<Musical>([register]).resource().is_some());
        }
    }

    #[test]
    fn other_seats_are_told_and_another_name_is_not() {
        let change = |name, seats| Command::Change(fields(name, seats));
        with_seats(100).when(change("영웅", 80)).then_events([modified_to(80)]);
        let renamed = with_seats(100).when(change("명성황후", 100)).then_silence();
        assert_eq!(renamed.resource().unwrap().name, "명성황후");
        with_seats(100).when(change("영웅", 100)).then_nothing_changes();
    }

    #[test]
    fn its_number_stays() {
        let renumbered = MusicalFields { musical_id: 12, ..fields("영웅", 100) };
        with_seats(100).when(Command::Change(renumbered)).then_rejected(FIXED);
    }

    #[test]
    fn seats_are_taken_to_the_last_and_no_further() {
        let left = with_seats(3).when(Command::Take { seats: 2 }).then_events([modified_to(1)]);
        let last = left.when(Command::Take { seats: 1 }).then_events([modified_to(0)]);
        last.when(Command::Take { seats: 1 }).then_rejected(TOO_FEW);
        with_seats(3).when(Command::Take { seats: 4 }).then_rejected(TOO_FEW);
    }

    #[test]
    fn one_to_a_hundred_seats_are_taken_at_once() {
        for seats in [0, 101, u64::MAX] {
            let refused = Rejection::invalid("seats", seats, "must be 1 to 100");
            with_seats(1000).when(Command::Take { seats }).then_rejected(refused);
        }
        with_seats(1000).when(Command::Take { seats: 100 }).then_events([modified_to(900)]);
    }

    #[test]
    fn seats_that_are_given_back_are_told() {
        with_seats(0).when(Command::GiveBack { seats: 2 }).then_events([modified_to(2)]);
    }

    #[test]
    fn nothing_can_be_asked_of_a_musical_that_is_not_there() {
        for command in [
            Command::Change(fields("a", 1)),
            Command::Take { seats: 1 },
            Command::GiveBack { seats: 1 },
        ] {
            given::<Musical>([]).when(command).then_rejected(Rejection::MISSING);
        }
    }

    fn taken() -> Hold {
        Hold::Take { reservation_id: 7, musical: 1, seats: 2 }
    }

    #[test]
    fn seats_are_held_once_however_often_they_are_taken() {
        let held = given::<Holding>([]).when(taken()).then_silence();
        assert_eq!(held.resource(), None);
        held.when(taken()).then_nothing_changes();
        let nobody = Hold::Take { reservation_id: 0, musical: 1, seats: 2 };
        let refused = Rejection::invalid("reservationId", 0, "must be a number from 1 up");
        given::<Holding>([]).when(nobody).then_rejected(refused);
    }

    #[test]
    fn what_was_given_back_is_not_taken_again_even_where_the_take_comes_late() {
        given::<Holding>([taken(), Hold::GiveBack]).when(taken()).then_rejected(GIVEN_BACK);
        given::<Holding>([Hold::GiveBack]).when(taken()).then_rejected(GIVEN_BACK);
        given::<Holding>([taken(), Hold::GiveBack]).when(Hold::GiveBack).then_nothing_changes();
    }
}
