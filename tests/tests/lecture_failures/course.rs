//! Course is down: classes are registered all the same; or the host itself is.

use madang_testing::{Host, eventually};
use madang_tests::lecture::{CLASSES, Lecture, asking};
use madang_tests::{SETTLING, problem, with_faults};
use serde_json::{Value, json};

#[test]
fn with_course_down_classes_are_registered_and_with_it_back_books_are_delivered() {
    let Some(host) = with_faults(Host::builder()) else { return };
    let lecture = Lecture::of(&host);
    let course = lecture.offer("korean");
    lecture.down(&["course"]);
    let register = |student: &str| {
        let mut body = asking(student, 10_000);
        body["courseId"] = json!(course);
        lecture.client.post(CLASSES, body).expect(201).json()["id"].as_u64().unwrap()
    };
    let (kept, canceled) = (register("KimSoonHee"), register("JohnDoe"));
    lecture.cancel(canceled);
    lecture.follow_all(&["pay", "point", "gift", "alert", "my-page"]);
    let page = lecture.page_of("KimSoonHee");
    assert_eq!((&page["classStatus"], &page["point"]), (&json!("CLASS_REGISTERED"), &json!(1_000)));
    assert_eq!((&page["deliveryStatus"], &page["courseName"]), (&Value::Null, &Value::Null));
    let path = format!("/lecture/deliveries/{kept}");
    problem(&lecture.client.get(&path), 503, &path);

    lecture.heal(&["course"]);
    // Looking at My Page is nothing that course hears of: nobody wakes it.
    let page = eventually(SETTLING, || {
        let page = lecture.page_of("KimSoonHee");
        if page["deliveryStatus"] == "DELIVERY_START" { Ok(page) } else { Err(page.to_string()) }
    });
    assert_eq!(page["courseName"], "korean");
    lecture.check();
    assert_eq!(lecture.of_class("deliveries", canceled)["status"], "DELIVERY_CANCEL");
    assert_eq!(lecture.page_of("JohnDoe")["deliveryStatus"], "DELIVERY_CANCEL");
}

#[test]
fn a_course_that_is_killed_harms_nobody_else() {
    let Some(host) = with_faults(Host::builder()) else { return };
    let lecture = Lecture::of(&host);
    lecture.settle();
    host.crash("lecture-course", 1, None);
    let class = lecture.register("KimSoonHee", 10_000);
    for collection in ["classes", "payments", "points", "gifts", "alerts", "inquiryMypages"] {
        let _ = lecture.client.get(&format!("/lecture/{collection}")).expect(200);
    }
    lecture.heal(&["course"]);
    lecture.check();
    assert_eq!(lecture.of_class("deliveries", class)["status"], "DELIVERY_START");
}

#[test]
fn stopped_and_started_again_all_is_as_it_was_and_goes_on() {
    let mut host = Host::builder().env("MADANG_REDIS_FSYNC", "always").start();
    let lecture = Lecture::of(&host);
    let (kept, canceled) = (lecture.register("kim", 10_000), lecture.register("lee", 20_000));
    lecture.cancel(canceled);
    lecture.check();
    let log = lecture.log();
    drop(lecture);
    host.restart();
    let lecture = Lecture::of(&host);
    lecture.check();
    assert_eq!(lecture.log(), log);
    lecture.cancel(kept);
    lecture.check();
    assert_eq!(lecture.page_of("kim")["giftCount"], 0);
}
