//! Gift is down or slow, or what point has asked of it is lost: points and gift, or neither.

use madang_testing::{Host, Trigger, eventually};
use madang_tests::lecture::Lecture;
use madang_tests::{SETTLING, with_faults};
use serde_json::{Value, json};

/// What gift and point have for a class.
fn given(lecture: &Lecture, class: u64) -> (Value, Value) {
    let status = |collection| lecture.of_class(collection, class)["status"].clone();
    (status("points"), status("gifts"))
}

#[test]
fn with_gift_down_there_are_no_points_and_with_it_back_both() {
    let Some(host) = with_faults(Host::builder()) else { return };
    let lecture = Lecture::of(&host);
    lecture.down(&["gift"]);
    let classes = [10_000, 20_000, 30_000].map(|fee| lecture.register("kim", fee));
    let canceled = lecture.register("lee", 40_000);
    lecture.cancel(canceled);
    lecture.follow_all(&["course", "pay", "alert", "my-page"]);
    // Point has tried, and waits for it.
    eventually(SETTLING, || {
        let info = lecture.info("point");
        let has_tried = info["breakers"][0]["calls"].as_u64().is_some_and(|calls| calls > 0);
        if has_tried { Ok(()) } else { Err(info.to_string()) }
    });
    assert_eq!(lecture.all("points"), Vec::<Value>::new());
    for page in lecture.pages_of("kim") {
        assert_eq!(page["classStatus"], "CLASS_REGISTERED");
        assert_eq!((&page["paymentStatus"], &page["point"]), (&json!("CONFIRM"), &Value::Null));
    }
    lecture.heal(&["gift"]);
    lecture.check();
    for class in classes {
        assert_eq!(given(&lecture, class), (json!("POINT_GIVEN"), json!("GIFT_GIVEN")));
    }
    assert_eq!(given(&lecture, canceled), (json!("POINT_CANCEL"), json!("GIFT_CANCEL")));
}

#[test]
fn a_gift_that_was_given_too_late_to_say_is_the_one_that_comes_with_the_points() {
    let Some(host) = with_faults(Host::builder().variable("call_timeout_ms", "200")) else {
        return;
    };
    let lecture = Lecture::of(&host);
    host.delay("lecture-gift", 400..=500);
    let class = lecture.register("kim", 10_000);
    eventually(SETTLING, || (lecture.told_of(class).contains(&"GiftGiven".into())).then_some(()));
    assert_eq!(lecture.of_class("points", class), Value::Null);
    lecture.cancel(class);
    let kept = lecture.register("kim", 20_000);
    lecture.heal(&["gift"]);
    lecture.check();
    assert_eq!(given(&lecture, class), (json!("POINT_CANCEL"), json!("GIFT_CANCEL")));
    assert_eq!(given(&lecture, kept), (json!("POINT_GIVEN"), json!("GIFT_GIVEN")));
}

/// A class whose gift is given and whose points went to the dead letters of point, which was killed
/// right after it had asked; and the letter.
fn buried(lecture: &Lecture) -> (u64, String) {
    // Which of its calls to the outside that is, it does not say.
    for call in 3..40 {
        lecture.host.crash("lecture-point", call, Trigger::Redis);
        let class = lecture.register("kim", 10_000);
        lecture.settle();
        lecture.heal(&["point"]);
        let letters = "/lecture/-/point/dead-letters";
        let dead = lecture.internal().get(letters).expect(200).json();
        let letter = dead["deadLetters"][0]["number"].as_u64();
        let letter = letter.map(|number| format!("{letters}/{number}"));
        match (given(lecture, class), letter) {
            ((Value::Null, gift), Some(letter)) if gift == "GIFT_GIVEN" => return (class, letter),
            (_, Some(letter)) => replay(lecture, &letter, 204),
            (_, None) => {}
        }
    }
    panic!("point was never killed between its call and its commit");
}

fn replay(lecture: &Lecture, letter: &str, status: u16) {
    let _ = lecture.internal().post(&format!("{letter}/replay"), json!({})).expect(status);
}

/// A host whose policies are tried once only: what is killed goes to the dead letters.
fn host() -> Option<Host> {
    with_faults(Host::builder().workers(1).variable("max_attempts", "1"))
}

#[test]
fn points_among_the_dead_letters_have_their_one_gift_once_they_are_replayed() {
    let Some(host) = host() else { return };
    let lecture = Lecture::of(&host);
    let (class, letter) = buried(&lecture);
    assert_eq!(lecture.truth().untrue().len(), 2, "a gift without points");
    replay(&lecture, &letter, 204);
    lecture.check();
    assert_eq!(given(&lecture, class), (json!("POINT_GIVEN"), json!("GIFT_GIVEN")));
}

#[test]
fn points_among_the_dead_letters_whose_class_is_canceled_are_never_given() {
    let Some(host) = host() else { return };
    let lecture = Lecture::of(&host);
    let (class, letter) = buried(&lecture);
    lecture.cancel(class);
    assert_eq!(lecture.truth().untrue(), Vec::<String>::new());
    assert_eq!(given(&lecture, class), (json!("POINT_CANCEL"), json!("GIFT_CANCEL")));
    replay(&lecture, &letter, 409);
    assert_eq!(lecture.truth().untrue(), Vec::<String>::new());
    assert_eq!(given(&lecture, class), (json!("POINT_CANCEL"), json!("GIFT_CANCEL")));
    let _ = lecture.internal().delete(&letter).expect(204);
}
