//! BookRent: the librarian registers a book, and a customer rents it, follows it and returns it.

use madang_testing::browser::Look;
use serde_json::json;

use crate::support::{Reader, SHARED};

#[test]
fn a_book_is_registered_rented_delivered_and_returned() {
    let host = SHARED.host();
    let reader = Reader::of(&host, Look::WIDE);

    reader.visit("/pages/bookrent/books");
    reader.fill("#register-title", "토지 (Land)");
    reader.click("#register button");
    reader.await_text("#said", "The book is registered.");
    let book = number(&reader.text("#said strong"));
    reader.await_text(&format!("#books-{book}"), "토지 (Land)");

    reader.visit("/pages/bookrent/rent");
    reader.click(&format!("#books-{book} .button"));
    // The row has filled the form in as far as it could.
    let filled = reader.run("return document.querySelector('#rent-bookId').value", json!([]));
    assert_eq!(filled, book.to_string());
    reader.submit("rent", &[("userId", "71"), ("address", "서울시 종로구")]);
    reader.await_text("#said", "The book is yours");
    // It is remembered who rents, and what follows shows up by itself.
    assert!(reader.url().contains("userId=71"), "{}", reader.url());
    reader.await_text("#mine tbody tr:first-child", "Delivery Started");
    reader.await_text(&format!("#books-{book}"), "Rented");
    reader.check_access();

    reader.click("#said a");
    reader.await_text("#saga .steps", "DeliveryStarted");
    reader.await_text("#saga .steps", "View handled it");
    let drawn = reader.text("svg.flow");
    for part in ["BookRented", "DeliveryStarted", "check-and-change-status", "delivery", "view"] {
        assert!(drawn.contains(part), "{part} is not drawn: {drawn}");
    }
    reader.check_access();

    reader.visit("/pages/bookrent/rent?userId=71");
    reader.click("#mine tbody tr:first-child button");
    reader.await_text("#said", "Cancelled");
    reader.await_text("#mine tbody tr:first-child", "Delivery Cancelled");
    reader.await_text(&format!("#books-{book}"), "Can be rented");
    assert_eq!(reader.rest(&format!("/bookrent/books/{book}"))["status"], true);
    reader.leave();
}

#[test]
fn a_rent_that_fails_says_so_and_why() {
    let host = SHARED.host();
    let reader = Reader::of(&host, Look::PHONE);
    reader.visit("/pages/bookrent/rent");
    reader.submit("rent", &[("bookId", "987654321"), ("userId", "72"), ("address", "Seoul")]);
    reader.await_text("#said.bad", "could not be rented");
    reader.await_text("#mine", "Nothing is rented yet.");
    reader.leave();
}

#[test]
fn what_is_wrong_stands_beside_the_field_in_the_readers_language() {
    let host = SHARED.host();
    let reader = Reader::of(&host, Look { lang: "ko", ..Look::WIDE });
    reader.visit("/pages/bookrent/rent");
    reader.submit("rent", &[("bookId", "abc"), ("userId", "1")]);
    // What is missing is not even asked for.
    reader.await_text("#rent-address-error", "필수 항목입니다");
    assert_eq!(reader.focused(), "said");
    reader.fill("#rent-address", "서울");
    reader.click("#rent button");
    reader.await_text("#rent-bookId-error", "숫자여야 합니다");
    let described = "const f = document.querySelector('#rent-bookId');
        return [f.value, f.ariaInvalid, f.getAttribute('aria-describedby')]";
    let expected = json!(["abc", "true", "rent-bookId-hint rent-bookId-error"]);
    assert_eq!(reader.run(described, json!([])), expected);
    // The summary leads to the field.
    reader.click("#said a");
    assert_eq!(reader.focused(), "rent-bookId");
    reader.check_access();
    reader.leave();
}

/// The number in `#7`.
#[track_caller]
pub fn number(text: &str) -> u64 {
    text.trim().trim_start_matches('#').parse().unwrap_or_else(|e| panic!("{text:?}: {e}"))
}
