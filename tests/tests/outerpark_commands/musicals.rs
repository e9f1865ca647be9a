//! The commands on musicals.

use super::SHARED;
use madang_testing::in_parallel;
use madang_tests::outerpark::OuterPark;
use madang_tests::{errors, problem};
use serde_json::json;

const MUSICALS: &str = "/outerpark/musicals";

#[test]
fn a_musical_is_registered_and_found_by_its_number() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let musical = park.register(100);
    let found = park.client.get(&musical.path()).expect(200).json();
    assert_eq!((&found["id"], &found["musicalId"]), (&json!(musical.id), &json!(musical.number)));
    assert_eq!((&found["name"], &found["reservableSeat"]), (&json!("영웅"), &json!(100)));
    assert_eq!(found["_links"]["musical"]["href"], format!("{}{}", host.url(), musical.path()));
    let search = format!("{MUSICALS}/search/findByMusicalId?musicalId={}", musical.number);
    let by_number = park.client.get(&search).expect(200).json();
    assert_eq!(by_number["_embedded"]["musicals"], json!([found]));
    let unknown = format!("{MUSICALS}/search/findByMusicalId?musicalId=999999999");
    let none = park.client.get(&unknown).expect(200).json();
    assert_eq!(none["_embedded"]["musicals"], json!([]));
}

#[test]
fn a_number_is_taken_as_text_too_and_is_a_number_from_then_on() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let body = json!({"musicalId": "700000001", "name": "캣츠", "reservableSeat": 5});
    let answer = park.client.post(MUSICALS, body).expect(201);
    assert_eq!(answer.json()["musicalId"], 700_000_001);
    let put = json!({"musicalId": "700000001", "name": "캣츠", "reservableSeat": 4});
    let put = park.client.put(answer.location(), put).expect(200).json();
    assert_eq!((&put["musicalId"], &put["reservableSeat"]), (&json!(700_000_001), &json!(4)));
}

#[test]
fn a_second_musical_with_the_same_number_is_refused() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let musical = park.register(7);
    let body = json!({"musicalId": musical.number, "name": "again", "reservableSeat": 1});
    problem(&park.client.post(MUSICALS, body), 409, MUSICALS);
    assert_eq!(park.seats(musical), 7);
}

#[test]
fn of_many_who_register_one_number_at_once_one_does() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let body = json!({"musicalId": 700_000_002, "name": "one", "reservableSeat": 1});
    let mut statuses = in_parallel(16, |_| park.client.post(MUSICALS, body.clone()).status);
    statuses.sort_unstable();
    let mut expected = vec![409; 16];
    expected[0] = 201;
    assert_eq!(statuses, expected);
}

#[test]
fn what_is_no_musical_is_refused_with_the_field_named() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let whole = json!({"musicalId": 700_000_003, "name": "whole", "reservableSeat": 1});
    for (property, value) in [
        ("musicalId", json!(0)),
        ("musicalId", json!("eleven")),
        ("musicalId", json!(-1)),
        ("musicalId", json!(null)),
        ("name", json!("")),
        ("name", json!("막".repeat(201))),
        ("name", json!(5)),
        ("reservableSeat", json!(1_000_001)),
        ("reservableSeat", json!(-1)),
        ("reservableSeat", json!(1.5)),
        ("reservableSeat", json!("many")),
    ] {
        let mut body = whole.clone();
        body[property] = value.clone();
        let answer = park.client.post(MUSICALS, body);
        let expected = ("Musical".to_owned(), property.to_owned(), value);
        assert_eq!(errors(&answer, MUSICALS), [expected]);
    }
    for property in ["musicalId", "name", "reservableSeat"] {
        let mut body = whole.clone();
        body.as_object_mut().unwrap().remove(property);
        assert_eq!(errors(&park.client.post(MUSICALS, body), MUSICALS)[0].1, property);
    }
    let search = format!("{MUSICALS}/search/findByMusicalId?musicalId=700000003");
    let found = park.client.get(&search).expect(200).json();
    assert_eq!(found["_embedded"]["musicals"], json!([]), "nothing is stored");
}

#[test]
fn seats_and_name_are_corrected_and_the_number_stays() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    let path = musical.path();
    park.reserve(musical, 4);
    // What is free now is what is corrected: the four stay reserved.
    let patched = park.client.patch(&path, json!({"reservableSeat": 3})).expect(200).json();
    assert_eq!((&patched["reservableSeat"], &patched["name"]), (&json!(3), &json!("영웅")));
    let patched = park.client.patch(&path, json!({"name": "명성황후"})).expect(200).json();
    assert_eq!((&patched["reservableSeat"], &patched["name"]), (&json!(3), &json!("명성황후")));
    problem(&park.client.patch(&path, json!({"musicalId": musical.number + 1})), 409, &path);
    let refused = park.client.patch(&path, json!({"reservableSeat": 1_000_001}));
    assert_eq!(errors(&refused, &path)[0].1, "reservableSeat");
    assert_eq!(park.client.get(&path).expect(200).json(), patched);
    problem(&park.ask(musical, 4), 409, "/outerpark/reservations");
    park.reserve(musical, 3);
}

#[test]
fn a_musical_stays() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let musical = park.register(1);
    let refused = park.client.delete(&musical.path());
    problem(&refused, 405, &musical.path());
    assert_eq!(refused.header("allow"), Some("GET, HEAD, OPTIONS, PUT, PATCH"), "{refused}");
    let _ = park.client.get("/outerpark/musicals/999999999").expect(404);
}

#[test]
fn two_who_correct_the_same_version_are_told_apart() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    let seen = park.client.get(&musical.path()).expect(200);
    let client = park.client.with("if-match", seen.header("etag").unwrap());
    let _ = client.patch(&musical.path(), json!({"reservableSeat": 9})).expect(200);
    problem(&client.patch(&musical.path(), json!({"reservableSeat": 8})), 412, &musical.path());
    assert_eq!(park.seats(musical), 9);
}
