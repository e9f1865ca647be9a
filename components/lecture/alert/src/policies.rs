//! What alert tells a student of each event that changes a class, its payment, its delivery, its points
//! or its gift.

use madang::event::{Fact, rfc3339};
use madang::{Error, Policies, Work};

use crate::contract::madang::lecture::class_events::{ClassCanceled, ClassRegistered};
use crate::contract::madang::lecture::course_events::{DeliveryCanceled, DeliveryStarted};
use crate::contract::madang::lecture::gift_events::{GiftCanceled, GiftGiven};
use crate::contract::madang::lecture::pay_events::{PaymentApproved, PaymentCanceled};
use crate::contract::madang::lecture::point_events::{PointCanceled, PointGiven};
use crate::domain::{Alert, Command};

macro_rules! alerts {
    ($($event:ident: $message:literal,)+) => {
        madang::heard!($($event),+);

        /// On each of these events: its student is told, and that is kept.
        pub fn policies() -> Policies {
            Policies::new()
                $(.on(|told: $event, work| tell(work, $event::TYPE, told.student, $message)))+
        }
    };
}

alerts! {
    ClassRegistered: "수강신청이 완료되었습니다.",
    ClassCanceled: "수강신청이 취소되었습니다.",
    PaymentApproved: "강의료가 결제되었습니다.",
    PaymentCanceled: "강의료 결제가 취소되었습니다.",
    DeliveryStarted: "교재 배송이 시작되었습니다.",
    DeliveryCanceled: "교재 배송이 취소되었습니다.",
    PointGiven: "포인트가 지급되었습니다.",
    PointCanceled: "포인트 지급이 취소되었습니다.",
    GiftGiven: "기프트가 지급되었습니다.",
    GiftCanceled: "기프트 지급이 취소되었습니다.",
}

fn tell(work: &mut Work, event: &str, student: String, message: &str) -> Result<(), Error> {
    work.send(&student, message)?;
    let time = rfc3339(work.env.host.now());
    let (event_type, message) = (event.to_owned(), message.to_owned());
    work.create::<Alert>(|id| Ok(Command::Tell { id, student, event_type, message, time }))
        .map(drop)
}
