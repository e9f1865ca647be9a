//! What each policy does, and that it does it once.

use madang_testing::Host;
use madang_tests::lecture::{HEARING, Lecture};
use madang_tests::{tell_again, without_leases};
use serde_json::{Value, json};

/// The statuses of a class's payment, delivery, points and gift.
fn statuses(lecture: &Lecture, class: u64) -> [Value; 4] {
    ["payments", "deliveries", "points", "gifts"]
        .map(|collection| lecture.of_class(collection, class)["status"].clone())
}

const STANDING: [&str; 4] = ["CONFIRM", "DELIVERY_START", "POINT_GIVEN", "GIFT_GIVEN"];
const OVER: [&str; 4] = ["CANCEL", "DELIVERY_CANCEL", "POINT_CANCEL", "GIFT_CANCEL"];

#[test]
fn on_a_payment_the_book_is_delivered_and_points_and_a_gift_are_given_and_on_a_cancel_all_ends() {
    let host = Host::start();
    let lecture = Lecture::of(&host);
    let (kept, canceled) = (lecture.register("kim", 10_000), lecture.register("kim", 25_555));
    lecture.check();
    assert_eq!(statuses(&lecture, kept), STANDING);
    assert_eq!(statuses(&lecture, canceled), STANDING);
    assert_eq!(lecture.of_class("points", canceled)["point"], 2_555);
    lecture.cancel(canceled);
    lecture.check();
    assert_eq!(statuses(&lecture, kept), STANDING);
    assert_eq!(statuses(&lecture, canceled), OVER);
    let points = lecture.all("points").into_iter().map(|row| row["point"].clone());
    assert_eq!(points.collect::<Vec<_>>(), [1_000, 0]);
}

#[test]
fn events_that_are_told_again_and_again_have_one_effect() {
    let host = Host::start();
    let lecture = Lecture::of(&host);
    lecture.register("kim", 10_000);
    lecture.cancel(lecture.register("lee", 20_000));
    lecture.check();
    let before = lecture.log();
    let alerts = lecture.all("alerts");
    tell_again(&lecture, &HEARING);
    lecture.check();
    assert_eq!((lecture.log(), lecture.all("alerts")), (before, alerts));
}

#[test]
fn without_their_lease_consumers_get_in_each_others_way_and_still_do_each_thing_once() {
    let host = Host::start();
    let lecture = Lecture::of(&host);
    let consumers = &HEARING[..5];
    without_leases(&lecture, consumers, || {
        for _ in 0..15 {
            lecture.cancel(lecture.register("kim", 1_000));
            lecture.register("lee", 2_000);
        }
    });
    lecture.check();
    let page = &lecture.pages_of("lee")[0];
    assert_eq!((&page["point"], &page["giftCount"]), (&json!(200), &json!(1)));
}
