//! Pay is down, slow or cut off: no class without a payment, and no payment without a class.

use madang_testing::{Answer, Host, eventually, in_parallel};
use madang_tests::lecture::{CLASSES, Lecture, asking};
use madang_tests::{SETTLING, problem, with_faults};
use serde_json::{Value, json};

/// That it was refused for now, and nothing of it is seen.
fn check_refused(lecture: &Lecture, answer: &Answer) {
    let told = problem(answer, 503, CLASSES)["detail"].clone();
    assert_eq!(told, "the class cannot be registered at the moment; try again shortly");
    assert!(answer.header("retry-after").is_some(), "{answer}");
    assert_eq!(lecture.all("classes"), Vec::<Value>::new());
}

/// That nothing is paid, and so many payments were canceled.
fn canceled(lecture: &Lecture) -> usize {
    let payments = lecture.all("payments");
    assert!(payments.iter().all(|payment| payment["status"] == "CANCEL"), "{payments:?}");
    payments.len()
}

fn breaker(lecture: &Lecture) -> Value {
    lecture.info("class")["breakers"][0].clone()
}

/// Registers as soon as that is possible again.
fn register_once_it_is_back(lecture: &Lecture, student: &str) {
    eventually(SETTLING, || {
        let answer = lecture.ask(student, 10_000);
        if answer.status == 201 { Ok(()) } else { Err(answer.to_string()) }
    });
}

#[test]
fn with_pay_down_nothing_is_registered_and_with_it_back_nothing_is_paid() {
    let Some(host) = with_faults(Host::builder()) else { return };
    let lecture = Lecture::of(&host);
    lecture.down(&["pay"]);
    for _ in 0..3 {
        check_refused(&lecture, &lecture.ask("kim", 10_000));
    }
    lecture.heal(&["pay"]);
    lecture.settle_now();
    assert_eq!(lecture.all("payments"), Vec::<Value>::new());
    register_once_it_is_back(&lecture, "kim");
    lecture.check();
    assert_eq!(lecture.page_of("kim")["paymentStatus"], "CONFIRM");
}

#[test]
fn what_pay_took_too_late_to_say_is_taken_back_with_all_that_followed() {
    let Some(host) = with_faults(Host::builder()) else { return };
    let lecture = Lecture::of(&host);
    // The caller's limit is 1000 ms.
    host.delay("lecture-pay", 1300..=1400);
    check_refused(&lecture, &lecture.ask("kim", 10_000));
    lecture.heal(&["pay"]);
    lecture.settle_now();
    lecture.check();
    assert_eq!(canceled(&lecture), 1);
    let page = lecture.page_of("kim");
    let statuses = (&page["classStatus"], &page["paymentStatus"], &page["deliveryStatus"]);
    assert_eq!(statuses, (&Value::Null, &json!("CANCEL"), &json!("DELIVERY_CANCEL")));
    assert_eq!((&page["point"], &page["giftCount"]), (&json!(0), &json!(0)));
}

#[test]
fn a_pay_that_is_slow_is_cut_off_until_it_is_quick_again() {
    let settings = Host::builder()
        .variable("breaker_calls", "4")
        .variable("breaker_open_ms", "500")
        .variable("call_timeout_ms", "200");
    let Some(host) = with_faults(settings) else { return };
    let lecture = Lecture::of(&host);
    host.delay("lecture-pay", 300..=400);
    while breaker(&lecture)["state"] == "closed" {
        check_refused(&lecture, &lecture.ask("kim", 10_000));
    }
    eventually(SETTLING, || {
        let before = breaker(&lecture)["cutOff"].as_u64();
        check_refused(&lecture, &lecture.ask("kim", 10_000));
        (breaker(&lecture)["cutOff"].as_u64() > before).then_some(())
    });
    lecture.heal(&["pay"]);
    lecture.settle_now();
    lecture.check();
    assert!(canceled(&lecture) >= 2, "each was taken, and taken back");
    register_once_it_is_back(&lecture, "lee");
    lecture.settle_now();
    lecture.check();
    assert_eq!(lecture.all("classes").len(), 1);
    assert!(host.printed().contains("the breaker of pay is open"));
}

#[test]
fn a_pay_that_is_now_quick_and_now_slow_is_paid_for_what_is_registered_and_no_more() {
    let Some(host) = with_faults(Host::builder().variable("call_timeout_ms", "200")) else {
        return;
    };
    let lecture = Lecture::of(&host);
    host.delay("lecture-pay", 0..=300);
    let registered = in_parallel(4, |i| {
        let asked = (0..8).map(|_| lecture.ask(&format!("student-{i}"), 10_000));
        asked.filter(|answer| answer.status == 201).count()
    });
    lecture.heal(&["pay"]);
    lecture.settle_now();
    lecture.check();
    assert_eq!(lecture.all("classes").len(), registered.iter().sum::<usize>());
}

#[test]
fn a_key_that_was_refused_for_now_registers_once_pay_is_back() {
    let Some(host) = with_faults(Host::builder()) else { return };
    let lecture = Lecture::of(&host);
    let keyed = lecture.client.with("idempotency-key", "patient");
    lecture.down(&["pay"]);
    check_refused(&lecture, &keyed.post(CLASSES, asking("kim", 10_000)));
    lecture.heal(&["pay"]);
    let registered = eventually(SETTLING, || {
        let answer = keyed.post(CLASSES, asking("kim", 10_000));
        if answer.status == 201 { Ok(answer.json()) } else { Err(answer.to_string()) }
    });
    let again = keyed.post(CLASSES, asking("kim", 10_000)).expect(201);
    assert_eq!(again.json(), registered);
    lecture.settle_now();
    lecture.check();
    assert_eq!(lecture.all("classes").len(), 1);
}

#[test]
fn a_class_is_canceled_while_pay_is_down_and_is_paid_back_with_it() {
    let Some(host) = with_faults(Host::builder()) else { return };
    let lecture = Lecture::of(&host);
    let class = lecture.register("kim", 10_000);
    lecture.down(&["pay"]);
    lecture.cancel(class);
    assert_eq!(lecture.page_of("kim")["classStatus"], "CLASS_CANCEL");
    assert_eq!(lecture.of_class("points", class)["status"], "POINT_GIVEN");
    lecture.heal(&["pay"]);
    lecture.check();
    assert_eq!(lecture.page_of("kim")["paymentStatus"], "CANCEL");
}
