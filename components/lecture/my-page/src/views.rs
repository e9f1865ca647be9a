//! my-page (마이페이지): what each event changes in My Page.

use madang::{Change, View};

use crate::contract::exports::madang::lecture::inquiry_mypages::InquiryMypage as Row;
use crate::contract::madang::lecture::class_events::{ClassCanceled, ClassRegistered};
use crate::contract::madang::lecture::course_events::{DeliveryCanceled, DeliveryStarted};
use crate::contract::madang::lecture::gift_events::{GiftCanceled, GiftGiven};
use crate::contract::madang::lecture::pay_events::{PaymentApproved, PaymentCanceled};
use crate::contract::madang::lecture::point_events::{PointCanceled, PointGiven};

madang::heard!(
    ClassRegistered,
    ClassCanceled,
    PaymentApproved,
    PaymentCanceled,
    DeliveryStarted,
    DeliveryCanceled,
    PointGiven,
    PointCanceled,
    GiftGiven,
    GiftCanceled,
);

/// One row for each class; its payment is told first, before the class is registered with it.
pub fn inquiry_mypages() -> View {
    View::new::<Row>("lecture-my-page", "inquiryMypages", "InquiryMypage", "classId")
        .search_text("findByStudent", "student")
        .on(|approved: PaymentApproved| {
            Change::create(approved.class_id)
                .set("courseId", approved.course_id)
                .set("student", approved.student)
                .set("fee", approved.fee)
                .set("textBook", approved.text_book)
                .set("paymentStatus", approved.status)
        })
        .on(|registered: ClassRegistered| {
            Change::update(registered.id).set("classStatus", registered.status)
        })
        .on(|started: DeliveryStarted| {
            Change::update(started.class_id)
                .set("courseName", started.course_name)
                .set("deliveryStatus", started.status)
        })
        .on(|given: PointGiven| Change::update(given.class_id).set("point", given.point))
        .on(|given: GiftGiven| Change::update(given.class_id).set("giftCount", given.count))
        .on(|canceled: ClassCanceled| {
            Change::update(canceled.id).set("classStatus", canceled.status)
        })
        .on(|canceled: PaymentCanceled| {
            Change::update(canceled.class_id).set("paymentStatus", canceled.status)
        })
        .on(|canceled: DeliveryCanceled| {
            Change::update(canceled.class_id).set("deliveryStatus", canceled.status)
        })
        .on(|canceled: PointCanceled| {
            Change::update(canceled.class_id).set("point", canceled.point)
        })
        .on(|canceled: GiftCanceled| {
            Change::update(canceled.class_id).set("giftCount", canceled.count)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_hears_what_changes_how_a_class_stands() {
        let heard: Vec<_> = inquiry_mypages().subscriptions().collect();
        let told =
            ["PaymentApproved", "ClassRegistered", "DeliveryStarted", "PointGiven", "GiftGiven"];
        assert_eq!(heard[..5], told);
        let over =
            ["Class", "Payment", "Delivery", "Point", "Gift"].map(|of| format!("{of}Canceled"));
        assert_eq!(heard[5..], over);
    }
}
