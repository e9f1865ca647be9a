//! Operations: faults put in and healed, dead letters replayed and dropped, and all of it by operators alone.

use madang_testing::browser::Look;
use madang_testing::{Host, eventually};
use madang_tests::poison::{event, write};
use madang_tests::{SETTLING, with_faults};
use serde_json::json;

use crate::support::{KEY, Reader, SHARED, settings};

#[track_caller]
fn sign_in(reader: &Reader) {
    reader.visit("/pages/operations");
    reader.fill("#key", KEY);
    reader.click(".door button");
    reader.await_there("form[action$=sign-out]");
}

/// The button of a fault.
fn button(component: &str, what: &str) -> String {
    format!("#at-{component} form:has(input[value={what}]) button")
}

#[test]
fn operators_take_a_context_down_and_heal_it() {
    let Some(host) = with_faults(settings()) else { return };
    let reader = Reader::of(&host, Look::WIDE);
    reader.visit("/pages/operations");
    assert_eq!(reader.count(&button("bookrent-book", "down")), 0, "strangers have no buttons");
    reader.fill("#key", "something else");
    reader.click(".door button");
    reader.await_text("#said.bad", "not the operator's key");

    sign_in(&reader);
    reader.click(&button("bookrent-book", "down"));
    reader.await_text("#at-bookrent-book", "down");
    reader.check_access();
    let rent = json!({"bookId": 1, "userId": 1, "address": "x"});
    let refused = host.client().post("/bookrent/rents", rent).expect(201).json();
    assert_eq!(refused["status"], "Fail");
    reader.click(&button("bookrent-book", "heal"));
    reader.await_text("#at-bookrent-book", "up");
    reader.click(&button("bookrent-rent", "delay"));
    reader.await_text("#at-bookrent-rent", "late by 1100 ms");
    reader.click(&button("bookrent-rent", "heal"));
    reader.await_there(&button("bookrent-rent", "crash"));

    reader.click("form[action$=sign-out] button");
    reader.await_there("#key");
    assert_eq!(reader.count(&button("bookrent-book", "down")), 0);
    reader.leave();
}

/// An event of rent's that nobody can handle, once delivery has given it up; its number.
#[track_caller]
fn bury(host: &Host) -> u64 {
    let mut told = event("BookRented", &json!({"id": 77}));
    told["source"] = json!("/bookrent/rent");
    let number = write(host, "BookRented", &told.to_string());
    for context in ["delivery", "view"] {
        eventually(SETTLING, || {
            let info = host.client().get(&format!("/bookrent/-/{context}/info")).expect(200).json();
            if info["deadLetters"] == 1 { Ok(()) } else { Err(info.to_string()) }
        });
    }
    number
}

#[test]
fn a_dead_letter_is_seen_in_the_flow_and_replayed() {
    let host = settings().variable("max_attempts", "1").start();
    let number = bury(&host);
    let reader = Reader::of(&host, Look::WIDE);
    // Who is no operator sees that there is one, and not what is in it.
    reader.visit("/pages/operations/bookrent/delivery");
    assert_eq!(reader.count("#letters"), 0);
    reader.go("/pages/bookrent/flow");
    reader.click("#sagas tbody tr:first-child .button");
    reader.await_there("svg[role=img] .end.dead");
    reader.await_text("#saga .steps", "Deliveries gave it up");
    reader.check_access();

    sign_in(&reader);
    reader.await_text("#at-bookrent-delivery .late", "1");
    reader.click("#at-bookrent-delivery a.late");
    reader.await_text("#letters tbody tr", "BookRented");
    reader.check_access();
    // As it is, it fails again and stays.
    let replay = "#letters form:has(input[value=replay]) button";
    reader.click(replay);
    reader.await_text("#said.bad", "That was not done");
    let data = json!({"id": 77, "bookId": 5, "userId": 6, "address": "a", "status": "Rent"});
    let letter =
        json!({"number": number, "type": "BookRented", "event": event("BookRented", &data)});
    let _: u64 = redis::cmd("HSET")
        .arg(&["{bookrent}:dead:delivery", &number.to_string(), &letter.to_string()])
        .query(&mut host.redis())
        .unwrap();
    reader.click(replay);
    reader.await_text("#letters", "There are none.");
    let delivery = host.client().get("/bookrent/deliveries/1").expect(200).json();
    assert_eq!(
        (&delivery["rentId"], &delivery["status"]),
        (&json!(77), &json!("Delivery Started"))
    );
    reader.leave();
}

#[test]
fn a_dead_letter_is_dropped() {
    let host = settings().variable("max_attempts", "1").start();
    bury(&host);
    let reader = Reader::of(&host, Look { lang: "ko", ..Look::PHONE });
    sign_in(&reader);
    reader.go("/pages/operations/bookrent/delivery");
    reader.click("#letters form:has(input[value=drop]) button");
    reader.await_text("#letters", "없습니다.");
    assert_eq!(host.client().get("/bookrent/deliveries/1").status, 404);
    reader.leave();
}

#[test]
fn nobody_else_operates() {
    let host = SHARED.host();
    let own = host.client().with("sec-fetch-site", "same-origin");
    let own = own.with("content-type", "application/x-www-form-urlencoded");
    let key = KEY.replace(' ', "%20").replace(',', "%2C");
    for (cookie, expected) in [
        ("".to_owned(), 403),
        ("madang-operator=".to_owned(), 403),
        ("madang-operator=a%20key".to_owned(), 403),
        (format!("madang-operator={key}"), 0),
    ] {
        let client = own.with("cookie", cookie);
        for (path, body) in [
            ("/pages/operations/fault", "component=bookrent-book&do=heal"),
            ("/pages/operations/bookrent/delivery", "number=999&do=replay"),
        ] {
            let answer = client.post(path, body);
            if expected == 0 {
                assert_ne!(answer.status, 403, "{answer}");
            } else {
                assert_eq!(answer.status, expected, "{answer}");
            }
        }
        // What the server knows stays there.
        let page = client.get("/pages/operations").expect(200).text();
        assert!(!page.contains(madang_testing::SERVICE_TOKEN) && !page.contains(KEY));
    }
    let secret = own.post("/pages/operations/sign-in", "key=wrong").expect(403);
    assert!(secret.header("set-cookie").is_none(), "{secret}");
    let kept = own.post("/pages/operations/sign-in", &*format!("key={key}")).expect(303);
    let cookie = kept.header("set-cookie").unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/pages/operations"] {
        assert!(cookie.contains(part), "{cookie}");
    }
}

#[test]
fn without_a_key_there_are_no_operators() {
    let host = settings().variable("operator_key", "").start();
    let own =
        host.client().with("sec-fetch-site", "same-origin").with("cookie", "madang-operator=");
    let own = own.with("content-type", "application/x-www-form-urlencoded");
    assert!(own.get("/pages/operations").expect(200).text().contains("operator_key is not set"));
    for (path, body) in [
        ("/pages/operations/sign-in", "key="),
        ("/pages/operations/fault", "component=bookrent-book&do=down"),
    ] {
        own.post(path, body).expect(403);
    }
    host.client().get("/bookrent/books").expect(200);
}
