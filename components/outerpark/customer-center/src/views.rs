//! customer-center (고객센터): what each event changes in My Page.

use madang::{Change, View};

use crate::contract::exports::madang::outerpark::my_pages::MyPage as Row;
use crate::contract::madang::outerpark::payment_events::{PaymentApproved, PaymentCancelled};
use crate::contract::madang::outerpark::reservation_events::{Canceled, Reserved};

madang::heard!(Reserved, Canceled, PaymentApproved, PaymentCancelled);

/// One row for each reservation.
pub fn my_pages() -> View {
    View::new::<Row>("outerpark-customer-center", "myPages", "MyPage", "reservationId")
        .search("findByReservationId", "reservationId")
        .on(|reserved: Reserved| {
            Change::create(reserved.id)
                .set("musicalId", reserved.musical_id)
                .set("seats", reserved.seats)
                .set("status", reserved.status)
        })
        .on(|canceled: Canceled| Change::update(canceled.id).set("status", canceled.status))
        .on(|approved: PaymentApproved| {
            Change::update(approved.reservation_id)
                .set("paymentId", approved.id)
                .set("status", approved.status)
        })
        .on(|cancelled: PaymentCancelled| {
            Change::update(cancelled.reservation_id).set("status", cancelled.status)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_hears_what_changes_how_a_reservation_stands() {
        let heard: Vec<_> = my_pages().subscriptions().collect();
        assert_eq!(heard, ["Reserved", "Canceled", "PaymentApproved", "PaymentCancelled"]);
    }
}
