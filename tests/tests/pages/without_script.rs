//! Everything without a script: the reader refreshes by themselves.

use madang_testing::browser::{Look, PATIENCE};
use madang_testing::eventually;

use crate::support::{Reader, SHARED};

#[test]
fn a_book_is_rented_and_returned_without_a_script() {
    let host = SHARED.host();
    let reader = Reader::of(&host, Look { scripts: false, ..Look::PHONE });
    reader.go("/pages/bookrent/books");
    reader.fill("#register-title", "No script");
    reader.click("#register button");
    let book = reader.text("#said strong");
    reader.go("/pages/bookrent/rent");
    reader.submit(
        "rent",
        &[("bookId", book.trim_start_matches('#')), ("userId", "74"), ("address", "Seoul")],
    );
    reader.await_text("#said", "The book is yours");
    let refreshed = |part: &str| {
        eventually(PATIENCE, || {
            let text = reader.text("#mine");
            if text.contains(part) {
                return Ok(());
            }
            reader.click("noscript a");
            Err(text)
        });
    };
    refreshed("Delivery Started");
    reader.click("#mine tbody tr:first-child button");
    reader.await_text("#said", "Cancelled");
    refreshed("Delivery Cancelled");
    // No script was even asked for.
    let requested = reader.requested();
    assert!(!requested.iter().any(|url| url.contains("refresh.js")), "{requested:?}");
}
