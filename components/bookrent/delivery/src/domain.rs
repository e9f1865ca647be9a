//! delivery (배송관리): a delivery starts with a rent and ends with it.

use madang::{Aggregate, Decision, Rejection};
use serde::{Deserialize, Serialize};

use crate::contract::exports::madang::bookrent::deliveries::Delivery as Resource;
use crate::contract::madang::bookrent::delivery_events::{DeliveryCancelled, DeliveryStarted};
use crate::contract::madang::bookrent::rent_events::BookRented;

/// It was cancelled before.
pub const CANCELLED: Rejection = Rejection::state("the delivery is cancelled already");
/// No delivery belongs to the rent.
pub const NO_DELIVERY: Rejection = Rejection::state("there is no delivery for that rent");

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// `Delivery Started`.
    Started,
    /// `Delivery Cancelled`.
    Cancelled,
}

/// A delivery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    id: u64,
    book_id: u64,
    rent_id: u64,
    user_id: u64,
    address: String,
    status: Status,
}

/// What can be asked of a delivery.
#[derive(Debug, Clone)]
pub enum Command {
    /// A book was rented: it is on its way.
    Start {
        /// Its id.
        id: u64,
        /// The rent.
        rented: BookRented,
    },
    /// The rent is over.
    Cancel,
}

madang::events! {
    /// What happens to a delivery.
    pub enum Event { DeliveryStarted, DeliveryCancelled }
}

impl Aggregate for Delivery {
    const COLLECTION: &'static str = "deliveries";
    const ENTITY: &'static str = "Delivery";
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        match (state, command) {
            (None, Command::Start { id, rented }) => Ok(start(id, rented)),
            (Some(delivery), Command::Cancel) => cancel(delivery),
            (Some(_), Command::Start { .. }) => Err(Rejection::state("it has started already")),
            (None, Command::Cancel) => Err(Rejection::MISSING),
        }
    }

    fn resource(&self) -> Option<Resource> {
        Some(Resource {
            id: self.id,
            book_id: self.book_id,
            rent_id: self.rent_id,
            user_id: self.user_id,
            address: self.address.clone(),
            status: self.status.on_the_wire().to_owned(),
        })
    }
}

impl Status {
    fn on_the_wire(self) -> &'static str {
        match self {
            Status::Started => "Delivery Started",
            Status::Cancelled => "Delivery Cancelled",
        }
    }
}

fn start(id: u64, rented: BookRented) -> Decision<Delivery> {
    let BookRented { id: rent_id, book_id, user_id, address, .. } = rented;
    let status = Status::Started;
    let told = DeliveryStarted {
        id,
        book_id,
        rent_id,
        user_id,
        address: address.clone(),
        status: status.on_the_wire().to_owned(),
    };
    Decision::told(Delivery { id, book_id, rent_id, user_id, address, status }, told)
}

fn cancel(delivery: Delivery) -> Result<Decision<Delivery>, Rejection> {
    if delivery.status == Status::Cancelled {
        return Err(CANCELLED);
    }
    let delivery = Delivery { status: Status::Cancelled, ..delivery };
    let told = DeliveryCancelled {
        id: delivery.id,
        book_id: delivery.book_id,
        rent_id: delivery.rent_id,
        user_id: delivery.user_id,
        address: delivery.address.clone(),
        status: delivery.status.on_the_wire().to_owned(),
    };
    Ok(Decision::told(delivery, told))
}

#[cfg(test)]
mod tests {
    use madang::spec::given;

    use super::*;

    fn started() -> Command {
        let rented = BookRented {
            id: 7,
            book_id: 1,
            user_id: 2,
            address: "address1".into(),
            status: "Rent".into(),
        };
        Command::Start { id: 3, rented }
    }

    #[test]
    fn a_delivery_starts_with_the_rents_own_fields_and_is_told() {
        let told = DeliveryStarted {
            id: 3,
            book_id: 1,
            rent_id: 7,
            user_id: 2,
            address: "address1".into(),
            status: "Delivery Started".into(),
        };
        let delivery = given::<Delivery>([]).when(started()).then_events([told.into()]);
        assert_eq!(
            delivery.resource(),
            Some(Resource {
                id: 3,
                book_id: 1,
                rent_id: 7,
                user_id: 2,
                address: "address1".into(),
                status: "Delivery Started".into(),
            })
        );
    }

    #[test]
    fn a_delivery_ends_with_its_rent_and_is_told() {
        let told = DeliveryCancelled {
            id: 3,
            book_id: 1,
            rent_id: 7,
            user_id: 2,
            address: "address1".into(),
            status: "Delivery Cancelled".into(),
        };
        let delivery =
            given::<Delivery>([started()]).when(Command::Cancel).then_events([told.into()]);
        assert_eq!(delivery.resource().unwrap().status, "Delivery Cancelled");
    }

    #[test]
    fn a_second_end_is_refused() {
        given::<Delivery>([started(), Command::Cancel])
            .when(Command::Cancel)
            .then_rejected(CANCELLED);
    }

    #[test]
    fn a_second_start_is_refused() {
        let refused = Rejection::state("it has started already");
        given::<Delivery>([started()]).when(started()).then_rejected(refused);
    }

    #[test]
    fn what_never_started_does_not_end() {
        given::<Delivery>([]).when(Command::Cancel).then_rejected(Rejection::MISSING);
    }
}
