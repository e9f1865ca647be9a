//! A field of a form: shown, and read.

use maud::{Markup, html};
use serde_json::{Value, json};

use crate::model::{Field, Kind};
use crate::visit::Visit;

/// A field as it is now.
pub(super) struct State<'s> {
    /// Its form.
    pub(super) form: &'static str,
    /// What is in it.
    pub(super) value: String,
    /// What is wrong with it; none where nothing is.
    pub(super) error: Option<&'s str>,
}

/// The field with its label, its hint and its error, which name each other.
pub(super) fn show(visit: &Visit, field: &Field, state: &State) -> Markup {
    let id = format!("{}-{}", state.form, field.name);
    let (hint, error) = (format!("{id}-hint"), format!("{id}-error"));
    let has_hint = !field.hint.en.is_empty();
    let described = match (has_hint, state.error.is_some()) {
        (true, true) => Some(format!("{hint} {error}")),
        (true, false) => Some(hint.clone()),
        (false, true) => Some(error.clone()),
        (false, false) => None,
    };
    let (described, invalid) = (described.as_deref(), state.error.map(|_| "true"));
    let required = (!field.optional).then_some("true");
    let optional = html! {
        @if field.optional { span.optional { (visit.pick("optional", "선택")) } }
    };
    let around = html! {
        @if has_hint { p.hint id=(hint) { (visit.say(field.hint)) } }
        @if let Some(text) = state.error { p.error id=(error) { (text) } }
    };
    if let Kind::Flag = field.kind {
        return html! {
            div.field.flag {
                input id=(id) name=(field.name) type="checkbox" value="true"
                    checked[state.value == "true"] aria-describedby=[described];
                label for=(id) { (visit.say(field.label)) }
                (around)
            }
        };
    }
    let (most, mode) = match field.kind {
        Kind::Text(most) | Kind::Long(most) => (Some(most), None),
        Kind::Number => (Some(20), Some("numeric")),
        Kind::Day | Kind::Flag => (None, None),
        Kind::Secret => (Some(14), None),
    };
    let kind = if let Kind::Day = field.kind { "date" } else { "text" };
    // What a browser remembers of a secret is as kept as what we would.
    let complete = matches!(field.kind, Kind::Secret).then_some("off");
    html! {
        div.field.wrong[state.error.is_some()] {
            label for=(id) { (visit.say(field.label)) (optional) }
            (around)
            @if let Kind::Long(_) = field.kind {
                textarea id=(id) name=(field.name) rows="3" maxlength=[most] aria-required=[required]
                    aria-invalid=[invalid] aria-describedby=[described] { (state.value) }
            } @else {
                input id=(id) name=(field.name) type=(kind) value=(state.value) maxlength=[most]
                    inputmode=[mode] autocomplete=[complete] aria-required=[required]
                    aria-invalid=[invalid] aria-describedby=[described];
            }
        }
    }
}

/// What is sent for what was filled in; none for an optional field that is empty.
///
/// # Errors
/// `is required` for another that is empty. Everything else is the context's to say.
pub(super) fn read(field: &Field, filled: Option<&str>) -> Result<Option<Value>, &'static str> {
    let text = filled.map(str::trim).unwrap_or_default();
    match field.kind {
        Kind::Flag => return Ok(Some(json!(text == "true"))),
        _ if text.is_empty() && field.optional => return Ok(None),
        _ if text.is_empty() => return Err("is required"),
        Kind::Number => {}
        _ => return Ok(Some(json!(text))),
    }
    let digits = text.replace(',', "");
    let number = digits.parse::<u64>().map(Value::from);
    let number = number.or_else(|_| digits.parse::<i64>().map(Value::from));
    Ok(Some(number.unwrap_or_else(|_| json!(text))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NOTHING;

    #[test]
    fn what_is_filled_in_is_sent_as_the_kind_of_value_that_it_is() {
        let field = |kind| Field::new("f", NOTHING, kind);
        for (kind, filled, expected) in [
            (Kind::Number, Some(" 10,000 "), Ok(Some(json!(10_000)))),
            (Kind::Number, Some("-1"), Ok(Some(json!(-1)))),
            (Kind::Number, Some("ten"), Ok(Some(json!("ten")))),
            (Kind::Number, Some(""), Err("is required")),
            (Kind::Text(9), Some(" a "), Ok(Some(json!("a")))),
            (Kind::Text(9), None, Err("is required")),
            (Kind::Flag, None, Ok(Some(json!(false)))),
            (Kind::Flag, Some("true"), Ok(Some(json!(true)))),
        ] {
            assert_eq!(read(&field(kind), filled), expected, "{filled:?}");
        }
        assert_eq!(read(&field(Kind::Number).optional(), Some(" ")), Ok(None));
    }
}
