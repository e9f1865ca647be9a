//! What each policy does, and that it does it once.

use madang_tests::kvaccine::{self, CONTEXTS, KVaccine, Person};
use madang_tests::{tell_again, without_leases};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[test]
fn the_hospital_draws_from_its_vaccines() {
    let host = kvaccine::settings().variable("kvaccine_vaccine_types", "a, b,,c").start();
    let kv = KVaccine::of(&host);
    // That one of three is never drawn in 60 happens once in many thousand million runs.
    for _ in 0..60 {
        kv.reserve(&Person::new());
    }
    kv.check();
    let drawn: BTreeSet<_> =
        kv.all("hospitals").iter().map(|row| row["vaccineType"].to_string()).collect();
    assert_eq!(drawn, ["\"a\"", "\"b\"", "\"c\""].map(str::to_owned).into());
}

#[test]
fn a_hospital_without_vaccines_puts_reservations_aside_until_it_has_some() {
    let settings = kvaccine::settings().variable("max_attempts", "1");
    let host = settings.variable("kvaccine_vaccine_types", " , ").start();
    let kv = KVaccine::of(&host);
    let (_, user) = kv.reserved();
    assert_eq!(kv.dead_letters(&["hospital"]), 1);
    let letters = kv.internal().get("/kvaccine/-/hospital/dead-letters").expect(200).json();
    let reason = letters["deadLetters"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("kvaccine_vaccine_types names no vaccine"), "{reason}");
    assert_eq!(kv.of_user("dashboards", user)["reserveStatus"], "RESERVE");
    assert_eq!(kv.inject(user).status, 404);
}

#[test]
fn a_place_is_taken_and_given_back_with_its_dose() {
    let host = kvaccine::settings().variable("kvaccine_vaccine_types", "Pfizer").start();
    let kv = KVaccine::of(&host);
    kv.arrive("Pfizer", 10);
    let (kept, cancels, injected) = (kv.reserved().1, kv.reserved(), kv.reserved().1);
    assert_eq!((kv.stock("Pfizer"), &kv.left()[4]["count"]), (7, &json!(997)));
    kv.cancel(&cancels.0);
    let _ = kv.inject(injected).expect(200);
    kv.check();
    assert_eq!((kv.stock("Pfizer"), &kv.left()[4]["count"]), (8, &json!(998)));
    let standing = [kept, cancels.1, injected].map(|user| kv.statuses(user)[0].clone());
    assert_eq!(standing, ["RESERVE", "CANCEL", "INJECT"].map(Value::from));
}

#[test]
fn people_are_told_of_their_reservations() {
    let host = kvaccine::settings().variable("kvaccine_vaccine_types", "Pfizer").start();
    let kv = KVaccine::of(&host);
    let (person, _) = kv.reserved();
    kv.cancel(&person);
    kv.check();
    let ready = "/kvaccine/-/hospital/health/ready";
    madang_testing::eventually(madang_tests::SETTLING, || {
        let _ = kv.client.get(ready).expect(200);
        (kv.info("hospital")["messages"] == json!({"waiting": 0, "dead": 0})).then_some(())
    });
    if host.has_faults() {
        let told = String::from_utf8_lossy(&kv.places().of("logs/")).into_owned();
        for what in ["예약되었습니다.", "예약이 취소되었습니다."] {
            let line = format!("to \"{}\": \"{} Pfizer 백신 {what}\"", person.name, kv.day());
            assert_eq!(told.matches(&line).count(), 1, "{line} in {told}");
        }
    }
}

#[test]
fn events_that_are_told_again_and_again_have_one_effect() {
    let host = kvaccine::settings().start();
    let kv = KVaccine::of(&host);
    let (person, _) = kv.reserved();
    let (_, injected) = kv.reserved();
    kv.cancel(&person);
    let _ = kv.inject(injected).expect(200);
    kv.check();
    let before = kv.log();
    tell_again(&kv, &CONTEXTS);
    kv.check();
    assert_eq!(kv.log(), before);
}

#[test]
fn without_their_lease_consumers_get_in_each_others_way_and_still_do_each_thing_once() {
    let host = kvaccine::settings().variable("kvaccine_daily_capacity", "3").start();
    let kv = KVaccine::with_capacity(&host, 3);
    let consumers = ["user", "reservation", "hospital", "vaccine-stock"];
    without_leases(&kv, &consumers, || {
        for _ in 0..15 {
            let person = Person::new();
            kv.reserve(&person);
            // Once the day is full, who is told of it first has nothing left to cancel.
            let canceled = kv.ask_to_cancel(&person);
            assert!([200, 404].contains(&canceled.status), "{canceled}");
            kv.reserve(&person);
        }
    });
    kv.check();
    assert_eq!(kv.left()[4]["count"], 0);
    let placed = kv.all("reservations");
    let placed = placed.iter().filter(|row| row["reserveStatus"] == "RESERVE").count();
    assert_eq!(placed, 3);
}
