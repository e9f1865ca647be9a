//! Hospital is down, and whatever else a reservation does not need.

use madang_testing::eventually;
use madang_tests::kvaccine::{self, KVaccine, Person};
use madang_tests::{SETTLING, with_faults};
use serde_json::{Value, json};

const PFIZER: &str = "Pfizer";

/// A host whose hospital has one vaccine.
fn host() -> Option<madang_testing::Host> {
    with_faults(kvaccine::settings().variable("kvaccine_vaccine_types", PFIZER))
}

#[test]
fn with_the_hospital_down_people_reserve_and_with_it_back_the_vaccine_follows() {
    let Some(host) = host() else { return };
    let kv = KVaccine::of(&host);
    kv.arrive(PFIZER, 100);
    kv.down("hospital");
    let users = [(); 5].map(|()| kv.reserve(&Person::new()));
    for context in ["reservation", "dashboard"] {
        kv.follow(context);
    }
    for user in users {
        let row = kv.of_user("dashboards", user);
        assert_eq!((&row["reserveStatus"], &row["vaccineType"]), (&json!("RESERVE"), &Value::Null));
    }
    assert_eq!(kv.stock(PFIZER), 100);
    assert_eq!(kv.inject(users[0]).status, 503);
    kv.heal("hospital");
    // Looking at the log is nothing that a client does: it wakes nobody.
    eventually(SETTLING, || (kv.told("HospitalReservationReceived") == 5).then_some(()));
    kv.check();
    assert_eq!(kv.stock(PFIZER), 95);
    for user in users {
        assert_eq!(kv.of_user("dashboards", user)["vaccineType"], PFIZER);
    }
}

#[test]
fn a_cancel_while_the_hospital_is_down_leaves_the_stock_as_if_nothing_had_happened() {
    let Some(host) = host() else { return };
    let kv = KVaccine::of(&host);
    kv.arrive(PFIZER, 100);
    let (known, user) = kv.reserved();
    assert_eq!(kv.stock(PFIZER), 99);
    kv.down("hospital");
    let unknown = Person::new();
    let other = kv.reserve(&unknown);
    kv.cancel(&known);
    kv.cancel(&unknown);
    kv.follow("reservation");
    assert_eq!(kv.of_user("dashboards", user)["reserveStatus"], "CANCEL");
    assert_eq!(kv.left()[4]["count"], 1000);
    kv.heal("hospital");
    eventually(SETTLING, || (kv.told("HospitalReservationCancelled") == 2).then_some(()));
    kv.check();
    assert_eq!(kv.stock(PFIZER), 100);
    for user in [user, other] {
        assert_eq!(kv.statuses(user), ["CANCEL"; 4].map(Value::from));
    }
}

#[test]
fn people_reserve_and_cancel_while_everything_but_user_is_down() {
    let Some(host) = host() else { return };
    let kv = KVaccine::of(&host);
    let others = ["reservation", "hospital", "vaccine-stock", "dashboard"];
    others.iter().for_each(|context| kv.host.down(&format!("kvaccine-{context}")));
    let (stays, goes) = (Person::new(), Person::new());
    let user = kv.reserve(&stays);
    kv.reserve(&goes);
    kv.cancel(&goes);
    assert_eq!(kv.user(user)["reserveStatus"], "RESERVE");
    others.iter().for_each(|context| kv.heal(context));
    kv.check();
    assert_eq!(kv.statuses(user), ["RESERVE"; 4].map(Value::from));
    assert_eq!(kv.stock(PFIZER), -1);
}

#[test]
fn a_hospital_that_is_killed_harms_nobody_else() {
    let Some(host) = host() else { return };
    let kv = KVaccine::of(&host);
    kv.settle();
    host.crash("kvaccine-hospital", 1, None);
    let user = kv.reserve(&Person::new());
    for path in ["users", "reservations", "vaccineStocks", "stock", "dashboards", "dashboard/list"]
    {
        let _ = kv.client.get(&format!("/kvaccine/{path}")).expect(200);
    }
    kv.heal("hospital");
    kv.check();
    assert_eq!(kv.statuses(user), ["RESERVE"; 4].map(Value::from));
}
