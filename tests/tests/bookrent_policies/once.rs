//! What each policy does, and that it does it once.

use madang_testing::{Host, in_parallel};
use madang_tests::{BookRent, tell_again, without_leases};
use serde_json::json;

#[test]
fn on_book_rented_a_delivery_starts_and_the_view_has_the_rent() {
    let host = Host::start();
    let shop = BookRent::of(&host);
    let book = shop.register("rented");
    let rent = shop.rent(book, 5);
    shop.check();
    let deliveries = shop.deliveries_of(rent);
    let delivery = &deliveries[0];
    assert_eq!((deliveries.len(), &delivery["status"]), (1, &json!("Delivery Started")));
    let view = shop.view_of(rent);
    assert_eq!(
        (&view["rentStatus"], &view["deliveryStatus"]),
        (&json!("Rent"), &delivery["status"])
    );
    assert_eq!((&view["deliveryId"], &view["userId"]), (&delivery["id"], &json!(5)));
}

#[test]
fn on_book_cancelled_the_delivery_is_cancelled_and_then_the_book_is_free() {
    let host = Host::start();
    let shop = BookRent::of(&host);
    let book = shop.register("cancelled");
    let rent = shop.rent(book, 5);
    shop.cancel(rent);
    shop.check();
    assert_eq!(shop.deliveries_of(rent)[0]["status"], "Delivery Cancelled");
    assert!(shop.is_free(book));
    let view = shop.view_of(rent);
    assert_eq!(view["rentStatus"], "Cancel");
    assert_eq!(view["deliveryStatus"], "Delivery Cancelled");
}

#[test]
fn events_that_are_told_again_and_again_have_one_effect() {
    let host = Host::start();
    let shop = BookRent::of(&host);
    let (kept, given_back) = (shop.register("kept"), shop.register("given back"));
    shop.rent(kept, 1);
    let cancelled = shop.rent(given_back, 2);
    shop.cancel(cancelled);
    shop.check();
    // Another has the book by now: an old return must not free it.
    shop.rent(given_back, 3);
    shop.check();
    let before = shop.log();
    tell_again(&shop, &["book", "rent", "delivery", "view"]);
    shop.check();
    assert_eq!(shop.log(), before);
}

#[test]
fn without_their_lease_consumers_get_in_each_others_way_and_still_do_each_thing_once() {
    let host = Host::start();
    let shop = BookRent::of(&host);
    let books: Vec<u64> = (0..40).map(|n| shop.register(&format!("book {n}"))).collect();
    without_leases(&shop, &["book", "delivery"], || {
        for book in &books {
            shop.cancel(shop.rent(*book, 1));
        }
    });
    shop.check();
}

#[test]
fn a_message_that_is_no_event_does_no_harm() {
    let host = Host::start();
    let shop = BookRent::of(&host);
    let book = shop.register("undisturbed");
    let mut redis = host.redis();
    for message in ["", "{", "null", "{\"type\":\"BookRented\",\"data\":{\"id\":1}}"] {
        let _: u64 = redis::cmd("PUBLISH").arg("bookrent").arg(message).query(&mut redis).unwrap();
    }
    shop.rent(book, 1);
    shop.check();
    assert_eq!(shop.log().len(), 3);
}

#[test]
fn many_rents_and_cancels_at_once_all_come_to_their_end() {
    let host = Host::start();
    let shop = BookRent::of(&host);
    let books: Vec<u64> = (0..8).map(|n| shop.register(&format!("book {n}"))).collect();
    in_parallel(16, |client| {
        for round in 0..6 {
            let book = books[(client + round) % books.len()];
            let asked = shop.ask(book, client as u64 + 1).expect(201).json();
            if asked["status"] == "Rent" {
                shop.cancel(asked["id"].as_u64().unwrap());
            }
        }
    });
    shop.check();
    assert!(books.iter().all(|book| shop.is_free(*book)));
    assert_eq!(shop.all("rents").len(), 16 * 6);
}
