//! view (현황조회): what each event changes in how a rent stands.

use madang::{Change, View};

use crate::contract::exports::madang::bookrent::views::View as Row;
use crate::contract::madang::bookrent::delivery_events::{DeliveryCancelled, DeliveryStarted};
use crate::contract::madang::bookrent::rent_events::{BookCancelled, BookRented};

madang::heard!(BookRented, BookCancelled, DeliveryStarted, DeliveryCancelled);

/// One row for each rent.
pub fn views() -> View {
    View::new::<Row>("bookrent-view", "views", "View", "rentId")
        .search("findByRentId", "rentId")
        .search("findByUserId", "userId")
        .on(|rented: BookRented| {
            Change::create(rented.id)
                .set("bookId", rented.book_id)
                .set("userId", rented.user_id)
                .set("rentStatus", rented.status)
        })
        .on(|cancelled: BookCancelled| {
            Change::update(cancelled.id).set("rentStatus", cancelled.status)
        })
        .on(|started: DeliveryStarted| {
            Change::update(started.rent_id)
                .set("deliveryId", started.id)
                .set("deliveryStatus", started.status)
        })
        .on(|cancelled: DeliveryCancelled| {
            Change::update(cancelled.rent_id).set("deliveryStatus", cancelled.status)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_hears_what_changes_how_a_rent_stands() {
        let heard: Vec<_> = views().subscriptions().collect();
        let told = ["BookRented", "BookCancelled", "DeliveryStarted", "DeliveryCancelled"];
        assert_eq!(heard, told);
    }
}
