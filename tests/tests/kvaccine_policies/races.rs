//! A cancel and an injection that do not know of each other: the vaccine is in the arm, and everything
//! else agrees with that.

use super::host;
use madang_tests::kvaccine::{KVaccine, Person};
use serde_json::{Value, json};

#[test]
fn who_cancels_after_the_injection_was_told_is_injected_and_frees_nothing() {
    let Some(host) = host() else { return };
    let kv = KVaccine::of(&host);
    let (person, user) = kv.reserved();
    kv.deafen("user");
    let _ = kv.inject(user).expect(200);
    kv.cancel(&person);
    kv.heal("user");
    kv.check();
    assert_eq!(kv.statuses(user), ["INJECT"; 4].map(Value::from));
    assert_eq!(kv.left()[4]["count"], 999);
    // The person counts as one who has had it.
    assert_eq!(kv.ask_to_cancel(&person).status, 409);
    assert_eq!(kv.ask(&person, kv.day()).status, 409);
}

#[test]
fn who_is_injected_before_the_hospital_has_heard_of_the_cancel_is_injected() {
    let Some(host) = host() else { return };
    let kv = KVaccine::of(&host);
    let (person, user) = kv.reserved();
    kv.deafen("hospital");
    kv.cancel(&person);
    kv.follow("reservation");
    let _ = kv.inject(user).expect(200);
    kv.heal("hospital");
    kv.check();
    // The place was given back, and somebody else may have it by then.
    let expected = ["INJECT", "CANCEL", "INJECT", "INJECT"].map(Value::from);
    assert_eq!(kv.statuses(user), expected);
    assert_eq!(kv.left()[4]["count"], 1000);
    let refusals = kv.info("hospital")["refusals"].clone();
    assert_eq!(refusals[0]["reason"], "the vaccine is injected already", "{refusals}");
}

#[test]
fn who_has_reserved_again_by_then_keeps_that_reservation() {
    let Some(host) = host() else { return };
    let kv = KVaccine::of(&host);
    let (person, first) = kv.reserved();
    kv.deafen("user");
    let _ = kv.inject(first).expect(200);
    kv.cancel(&person);
    let second = kv.reserve(&person);
    kv.heal("user");
    kv.check();
    assert_eq!(kv.user(first)["reserveStatus"], "INJECT");
    assert_eq!(kv.user(second)["reserveStatus"], "RESERVE");
    kv.cancel(&person);
    kv.check();
    assert_eq!(kv.user(second)["reserveStatus"], "CANCEL");
}

#[test]
fn the_dashboard_tells_an_injection_that_was_told_before_the_cancel() {
    let Some(host) = host() else { return };
    let kv = KVaccine::of(&host);
    let (person, user) = kv.reserved();
    // The cancel is told first, and what follows from it after the injection.
    kv.deafen("reservation");
    kv.cancel(&person);
    let _ = kv.inject(user).expect(200);
    kv.heal("reservation");
    kv.check();
    let row = kv.of_user("dashboards", user);
    assert_eq!((&row["reserveStatus"], &row["cancelDate"]), (&json!("INJECT"), &Value::Null));
    let _ = kv.ask(&Person::new(), kv.day()).expect(200);
    kv.check();
}
