//! A component that was down while events were told hears all of them when it is back, in order, and
//! without any client doing anything.

use super::host;
use madang_testing::eventually;
use madang_tests::{BookRent, SETTLING};
use serde_json::{Value, json};

#[test]
fn a_rented_book_is_delivered_late() {
    let Some(host) = host() else { return };
    let shop = BookRent::of(&host);
    shop.down(&["bookrent-delivery"]);
    let books = ["a", "b", "c"].map(|title| shop.register(title));
    let rents = books.map(|book| shop.rent(book, book));
    shop.follow("view");
    for rent in rents {
        assert_eq!(shop.view_of(rent)["deliveryStatus"], json!(null));
    }
    host.heal("bookrent-delivery");
    shop.check();
    let started: Vec<_> = shop.all("deliveries").iter().map(|d| d["rentId"].clone()).collect();
    assert_eq!(started, rents.map(Value::from));
}

#[test]
fn a_rent_that_was_cancelled_meanwhile_is_delivered_and_cancelled_in_order() {
    let Some(host) = host() else { return };
    let shop = BookRent::of(&host);
    let book = shop.register("back and forth");
    shop.down(&["bookrent-delivery"]);
    let first = shop.rent(book, 1);
    shop.cancel(first);
    shop.follow("view");
    // Its book is not free before its delivery was cancelled.
    assert!(!shop.is_free(book));
    assert_eq!(shop.ask(book, 2).expect(201).json()["status"], "Fail");
    host.heal("bookrent-delivery");
    shop.check();
    assert!(shop.is_free(book));
    assert_eq!(shop.view_of(first)["deliveryStatus"], "Delivery Cancelled");
}

#[test]
fn a_book_is_free_again_late() {
    let Some(host) = host() else { return };
    let shop = BookRent::of(&host);
    let book = shop.register("returned late");
    let rent = shop.rent(book, 1);
    shop.down(&["bookrent-book"]);
    shop.cancel(rent);
    eventually(SETTLING, || {
        (shop.deliveries_of(rent)[0]["status"] == "Delivery Cancelled").then_some(())
    });
    host.heal("bookrent-book");
    eventually(SETTLING, || shop.is_free(book).then_some(()));
    shop.check();
}

#[test]
fn the_view_learns_late_what_happened() {
    let Some(host) = host() else { return };
    let shop = BookRent::of(&host);
    let (kept, given_back) = (shop.register("kept"), shop.register("given back"));
    shop.down(&["bookrent-view"]);
    let _ = shop.client.get("/bookrent/views").expect(503);
    shop.rent(kept, 1);
    let rent = shop.rent(given_back, 2);
    shop.cancel(rent);
    eventually(SETTLING, || shop.is_free(given_back).then_some(()));
    shop.rent(given_back, 3);
    host.heal("bookrent-view");
    shop.check();
    assert_eq!(shop.all("views").len(), 3);
}

#[test]
fn a_long_backlog_is_handled_to_its_end() {
    let Some(host) = host() else { return };
    let shop = BookRent::of(&host);
    shop.down(&["bookrent-delivery", "bookrent-view"]);
    // More than one batch of either: deliveries read 64 events at once, views 256.
    let rents = 100;
    for n in 0..rents {
        shop.rent(shop.register(&format!("book {n}")), n + 1);
    }
    host.heal("bookrent-delivery");
    host.heal("bookrent-view");
    shop.check();
    assert_eq!(shop.all("deliveries").len() as u64, rents);
}
