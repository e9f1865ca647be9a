//! Values of items, as people read them.

use maud::{Markup, html};
use serde_json::Value;

use crate::model::{Show, When};
use crate::visit::Visit;
use crate::words::{Lang, Tone, status};

/// A value as plain text; null is empty.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether something is for this row.
pub(super) fn is_for(when: When, item: &Value) -> bool {
    match when {
        When::Always => true,
        When::Is(field, values) => values.contains(&text_of(&item[field]).as_str()),
    }
}

/// A value as a column shows it.
pub(super) fn show(visit: &Visit, show: Show, value: &Value) -> Markup {
    let text = text_of(value);
    if text.is_empty() {
        return html! { span.none { "—" } };
    }
    match show {
        Show::Text => html! { (text) },
        Show::Id => html! { span.id { "#" (text) } },
        Show::Number => html! { span.number { (grouped(&text)) } },
        Show::Won if visit.lang == Lang::Ko => html! { span.number { (grouped(&text)) "원" } },
        Show::Won => html! { span.number { "₩" (grouped(&text)) } },
        Show::Status => badge(visit, &text),
        Show::Flag(yes, no) => {
            let (words, class) =
                if value == &Value::Bool(true) { (yes, "good") } else { (no, "over") };
            html! { span.badge.(class) { (visit.say(words)) } }
        }
    }
}

/// A status.
pub(crate) fn badge(visit: &Visit, wire: &str) -> Markup {
    let (text, tone) = status(visit.lang, wire);
    let class = match tone {
        Tone::Good => "good",
        Tone::Busy => "busy",
        Tone::Over => "over",
        Tone::Bad => "bad",
    };
    html! { span.badge.(class) { (text) } }
}

/// Digits in groups of three.
pub(crate) fn grouped(number: &str) -> String {
    let (sign, digits) = match number.strip_prefix('-') {
        Some(digits) => ("−", digits),
        None => ("", number),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return number.to_owned();
    }
    let mut text = sign.to_owned();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_grouped() {
        for (plain, expected) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("-1234567", "−1,234,567"),
            ("18446744073709551615", "18,446,744,073,709,551,615"),
            ("x1000", "x1000"),
        ] {
            assert_eq!(grouped(plain), expected);
        }
    }

    #[test]
    fn rows_are_told_apart_by_their_values() {
        let item = json!({"status": "Rent", "free": true, "none": null});
        for (when, expected) in [
            (When::Always, true),
            (When::Is("status", &["Fail", "Rent"]), true),
            (When::Is("status", &["Fail"]), false),
            (When::Is("free", &["true"]), true),
            (When::Is("none", &[""]), true),
        ] {
            assert_eq!(is_for(when, &item), expected);
        }
    }
}
