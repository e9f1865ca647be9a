//! A class, and pay, which it asks, killed between the steps of the commands. However far it came, it ends
//! registered and paid, or with nothing stored and nothing paid.

use super::{host, kill, kill_on};
use madang_testing::Trigger::Http;
use madang_testing::{Host, in_parallel};
use madang_tests::lecture::{CLASSES, Lecture, asking};
use madang_tests::with_faults;

/// How many classes there are, before one more is asked for.
fn listed(lecture: &Lecture) -> usize {
    lecture.all("classes").len()
}

/// Asks for a class, and checks that it is there exactly when its answer, if it had one, said so.
fn ask(lecture: &Lecture, before: usize, refusal: u16) {
    let answer = lecture.ask("kim", 10_000);
    assert!([201, refusal].contains(&answer.status), "{answer}");
    lecture.settle_now();
    let more = listed(lecture) - before;
    assert!(more <= 1 && (answer.status != 201 || more == 1), "{more} more after {answer}");
}

/// Has a fee taken whose taking comes too late to say so, and kills who takes it back.
fn kill_taking_back(context: &str, least: u32) {
    // So many calls that come too late would open the circuit, and none would be made any more.
    let settings = Host::builder().workers(1).variable("breaker_calls", "1000000");
    let settings = settings.variable("call_timeout_ms", "100").variable("call_retries", "0");
    let refused = |lecture: &Lecture| {
        lecture.host.delay("lecture-pay", 200..=200);
        let _ = lecture.ask("kim", 10_000).expect(503);
        lecture.heal(&["pay"]);
    };
    let take_back = |lecture: &Lecture, ()| {
        lecture.settle_now();
        assert_eq!(listed(lecture), 0);
        let payments = lecture.all("payments");
        assert!(payments.iter().all(|payment| payment["status"] == "CANCEL"), "{payments:?}");
    };
    kill_on(with_faults(settings), context, Http, least, refused, take_back);
}

#[test]
fn class_and_pay_killed_at_each_step_of_the_commands() {
    let kills: [fn(); 5] = [
        // Whoever finds the class that was left goes on with it.
        || kill("class", Http, 6, listed, |lecture, before| ask(lecture, before, 500)),
        // A pay that was killed is asked again, and has taken the fee once.
        || kill("pay", Http, 3, listed, |lecture, before| ask(lecture, before, 503)),
        || kill_taking_back("class", 4),
        || kill_taking_back("pay", 3),
        || {
            let register = |lecture: &Lecture| lecture.register("kim", 10_000);
            kill("class", Http, 2, register, |lecture, class| {
                let answer = lecture.client.delete(&format!("{CLASSES}/{class}"));
                assert!([204, 500].contains(&answer.status), "{answer}");
                // Nothing of it is done, or all.
                lecture.cancel(class);
                assert_eq!(lecture.of_class("classes", class)["status"], "CLASS_CANCEL");
            });
        },
    ];
    in_parallel(kills.len(), |i| kills[i]());
}

#[test]
fn a_client_that_repeats_its_request_after_a_crash_registers_once() {
    let Some(host) = host() else { return };
    let lecture = Lecture::of(&host);
    let keyed = |key: &str| lecture.client.with("idempotency-key", key);
    // The first request of all has Redis learn the scripts, too.
    let _ = keyed("before").post(CLASSES, asking("kim", 1_000)).expect(201);
    let client = keyed("asked-twice");
    // After the key's claim, the id and the intent.
    host.crash("lecture-class", 3, Http);
    let _ = client.post(CLASSES, asking("lee", 10_000)).expect(500);
    lecture.heal(&["class"]);
    lecture.settle_now();
    let answer = client.post(CLASSES, asking("lee", 10_000)).expect(201);
    lecture.check();
    assert_eq!(lecture.all("classes").len(), 2, "{answer}");
    assert_eq!(lecture.page_of("lee")["paymentStatus"], "CONFIRM");
}
