//! The view, killed between its steps on each event that it hears. Delivery is held back where the
//! event is not its own, so that the view hears that one event.

use super::host;
use madang_testing::Trigger;
use madang_tests::{BookRent, Step, kill_at_each_step};

/// A rent whose delivery has not started; delivery is down.
fn rented(shop: &BookRent) -> u64 {
    shop.down(&["bookrent-delivery"]);
    let rent = shop.rent(shop.register("viewed"), 1);
    shop.follow("view");
    rent
}

/// A rent whose delivery has started; then delivery is down.
fn delivered(shop: &BookRent) -> u64 {
    let rent = shop.rent(shop.register("viewed"), 1);
    shop.down(&["bookrent-delivery"]);
    rent
}

fn kill_view<T>(before: impl Fn(&BookRent) -> T, act: impl Fn(&BookRent, T)) {
    let Some(host) = host() else { return };
    let shop = BookRent::of(&host);
    let step = Step { component: "bookrent-view", trigger: Trigger::Redis, before, act };
    let calls = kill_at_each_step(&shop, &step);
    // At least: where it stands, how far the log goes, the lease, the events, the row, the cursor.
    assert!(calls > 6, "killed at {calls} calls only");
}

#[test]
fn view_killed_on_book_rented() {
    let before = |shop: &BookRent| {
        shop.down(&["bookrent-delivery"]);
        let book = shop.register("viewed");
        shop.follow("view");
        book
    };
    kill_view(before, |shop, book| {
        shop.rent(book, 1);
    });
}

#[test]
fn view_killed_on_delivery_started() {
    kill_view(rented, |shop, _| shop.host.heal("bookrent-delivery"));
}

#[test]
fn view_killed_on_book_cancelled() {
    kill_view(delivered, |shop, rent| {
        shop.cancel(rent);
    });
}

#[test]
fn view_killed_on_delivery_cancelled() {
    let before = |shop: &BookRent| {
        let rent = delivered(shop);
        shop.cancel(rent);
        shop.follow("view");
    };
    kill_view(before, |shop, ()| shop.host.heal("bookrent-delivery"));
}
