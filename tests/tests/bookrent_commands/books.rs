//! The commands on books.

use super::SHARED;
use madang_testing::eventually;
use madang_tests::{BookRent, SETTLING, problem};
use serde_json::json;

#[test]
fn a_book_that_cannot_be_rented_is_registered_too() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let body = json!({"title": "reference only", "status": false});
    let book = shop.client.post("/bookrent/books", body).expect(201).json()["id"].clone();
    let failed = shop.ask(book.as_u64().unwrap(), 1).expect(201);
    assert_eq!(failed.json()["status"], "Fail");
}

#[test]
fn a_rented_book_is_not_deleted() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("rented");
    let path = format!("/bookrent/books/{book}");
    let rent = shop.rent(book, 1);
    problem(&shop.client.delete(&path), 409, &path);
    shop.cancel(rent);
    eventually(SETTLING, || shop.is_free(book).then_some(()));
    let _ = shop.client.delete(&path).expect(204);
}

#[test]
fn the_status_of_a_rented_book_is_not_changed() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("rented");
    let path = format!("/bookrent/books/{book}");
    let rent = shop.rent(book, 1);
    problem(&shop.client.patch(&path, json!({"status": true})), 409, &path);
    problem(&shop.client.put(&path, json!({"title": "t", "status": true})), 409, &path);
    assert!(!shop.is_free(book));
    // What is not its status can be corrected, and it is still that rent's.
    let corrected = shop.client.patch(&path, json!({"title": "corrected"})).expect(200).json();
    assert_eq!((&corrected["title"], &corrected["status"]), (&json!("corrected"), &json!(false)));
    assert_eq!(shop.ask(book, 2).expect(201).json()["status"], "Fail");
    shop.cancel(rent);
    eventually(SETTLING, || shop.is_free(book).then_some(()));
    assert_eq!(
        shop.client.patch(&path, json!({"status": false})).expect(200).json()["status"],
        false
    );
}

#[test]
fn a_book_that_is_not_there_cannot_be_rented() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    assert_eq!(shop.ask(999_999_999, 1).expect(201).json()["status"], "Fail");
    let gone = shop.register("deleted");
    let _ = shop.client.delete(&format!("/bookrent/books/{gone}")).expect(204);
    assert_eq!(shop.ask(gone, 1).expect(201).json()["status"], "Fail");
}
