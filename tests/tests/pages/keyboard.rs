//! A book registered and rented without a mouse.

use madang_testing::browser::{Look, keys};
use serde_json::json;

use crate::support::{Reader, SHARED};

/// Presses Tab until the focus is where it should be.
#[track_caller]
fn tab_to(reader: &Reader, wanted: &str) {
    let mut passed = Vec::new();
    for _ in 0..80 {
        reader.press(keys::TAB);
        let here = reader.focused();
        if here == wanted {
            // Who has no mouse must see where they are.
            let style = "const e = document.activeElement; const s = getComputedStyle(e);
                return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2";
            assert_eq!(reader.run(style, json!([])), true, "{wanted} does not show its focus");
            return;
        }
        passed.push(here);
    }
    panic!("Tab does not get to {wanted}: {passed:?}");
}

#[test]
fn everything_is_reached_with_tab_and_done_with_enter() {
    let host = SHARED.host();
    let reader = Reader::of(&host, Look::WIDE);
    reader.go("/pages/bookrent/books");
    // The first stop leads past the navigation.
    reader.press(keys::TAB);
    assert_eq!(reader.focused(), "Skip to the content");
    reader.press(keys::ENTER);
    assert_eq!(reader.focused(), "main");
    tab_to(&reader, "register-title");
    reader.press("By keyboard");
    tab_to(&reader, "register-status");
    // Off and on again.
    reader.press(keys::SPACE);
    reader.press(keys::SPACE);
    tab_to(&reader, "Register");
    reader.press(keys::ENTER);
    reader.await_text("#said", "The book is registered.");
    assert_eq!(reader.focused(), "said", "what was done is where the focus is");
    let book = reader.text("#said strong");

    reader.go("/pages/bookrent/rent");
    tab_to(&reader, "rent-bookId");
    reader.press(book.trim_start_matches('#'));
    tab_to(&reader, "rent-userId");
    reader.press("73");
    tab_to(&reader, "rent-address");
    reader.press("Seoul");
    reader.press(keys::ENTER);
    reader.await_text("#said", "The book is yours");
    reader.await_text("#mine tbody tr:first-child", "Delivery Started");
    let rent = reader.text("#mine tbody tr:first-child td:first-child");
    tab_to(&reader, &format!("Return {rent}"));
    reader.press(keys::ENTER);
    reader.await_text("#said", "Cancelled");
    reader.leave();
}
