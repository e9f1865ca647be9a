//! The failure scenarios of BookRent: a component is down, or slow, or wanted by all.

use madang_testing::{Host, eventually, in_parallel};
use madang_tests::{BookRent, SETTLING, problem, with_faults};
use serde_json::json;

fn host() -> Option<Host> {
    with_faults(Host::builder())
}

#[test]
fn with_book_down_a_rent_fails_and_with_book_back_the_next_is_a_rent() {
    let Some(host) = host() else { return };
    let shop = BookRent::of(&host);
    let book = shop.register("down and up");
    shop.down(&["bookrent-book"]);
    let path = format!("/bookrent/books/{book}");
    let answer = shop.client.get(&path);
    problem(&answer, 503, &path);
    assert!(answer.header("retry-after").is_some(), "{answer}");
    let failed = shop.ask(book, 1).expect(201);
    assert_eq!(failed.json()["status"], "Fail");
    assert_eq!(shop.client.get(failed.location()).expect(200).json(), failed.json());
    // Nobody is told of it.
    assert_eq!(shop.log().len(), 1);
    host.heal("bookrent-book");
    shop.rent(book, 2);
    shop.check();
    assert_eq!(shop.client.get(failed.location()).expect(200).json()["status"], "Fail");
}

#[test]
fn a_rent_that_failed_can_be_deleted_while_book_is_still_down() {
    let Some(host) = host() else { return };
    let shop = BookRent::of(&host);
    let book = shop.register("deleted early");
    shop.down(&["bookrent-book"]);
    let failed = shop.ask(book, 1).expect(201);
    problem(
        &shop.client.patch(failed.location(), json!({"status": "Cancel"})),
        409,
        failed.location().trim_start_matches(host.url()),
    );
    let _ = shop.client.delete(failed.location()).expect(204);
    let _ = shop.client.get(failed.location()).expect(404);
    let _ = shop.client.delete(failed.location()).expect(404);
    assert_eq!(shop.all("rents"), Vec::<serde_json::Value>::new());
    host.heal("bookrent-book");
    shop.check();
    shop.rent(book, 2);
    shop.check();
}

#[test]
fn with_delivery_down_a_rent_is_a_rent_and_is_delivered_once_it_is_back() {
    let Some(host) = host() else { return };
    let shop = BookRent::of(&host);
    let book = shop.register("delivered late");
    shop.down(&["bookrent-delivery"]);
    let rent = shop.rent(book, 1);
    shop.follow("view");
    let view = shop.view_of(rent);
    assert_eq!(view["rentStatus"], "Rent");
    assert_eq!((&view["deliveryStatus"], &view["deliveryId"]), (&json!(null), &json!(null)));
    host.heal("bookrent-delivery");
    // Looking at the log is nothing that a client does: it wakes nobody.
    eventually(SETTLING, || shop.log().iter().any(|e| e.kind == "DeliveryStarted").then_some(()));
    shop.check();
    assert_eq!(shop.view_of(rent)["deliveryStatus"], "Delivery Started");
}

#[test]
fn a_book_that_answers_too_late_is_given_back() {
    let Some(host) = host() else { return };
    let shop = BookRent::of(&host);
    let book = shop.register("slow");
    // The caller's limit is 1000 ms.
    host.delay("bookrent-book", 1300..=1400);
    let failed = shop.ask(book, 1).expect(201);
    assert_eq!(failed.json()["status"], "Fail");
    host.heal("bookrent-book");
    shop.check();
    assert!(shop.is_free(book));
    shop.rent(book, 2);
    shop.check();
    assert_eq!(shop.client.get(failed.location()).expect(200).json()["status"], "Fail");
}

#[test]
fn a_book_that_answers_slowly_but_in_time_is_rented() {
    let Some(host) = host() else { return };
    let shop = BookRent::of(&host);
    let book = shop.register("not too slow");
    host.delay("bookrent-book", 100..=200);
    shop.rent(book, 1);
    host.heal("bookrent-book");
    shop.check();
}

#[test]
fn of_two_hundred_clients_who_rent_a_book_at_once_one_does() {
    let host = Host::start();
    let shop = BookRent::of(&host);
    let book = shop.register("wanted by all");
    let answers = in_parallel(200, |user| shop.ask(book, user as u64 + 1));
    let mut statuses: Vec<_> =
        answers.into_iter().map(|a| a.expect(201).json()["status"].clone()).collect();
    statuses.sort_by_key(|status| status == "Fail");
    let mut expected = vec![json!("Fail"); 200];
    expected[0] = json!("Rent");
    assert_eq!(statuses, expected);
    shop.check();
    assert_eq!(shop.all("rents").len(), 200);
}

#[test]
fn a_component_that_is_killed_harms_nobody_else() {
    let Some(host) = host() else { return };
    let shop = BookRent::of(&host);
    let book = shop.register("beside it");
    host.crash("bookrent-rent", 1, None);
    let answer = shop.ask(book, 1);
    problem(&answer, 500, "/bookrent/rents");
    for path in ["/bookrent/books", "/bookrent/rents", "/bookrent/deliveries", "/bookrent/views"] {
        let _ = shop.client.get(path).expect(200);
    }
    host.heal("bookrent-rent");
    shop.rent(book, 1);
    shop.check();
}
