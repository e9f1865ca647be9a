//! A context that was down while events were told hears all of them when it is back, in order, and
//! without any client doing anything.

use super::{host, host_with};
use madang_testing::eventually;
use madang_tests::SETTLING;
use madang_tests::kvaccine::{KVaccine, Person};
use serde_json::Value;

/// How a user stands, once it is so.
fn becomes(kv: &KVaccine, user: u64, status: &str) {
    eventually(SETTLING, || {
        let user = kv.user(user);
        if user["reserveStatus"] == status { Ok(()) } else { Err(user.to_string()) }
    });
}

#[test]
fn days_are_given_away_late_in_order() {
    let Some(host) = host_with(2) else { return };
    let kv = KVaccine::with_capacity(&host, 2);
    kv.down("reservation");
    let people = [(); 4].map(|()| Person::new());
    let users = people.clone().map(|person| kv.reserve(&person));
    // The first does not want it any more before anybody has heard of it: the place is free for who comes
    // after all others.
    kv.cancel(&people[0]);
    let last = kv.reserve(&Person::new());
    kv.heal("reservation");
    becomes(&kv, users[2], "REJECT");
    kv.check();
    let standing =
        [users[0], users[1], users[2], users[3], last].map(|user| kv.statuses(user)[1].clone());
    assert_eq!(standing, ["CANCEL", "RESERVE", "REJECT", "REJECT", "RESERVE"].map(Value::from));
}

#[test]
fn a_reject_that_comes_after_the_cancel_leaves_it() {
    let Some(host) = host_with(0) else { return };
    let kv = KVaccine::with_capacity(&host, 0);
    kv.down("reservation");
    let person = Person::new();
    let first = kv.reserve(&person);
    kv.cancel(&person);
    let second = kv.reserve(&person);
    kv.heal("reservation");
    becomes(&kv, second, "REJECT");
    kv.check();
    assert_eq!(kv.user(first)["reserveStatus"], "CANCEL");
    assert_eq!(kv.statuses(first)[1], "REJECT");
    let refusals = kv.info("user")["refusals"].clone();
    assert_eq!(refusals[0]["reason"], "the user has cancelled the reservation", "{refusals}");
    let refusals = kv.info("reservation")["refusals"].clone();
    assert_eq!(refusals[0]["reason"], "the reservation is not running", "{refusals}");
}

#[test]
fn user_hears_late_of_rejects_and_injections() {
    let Some(host) = host_with(1) else { return };
    let kv = KVaccine::with_capacity(&host, 1);
    let (_, user) = kv.reserved();
    kv.deafen("user");
    let rejected = kv.reserve(&Person::new());
    kv.follow("reservation");
    let _ = kv.inject(user).expect(200);
    assert_eq!(kv.user(user)["reserveStatus"], "RESERVE");
    assert_eq!(kv.user(rejected)["reserveStatus"], "RESERVE");
    kv.heal("user");
    becomes(&kv, user, "INJECT");
    becomes(&kv, rejected, "REJECT");
    kv.check();
}

#[test]
fn the_stock_follows_late() {
    let Some(host) = host() else { return };
    let kv = KVaccine::of(&host);
    kv.down("vaccine-stock");
    let _ = kv.client.get("/kvaccine/stock").expect(503);
    let (cancels, stays) = (Person::new(), Person::new());
    kv.reserve(&cancels);
    let user = kv.reserve(&stays);
    kv.cancel(&cancels);
    kv.follow("hospital");
    kv.heal("vaccine-stock");
    kv.check();
    let vaccine = kv.of_user("hospitals", user)["vaccineType"].clone();
    let out: Vec<_> =
        kv.all("vaccineStocks").iter().map(|entry| entry["vaccineCount"].clone()).collect();
    assert_eq!(out.len(), 3, "{out:?} of {vaccine}");
}

#[test]
fn the_dashboard_follows_late_in_order() {
    let Some(host) = host() else { return };
    let kv = KVaccine::of(&host);
    kv.down("dashboard");
    let _ = kv.client.get("/kvaccine/dashboard/list").expect(503);
    let (cancels, stays) = (Person::new(), Person::new());
    let cancelled = kv.reserve(&cancels);
    let injected = kv.reserve(&stays);
    kv.cancel(&cancels);
    kv.follow("reservation");
    kv.follow("hospital");
    let _ = kv.inject(injected).expect(200);
    kv.heal("dashboard");
    kv.check();
    assert_eq!(kv.statuses(cancelled)[3], "CANCEL");
    assert_eq!(kv.statuses(injected)[3], "INJECT");
}
