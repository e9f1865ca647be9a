//! The dashboard: pages, and the plain lists that the seed's pages read.

use super::SHARED;
use madang_tests::kvaccine::{KVaccine, Person};
use madang_tests::{kvaccine, problem};
use serde_json::{Value, json};

const LIST: &str = "/kvaccine/dashboard/list";

#[test]
fn the_list_has_all_and_each_vaccine_its_own() {
    let host = kvaccine::settings().variable("kvaccine_vaccine_types", "Pfizer").start();
    let kv = KVaccine::of(&host);
    assert_eq!(kv.client.get(LIST).expect(200).json(), json!([]));
    let (person, user) = kv.reserved();
    kv.down("hospital");
    let waiting = kv.reserve(&Person::new());
    kv.follow("reservation");
    kv.follow("dashboard");
    let all = kv.client.get(LIST).expect(200);
    assert_eq!(all.header("content-type"), Some("application/json"));
    let all = all.json();
    let rows = all.as_array().unwrap();
    assert_eq!(rows.iter().map(|row| &row["userId"]).collect::<Vec<_>>(), [user, waiting]);
    let expected = json!({
        "id": 1, "userId": user, "userName": person.name, "userRegNumber": person.masked(),
        "reserveStatus": "RESERVE", "reserveDate": kv.day(), "cancelDate": null,
        "injectDate": null, "vaccineType": "Pfizer",
    });
    assert_eq!(rows[0], expected);
    assert_eq!(rows[1]["vaccineType"], Value::Null);
    assert_eq!(kv.client.get(&format!("{LIST}/Pfizer")).expect(200).json(), json!([expected]));
    assert_eq!(kv.client.get(&format!("{LIST}/Moderna")).expect(200).json(), json!([]));
    let paged = kv.client.get(&format!("{LIST}?size=1")).expect(200);
    assert_eq!(paged.json().as_array().map(Vec::len), Some(1));
    assert!(paged.header("link").is_some_and(|link| link.contains("rel=\"next\"")), "{paged}");
    kv.heal("hospital");
    kv.check();
}

#[test]
fn the_dashboards_are_pages_of_a_view() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    let (_, user) = kv.reserved();
    let row = kv.of_user("dashboards", user);
    let path = format!("/kvaccine/dashboards/{}", row["id"]);
    let found = kv.client.get(&path).expect(200);
    assert!(found.header("madang-lag").is_some(), "{found}");
    assert_eq!(found.json()["_links"]["dashboard"]["href"], format!("{}{path}", host.url()));
    let _ = kv.client.post("/kvaccine/dashboards", json!({})).expect(405);
    let nowhere = "/kvaccine/dashboards/999999999";
    problem(&kv.client.get(nowhere), 404, nowhere);
}
