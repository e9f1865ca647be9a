//! A context that was down while events were told hears all of them when it is back, in order, and without
//! any client doing anything.

use super::host;
use madang_testing::eventually;
use madang_tests::SETTLING;
use madang_tests::lecture::{HEARING, Lecture};
use serde_json::Value;

/// Takes a context down, has classes registered and one of them canceled, and heals it once all others
/// have done what they can: then everything is as it would have been. Gives the classes in the order of
/// their registration, and the last one is canceled.
fn hear_late(lecture: &Lecture, context: &str) -> [u64; 3] {
    lecture.down(&[context]);
    let classes = [10_000, 20_000, 30_000].map(|fee| lecture.register("kim", fee));
    lecture.cancel(classes[2]);
    let others: Vec<_> = HEARING.into_iter().filter(|other| *other != context).collect();
    // Point cannot go on without gift.
    let others: Vec<_> =
        others.into_iter().filter(|o| context != "gift" || *o != "point").collect();
    lecture.follow_all(&others);
    lecture.heal(&[context]);
    lecture.check();
    classes
}

#[test]
fn each_context_hears_late_what_it_missed() {
    let Some(host) = host() else { return };
    let lecture = Lecture::of(&host);
    for (context, collection) in
        [("course", "deliveries"), ("point", "points"), ("gift", "gifts"), ("alert", "alerts")]
    {
        let before = lecture.all(collection).len();
        let classes = hear_late(&lecture, context);
        let rows = lecture.all(collection).split_off(before);
        if context == "alert" {
            assert_eq!(rows.first().unwrap()["eventType"], "PaymentApproved");
            assert_eq!(rows.last().unwrap()["student"], "kim");
            continue;
        }
        let of: Vec<_> = rows.iter().map(|row| row["classId"].clone()).collect();
        assert_eq!(of, classes.map(Value::from), "{collection}");
        let cancels = |row: &&Value| row["status"].as_str().is_some_and(|s| s.ends_with("CANCEL"));
        assert_eq!(rows.iter().filter(cancels).count(), 1, "{collection}");
    }
}

#[test]
fn my_page_hears_late_what_it_missed() {
    let Some(host) = host() else { return };
    let lecture = Lecture::of(&host);
    lecture.down(&["my-page"]);
    let _ = lecture.client.get("/lecture/inquiryMypages").expect(503);
    lecture.heal(&["my-page"]);
    let [_, kept, canceled] = hear_late(&lecture, "my-page");
    let pages = lecture.pages_of("kim");
    let page = |class: u64| pages.iter().find(|page| page["classId"] == class).unwrap();
    assert_eq!(page(kept)["giftCount"], 1);
    assert_eq!(page(canceled)["giftCount"], 0);
}

#[test]
fn what_was_canceled_while_pay_was_away_is_canceled_in_order_when_it_is_back() {
    let Some(host) = host() else { return };
    let lecture = Lecture::of(&host);
    let classes = [1, 2, 3].map(|fee| lecture.register("kim", fee * 1_000));
    lecture.down(&["pay"]);
    classes.into_iter().rev().for_each(|class| lecture.cancel(class));
    lecture.heal(&["pay"]);
    eventually(SETTLING, || {
        let told = lecture.told_of(classes[0]);
        if told.contains(&"GiftCanceled".to_owned()) { Ok(()) } else { Err(format!("{told:?}")) }
    });
    lecture.check();
    let log = lecture.log();
    let canceled = madang_testing::log::told_of(&log, "PaymentCanceled", "classId");
    assert_eq!(canceled, [classes[2], classes[1], classes[0]]);
}

#[test]
fn points_and_gift_that_both_come_late_come_together() {
    let Some(host) = host() else { return };
    let lecture = Lecture::of(&host);
    lecture.down(&["point", "gift"]);
    let (kept, canceled) = (lecture.register("kim", 10_000), lecture.register("kim", 20_000));
    lecture.cancel(canceled);
    lecture.heal(&["point"]);
    lecture.heal(&["gift"]);
    lecture.check();
    assert_eq!(lecture.of_class("gifts", kept)["count"], 1);
    assert_eq!(lecture.of_class("gifts", canceled)["count"], 0);
}
