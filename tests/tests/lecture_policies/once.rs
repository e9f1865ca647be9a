//! What each policy does, and that it does it once.

use madang_testing::{Host, in_parallel};
use madang_tests::lecture::{AtWork, HEARING, Lecture};
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
    let mut redis = host.redis();
    for entry in before.iter().rev().chain(&before).cycle().take(40 * before.len()) {
        let heard: u64 =
            redis::cmd("PUBLISH").arg("lecture").arg(&entry.text).query(&mut redis).unwrap();
        assert!(heard > 0, "nobody listens");
    }
    in_parallel(2 * HEARING.len(), |i| {
        let context = HEARING[i % HEARING.len()];
        let _ = lecture.client.get(&format!("/lecture/-/{context}/health/ready")).expect(200);
    });
    lecture.check();
    assert_eq!((lecture.log(), lecture.all("alerts")), (before, alerts));
}

#[test]
fn without_their_lease_consumers_get_in_each_others_way_and_still_do_each_thing_once() {
    let host = Host::start();
    let lecture = Lecture::of(&host);
    let consumers = &HEARING[..5];
    let leases = consumers.iter().map(|context| format!("{{lecture}}:{context}:lease"));
    let leases: Vec<_> = leases.collect();
    let client = AtWork::all(1);
    in_parallel(2 + 2 * consumers.len(), |i| {
        if i == 0 {
            client.ending_with(|| {
                for _ in 0..15 {
                    lecture.cancel(lecture.register("kim", 1_000));
                    lecture.register("lee", 2_000);
                }
            });
        } else if i == 1 {
            let mut redis = host.redis();
            while client.goes_on() {
                let _: u64 = redis::cmd("DEL").arg(&leases).query(&mut redis).unwrap();
            }
        } else {
            let context = consumers[i % consumers.len()];
            while client.goes_on() {
                let _ = lecture.client.get(&format!("/lecture/-/{context}/health/ready"));
            }
        }
    });
    lecture.check();
    let page = &lecture.pages_of("lee")[0];
    assert_eq!((&page["point"], &page["giftCount"]), (&json!(200), &json!(1)));
}
