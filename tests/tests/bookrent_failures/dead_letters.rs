//! Events that cannot be handled: tried, then put to the dead letters, so that those behind them are
//! handled; listed, replayed, dropped.

use madang_testing::{Backend, Host, eventually};
use madang_tests::poison::{event, write};
use madang_tests::{BookRent, SETTLING, problem};
use serde_json::{Value, json};

/// How often an event is tried here.
const TRIES: u64 = 2;

fn host() -> Host {
    Host::builder().variable("max_attempts", TRIES.to_string()).start()
}

/// The dead letters of a context, once there are so many.
fn letters(shop: &BookRent, context: &str, count: usize) -> Vec<Value> {
    let path = format!("/bookrent/-/{context}/dead-letters");
    eventually(SETTLING, || {
        let body = shop.internal().get(&path).expect(200).json();
        let letters = body["deadLetters"].as_array().cloned().unwrap_or_default();
        if letters.len() == count { Ok(letters) } else { Err(body.to_string()) }
    })
}

#[test]
fn an_event_that_is_no_json_is_put_aside_and_the_next_is_handled() {
    let host = host();
    let shop = BookRent::of(&host);
    let number = write(&host, "BookRented", "{bad");
    let book = shop.register("behind the poison");
    let rent = shop.rent(book, 1);
    for context in ["delivery", "view"] {
        let letter = letters(&shop, context, 1).remove(0);
        assert_eq!(letter["number"], number, "{letter}");
        assert_eq!(letter["type"], "BookRented", "{letter}");
        assert_eq!(letter["event"], "{bad", "{letter}");
        assert_eq!(letter["tries"], TRIES, "{letter}");
        assert!(letter["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{letter}");
        assert!(letter["time"].as_str().is_some_and(|time| time.ends_with('Z')), "{letter}");
        assert_eq!(shop.info(context)["deadLetters"], 1);
    }
    shop.settle();
    // Book does not hear this event, so it is nothing to it.
    assert_eq!(letters(&shop, "book", 0), Vec::<Value>::new());
    assert_eq!(shop.deliveries_of(rent).len(), 1);
    assert_eq!(shop.view_of(rent)["deliveryStatus"], "Delivery Started");
    for context in ["book", "rent", "delivery", "view"] {
        let _ = shop.client.get(&format!("/bookrent/-/{context}/health/ready")).expect(200);
    }
}

#[test]
fn an_event_without_its_fields_is_put_aside_by_all_who_hear_it() {
    let host = host();
    let shop = BookRent::of(&host);
    let poison = [
        event("BookRented", &json!({"id": 1})),
        event("BookCancelled", &json!({"id": "one", "bookId": 1, "userId": 1, "address": "a"})),
        event("DeliveryStarted", &json!({})),
        event("DeliveryCancelled", &json!({"id": 1, "bookId": -1})),
    ];
    for event in &poison {
        write(&host, event["type"].as_str().unwrap(), &event.to_string());
    }
    let rent = shop.rent(shop.register("behind it all"), 1);
    shop.cancel(rent);
    shop.settle();
    for (context, heard) in
        [("book", vec![3]), ("delivery", vec![0, 1]), ("view", vec![0, 1, 2, 3])]
    {
        let found = letters(&shop, context, heard.len());
        for (letter, at) in found.iter().zip(heard) {
            let event: &Value = &poison[at];
            assert_eq!((&letter["event"], &letter["tries"]), (event, &json!(TRIES)), "{context}");
        }
    }
    assert_eq!(shop.view_of(rent)["deliveryStatus"], "Delivery Cancelled");
}

#[test]
fn an_event_is_not_to_blame_for_processes_that_were_killed_while_it_was_handled() {
    let host = Host::builder().backend(Backend::Madang).variable("max_attempts", "1").start();
    let shop = BookRent::of(&host);
    host.down("bookrent-delivery");
    let rent = shop.rent(shop.register("innocent"), 1);
    // What those leave behind who have claimed it six times and were killed: a first try weighs ten.
    let tries = ["{bookrent}:delivery:tries", "position", "0", "count", "15", "told", ""];
    redis::cmd("HSET").arg(&tries).exec(&mut host.redis()).unwrap();
    host.heal("bookrent-delivery");
    shop.settle();
    assert_eq!(letters(&shop, "delivery", 0), Vec::<Value>::new());
    assert_eq!(shop.deliveries_of(rent).len(), 1);
}

#[test]
fn dead_letters_are_replayed_once_they_can_be() {
    let host = host();
    let shop = BookRent::of(&host);
    let number = write(&host, "BookRented", &event("BookRented", &json!({"id": 77})).to_string());
    let mended = event(
        "BookRented",
        &json!({"id": 77, "bookId": 5, "userId": 6, "address": "a", "status": "Rent"}),
    );
    let internal = shop.internal();
    // The view first: it is to have the row when the delivery is told of.
    for context in ["view", "delivery"] {
        let mut letter = letters(&shop, context, 1).remove(0);
        let path = format!("/bookrent/-/{context}/dead-letters/{number}");
        let replay = format!("{path}/replay");
        // As it is, it fails again and stays.
        let failed = internal.post(&replay, json!({}));
        problem(&failed, 500, &replay);
        assert_eq!(letters(&shop, context, 1)[0]["event"], letter["event"]);
        // An operator mends it.
        letter["event"] = mended.clone();
        let _: u64 = redis::cmd("HSET")
            .arg(format!("{{bookrent}}:dead:{context}"))
            .arg(number)
            .arg(letter.to_string())
            .query(&mut host.redis())
            .unwrap();
        let _ = internal.post(&replay, json!({})).expect(204);
        assert_eq!(letters(&shop, context, 0), Vec::<Value>::new());
        problem(&internal.post(&replay, json!({})), 404, &replay);
    }
    let deliveries = shop.deliveries_of(77);
    assert_eq!(deliveries.len(), 1);
    assert_eq!((&deliveries[0]["bookId"], &deliveries[0]["userId"]), (&json!(5), &json!(6)));
    eventually(SETTLING, || {
        (shop.view_of(77)["deliveryStatus"] == "Delivery Started").then_some(())
    });
}

#[test]
fn dead_letters_are_dropped() {
    let host = host();
    let shop = BookRent::of(&host);
    let numbers = [1, 2].map(|_| write(&host, "BookRented", "{}"));
    let internal = shop.internal();
    for context in ["delivery", "view"] {
        letters(&shop, context, 2);
        let path = format!("/bookrent/-/{context}/dead-letters/{}", numbers[0]);
        let _ = internal.delete(&path).expect(204);
        problem(&internal.delete(&path), 404, &path);
        assert_eq!(letters(&shop, context, 1)[0]["number"], numbers[1]);
        let odd = format!("/bookrent/-/{context}/dead-letters/first");
        problem(&internal.delete(&odd), 404, &odd);
    }
}

#[test]
fn a_cancel_for_a_rent_that_was_never_seen_is_recorded_and_goes_on() {
    let host = host();
    let shop = BookRent::of(&host);
    let data = json!({"id": 4711, "bookId": 1, "userId": 1, "address": "a", "status": "Cancel"});
    let number = write(&host, "BookCancelled", &event("BookCancelled", &data).to_string());
    shop.settle();
    let info = shop.info("delivery");
    assert_eq!(info["deadLetters"], 0, "{info}");
    let refusals = info["refusals"].as_array().unwrap();
    assert_eq!((refusals.len(), &refusals[0]["event"]), (1, &json!(number)), "{info}");
    assert!(refusals[0]["reason"].as_str().is_some_and(|r| r.contains("no delivery")), "{info}");
    assert_eq!(shop.view_of(4711), json!(null));
}
