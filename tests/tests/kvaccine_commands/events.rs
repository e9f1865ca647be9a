//! Events: CloudEvents with the fields of the specification, in the log.

use madang_testing::log::Entry;
use madang_tests::kvaccine::{self, KVaccine, Person};
use serde_json::{Value, json};

const SAGA: &str = "saga-of-this-test";

#[test]
fn each_event_has_the_members_and_fields_of_the_specification() {
    let settings = kvaccine::settings().variable("kvaccine_vaccine_types", "Pfizer");
    let host = settings.variable("kvaccine_daily_capacity", "1").start();
    let kv = KVaccine::with_capacity(&host, 1);
    let client = kv.client.with("x-correlation-id", SAGA);
    let (first, late) = (Person::new(), Person::new());
    let post = |path: &str, body: Value| client.post(path, body).expect(200).json();
    let one = post("/kvaccine/user/reserve", first.wants(kv.day()));
    kv.settle();
    let rejected = post("/kvaccine/user/reserve", late.wants(kv.day()));
    kv.settle();
    let cancelled = post("/kvaccine/user/cancel", first.cancels());
    kv.settle();
    let two = post("/kvaccine/user/reserve", late.wants(kv.day()));
    kv.settle();
    let injected = post("/kvaccine/hospital/inject", json!({"userId": two["id"]}));
    kv.check();

    let reservation = |id: u64, user: &Value, status: &str| {
        json!({"id": id, "userId": user["id"], "userName": user["userName"],
            "userRegNumber": user["userRegNumber"], "reserveDate": kv.day(),
            "reserveStatus": status, "cancelDate": null})
    };
    let hospital = |id: u64, user: &Value, status: &str| {
        json!({"id": id, "hospitalName": "Korean Hospital", "userId": user["id"],
            "userName": user["userName"], "userRegNumber": user["userRegNumber"],
            "reserveDate": kv.day(), "injectDate": null, "vaccineType": "Pfizer",
            "reserveStatus": status})
    };
    let mut freed = reservation(1, &one, "CANCEL");
    freed["cancelDate"] = cancelled["modifyDate"].clone();
    let expected = [
        ("UserReservationRequested", "user", "users", one.clone()),
        ("ReservationRequested", "reservation", "reservations", reservation(1, &one, "RESERVE")),
        ("HospitalReservationReceived", "hospital", "hospitals", hospital(1, &one, "RESERVE")),
        ("UserReservationRequested", "user", "users", rejected.clone()),
        ("ReservationRejected", "reservation", "reservations", reservation(2, &rejected, "REJECT")),
        ("UserReservationCancelled", "user", "users", cancelled),
        ("ReservationCancelled", "reservation", "reservations", freed),
        ("HospitalReservationCancelled", "hospital", "hospitals", hospital(1, &one, "CANCEL")),
        ("UserReservationRequested", "user", "users", two.clone()),
        ("ReservationRequested", "reservation", "reservations", reservation(3, &two, "RESERVE")),
        ("HospitalReservationReceived", "hospital", "hospitals", hospital(2, &two, "RESERVE")),
        ("VaccineInjected", "hospital", "hospitals", injected),
    ];
    let log = kv.log();
    assert_eq!(log.len(), expected.len(), "{log:#?}");
    for (entry, (kind, context, collection, data)) in log.iter().zip(expected) {
        assert_eq!(entry.kind, kind);
        let (source, subject) =
            (format!("/kvaccine/{context}"), format!("{collection}/{}", data["id"]));
        assert_eq!(entry.fields(&source, &subject, SAGA), data, "{kind}");
    }
    let caused: Vec<_> = log.iter().map(|entry| entry.text_of("causationid")).collect();
    let id = |at: usize| Entry::text_of(&log[at], "id");
    for (effect, cause) in [(1, 0), (2, 1), (4, 3), (6, 5), (7, 6), (9, 8), (10, 9)] {
        assert_eq!(caused[effect], id(cause), "{}", log[effect].kind);
    }
}
