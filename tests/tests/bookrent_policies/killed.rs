//! Policies that are killed between their steps: before they begin, and right after each thing that
//! they do to the outside.

use super::host;
use madang_testing::Trigger;
use madang_tests::{BookRent, Step, kill_at_each_step};

#[test]
fn delivery_killed_on_book_rented() {
    let Some(host) = host() else { return };
    let shop = BookRent::of(&host);
    let step = Step {
        component: "bookrent-delivery",
        trigger: Trigger::Redis,
        before: |shop: &BookRent| shop.register("delivered"),
        act: |shop: &BookRent, book| {
            shop.rent(book, 1);
        },
    };
    let calls = kill_at_each_step(&shop, &step);
    // At least: read the log, take an id, commit, end the batch.
    assert!(calls > 4, "killed at {calls} calls only");
}

#[test]
fn delivery_killed_on_book_cancelled() {
    let Some(host) = host() else { return };
    let shop = BookRent::of(&host);
    let step = Step {
        component: "bookrent-delivery",
        trigger: Trigger::Redis,
        before: |shop: &BookRent| {
            let rent = shop.rent(shop.register("not delivered"), 1);
            shop.settle();
            rent
        },
        act: |shop: &BookRent, rent| {
            shop.cancel(rent);
        },
    };
    let calls = kill_at_each_step(&shop, &step);
    // At least: read the log, find the delivery, read it, commit, end the batch.
    assert!(calls > 5, "killed at {calls} calls only");
}

#[test]
fn book_killed_on_delivery_cancelled() {
    let Some(host) = host() else { return };
    let shop = BookRent::of(&host);
    let step = Step {
        component: "bookrent-book",
        trigger: Trigger::Redis,
        before: |shop: &BookRent| {
            let rent = shop.rent(shop.register("given back"), 1);
            // Held back, so that no other event wakes book while it is to be killed.
            shop.down(&["bookrent-delivery"]);
            shop.cancel(rent);
            shop.follow("book");
        },
        act: |shop: &BookRent, ()| shop.host.heal("bookrent-delivery"),
    };
    let calls = kill_at_each_step(&shop, &step);
    // At least: read the log, read the book, commit, end the batch.
    assert!(calls > 4, "killed at {calls} calls only");
}
