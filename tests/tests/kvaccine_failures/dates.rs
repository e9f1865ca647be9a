//! Reservation is down, slow or cut off: who asks for days is told to come back, and nothing else.

use madang_testing::{Answer, eventually, in_parallel};
use madang_tests::kvaccine::{self, KVaccine, Person};
use madang_tests::{SETTLING, with_faults};
use serde_json::json;

/// What people are told, in the seed's words.
const BUSY: &str = "조회 폭주로 서비스 지연 중입니다.";

fn ask(kv: &KVaccine) -> Answer {
    kv.client.post("/kvaccine/user/date", Person::new().asks())
}

/// Whether an answer is the fallback: as a whole, or not at all.
fn is_fallback(answer: &Answer) -> bool {
    assert_eq!(answer.status, 200, "{answer}");
    let days = answer.json().as_array().map(Vec::len).expect("days");
    let Some(neighbour) = answer.header("x-fallback") else {
        assert_eq!((days, answer.header("retry-after")), (10, None), "{answer}");
        return false;
    };
    assert_eq!((days, neighbour, answer.header("retry-after")), (0, "reservation", Some("3")));
    let message = answer.header("x-fallback-message").expect("a message");
    assert_eq!(decoded(message), BUSY);
    true
}

/// Undoes percent-encoding.
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).expect("two digits"));
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn with_reservation_down_there_are_no_days_for_the_moment() {
    let Some(host) = with_faults(kvaccine::settings()) else { return };
    let kv = KVaccine::of(&host);
    kv.down("reservation");
    for _ in 0..3 {
        assert!(is_fallback(&ask(&kv)));
    }
    kv.heal("reservation");
    eventually(SETTLING, || (!is_fallback(&ask(&kv))).then_some(()));
    kv.check();
}

#[test]
fn a_reservation_that_takes_its_time_is_waited_for_and_no_longer() {
    // So many calls that come too late would open the circuit, and none would be made any more.
    let settings = kvaccine::settings().variable("breaker_calls", "1000000");
    let Some(host) = with_faults(settings) else { return };
    let kv = KVaccine::of(&host);
    host.delay("kvaccine-reservation", 1_000..=1_100);
    assert!(is_fallback(&ask(&kv)));
    kv.heal("reservation");
    assert!(!is_fallback(&eventually(SETTLING, || Some(ask(&kv)))));
}

#[test]
fn under_a_siege_at_600_to_820_milliseconds_everybody_is_answered() {
    let Some(host) = with_faults(kvaccine::settings()) else { return };
    let kv = KVaccine::of(&host);
    host.delay("kvaccine-reservation", 600..=820);
    // Some are in time and some are not, and some are cut off: each is answered one way or the other.
    let answers = in_parallel(10, |_| (0..6).map(|_| is_fallback(&ask(&kv))).collect::<Vec<_>>());
    assert_eq!(answers.concat().len(), 60);
    kv.heal("reservation");
    eventually(SETTLING, || (!is_fallback(&ask(&kv))).then_some(()));
}

#[test]
fn a_reservation_that_is_cut_off_is_not_asked() {
    let settings = kvaccine::settings().variable("breaker_calls", "4");
    let Some(host) = with_faults(settings.variable("breaker_open_ms", "500")) else { return };
    let kv = KVaccine::of(&host);
    let breaker = || kv.info("user")["breakers"][0].clone();
    kv.down("reservation");
    eventually(SETTLING, || {
        assert!(is_fallback(&ask(&kv)));
        (breaker()["cutOff"].as_u64() > Some(0)).then_some(())
    });
    kv.heal("reservation");
    eventually(SETTLING, || (!is_fallback(&ask(&kv))).then_some(()));
    assert_eq!(breaker()["target"], json!("reservation"));
}
