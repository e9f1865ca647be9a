//! JSON on the wire: WIT's names in camelCase, and bodies that are refused with the field named.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{Error, Rejection};

/// A WIT record as it stands on the wire: field names in camelCase.
///
/// # Errors
/// A fault where the record cannot be JSON (a map with keys that are no text).
pub fn to_wire<T: Serialize + ?Sized>(record: &T) -> Result<Value, Error> {
    serde_json::to_value(record)
        .map(|value| rename(value, &|field| Some(camel(field))))
        .map_err(Error::fault)
}

/// A record from the wire.
///
/// # Errors
/// The rejection that names the field, in the wire's words, with what it must be.
pub fn from_wire<T: DeserializeOwned>(value: Value) -> Result<T, Rejection> {
    // serde would take a list of a record's values, too. It is not repeated: nobody knows what is in it.
    if !value.is_object() {
        return Err(Rejection::invalid("body", Value::Null, "must be a JSON object"));
    }
    let mut named = rename(value, &snake);
    make_whole(&mut named);
    serde_path_to_error::deserialize(&named).map_err(|error| {
        let path = error.path().to_string();
        let reason = error.inner().to_string();
        // serde names a missing field in its text only, at the path of the record around it.
        let missing =
            reason.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        match missing {
            Some(field) => Rejection::invalid(camel(field), Value::Null, "is required"),
            None => {
                let invalid = at(&named, &path).cloned().unwrap_or(Value::Null);
                Rejection::invalid(camel(&path), invalid, without_value(&reason))
            }
        }
    })
}

/// A record that Madang itself has written: nobody waits to be told which field is wrong, and reading it
/// costs half the code.
///
/// # Errors
/// What serde reports.
pub(crate) fn record<T: DeserializeOwned>(value: Value) -> Result<T, serde_json::Error> {
    serde_json::from_value(rename(value, &snake))
}

/// What serde says of a wrong value, without the value: that stands in a member of its own.
fn without_value(reason: &str) -> String {
    let reason = reason.split(" at line ").next().unwrap_or(reason);
    let Some((found, expected)) = reason.rsplit_once(", expected ") else {
        return reason.to_owned();
    };
    let found = found.split(['`', '"']).next().unwrap_or(found).trim_end();
    format!("{found}, expected {expected}")
}

/// RFC 7396: `patch` over `target`.
pub fn merge(target: &mut Value, patch: Value) {
    match patch {
        Value::Object(members) => {
            if !target.is_object() {
                *target = Value::Object(Map::new());
            }
            let Value::Object(fields) = target else { return };
            for (name, value) in members {
                if value.is_null() {
                    fields.remove(&name);
                } else {
                    merge(fields.entry(name).or_insert(Value::Null), value);
                }
            }
        }
        other => *target = other,
    }
}

/// The names of a record's fields on the wire, in order; empty for what is no record.
pub fn fields<T: DeserializeOwned>() -> Vec<String> {
    let mut names = Names(&[]);
    // Refused on purpose: a record names its fields before it asks for the first.
    let _ = T::deserialize(&mut names);
    names.0.iter().map(|name| camel(name)).collect()
}

/// A deserializer that hears which fields a record wants and gives nothing.
struct Names(&'static [&'static str]);

impl<'de> serde::Deserializer<'de> for &mut Names {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: serde::de::Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom("only names are wanted"))
    }

    fn deserialize_struct<V: serde::de::Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0 = fields;
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Makes `1.0` the whole number that it is in JSON (as JSON Schema has it); serde tells them apart.
fn make_whole(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            let float = number.as_f64().filter(|float| float.fract() == 0.0);
            // Within the range a cast loses nothing: the float is a whole number already.
            if let Some(float) = float.filter(|float| (0.0..2f64.powi(64)).contains(float)) {
                *value = Value::from(float as u64);
            } else if let Some(float) = float.filter(|float| (-2f64.powi(63)..0.0).contains(float))
            {
                *value = Value::from(float as i64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make_whole),
        Value::Object(fields) => fields.values_mut().for_each(make_whole),
        _ => {}
    }
}

fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, name| value.get(name))
}

/// Renames all fields; those without a name are left out.
fn rename(value: Value, name: &dyn Fn(&str) -> Option<String>) -> Value {
    match value {
        // Most records' names are the same on both sides: then there is nothing to build anew.
        Value::Object(mut fields) if fields.keys().all(|field| is_plain(field)) => {
            for value in fields.values_mut().filter(|value| value.is_object() || value.is_array()) {
                *value = rename(value.take(), name);
            }
            Value::Object(fields)
        }
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .filter_map(|(field, value)| Some((name(&field)?, rename(value, name))))
                .collect(),
        ),
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| rename(item, name)).collect())
        }
        scalar => scalar,
    }
}

/// Whether a name is the same in WIT and on the wire.
fn is_plain(name: &str) -> bool {
    !name.bytes().any(|byte| byte == b'_' || byte.is_ascii_uppercase())
}

fn camel(snake: &str) -> String {
    let mut out = String::with_capacity(snake.len());
    let mut upper = false;
    for c in snake.chars() {
        if c == '_' {
            upper = true;
        } else if std::mem::take(&mut upper) {
            out.push(c.to_ascii_uppercase());
        } else {
            out.push(c);
        }
    }
    out
}

/// `None` for a name that is no camelCase: nothing here is called so, and it must not pass for its
/// namesake in camelCase.
fn snake(camel: &str) -> Option<String> {
    if camel.contains('_') {
        return None;
    }
    let mut out = String::with_capacity(camel.len() + 4);
    for c in camel.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
            out.push(c.to_ascii_lowercase());
        } else {
            out.push(c);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Body {
        book_id: u64,
        address: String,
        note: Option<String>,
    }

    #[test]
    fn records_travel_in_camel_case() {
        let body = Body { book_id: 1, address: "a".into(), note: None };
        let wire = to_wire(&body).unwrap();
        assert_eq!(wire, json!({"bookId": 1, "address": "a", "note": null}));
        assert_eq!(from_wire::<Body>(wire), Ok(body));
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_fraction_of_zero() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Counted {
            seats: u64,
            change: i64,
        }
        let read = |seats: &str, change: &str| {
            let text = format!("{{\"seats\": {seats}, \"change\": {change}}}");
            from_wire::<Counted>(serde_json::from_str(&text).unwrap())
        };
        assert_eq!(read("3.0", "-2.0"), Ok(Counted { seats: 3, change: -2 }));
        assert_eq!(read("1e3", "-0.0"), Ok(Counted { seats: 1000, change: 0 }));
        for (seats, change) in
            [("1.5", "1"), ("-1.0", "1"), ("18446744073709551616.0", "1"), ("1", "-1e19")]
        {
            assert!(read(seats, change).is_err(), "{seats} {change}");
        }
    }

    #[test]
    fn a_record_knows_the_names_of_its_fields() {
        assert_eq!(fields::<Body>(), ["bookId", "address", "note"]);
        assert!(fields::<String>().is_empty());
    }

    #[test]
    fn unknown_fields_are_ignored_and_optional_ones_may_be_left_out() {
        let body = from_wire::<Body>(json!({"bookId": 1, "address": "a", "colour": "red"}));
        assert_eq!(body, Ok(Body { book_id: 1, address: "a".into(), note: None }));
    }

    #[test]
    fn a_name_in_snake_case_is_an_unknown_one() {
        let both = json!({"book_id": 2, "bookId": 1, "address": "a"});
        assert_eq!(from_wire::<Body>(both).map(|body| body.book_id), Ok(1));
        let refused = from_wire::<Body>(json!({"book_id": 2, "address": "a"})).unwrap_err();
        assert_eq!(refused.violations[0].property, "bookId");
    }

    #[test]
    fn a_wrong_type_names_the_field_and_what_was_sent() {
        let refused = from_wire::<Body>(json!({"bookId": "one", "address": "a"})).unwrap_err();
        assert_eq!(refused.violations[0].property, "bookId");
        assert_eq!(refused.violations[0].invalid_value, json!("one"));
        assert_eq!(refused.detail, "bookId: invalid type: string, expected u64");
    }

    #[test]
    fn what_is_wrong_with_a_value_is_said_without_the_value() {
        for (address, found) in [
            (json!(8_903_092), "integer"),
            (json!("8, expected".len() as f64 + 0.5), "floating point"),
            (json!(true), "boolean"),
            (json!(["890309"]), "sequence"),
            (json!({"890309": 1}), "map"),
        ] {
            let refused = from_wire::<Body>(json!({"bookId": 1, "address": address})).unwrap_err();
            assert_eq!(
                refused.detail,
                format!("address: invalid type: {found}, expected a string")
            );
        }
    }

    #[test]
    fn a_negative_count_names_the_field() {
        let refused = from_wire::<Body>(json!({"bookId": -1, "address": "a"})).unwrap_err();
        assert_eq!(refused.violations[0].property, "bookId");
    }

    #[test]
    fn a_missing_field_is_named() {
        let refused = from_wire::<Body>(json!({"address": "a"})).unwrap_err();
        assert_eq!(refused, Rejection::invalid("bookId", Value::Null, "is required"));
    }

    #[test]
    fn a_body_that_is_no_object_is_refused() {
        for body in [json!(7), json!([1, "a", null]), json!(null)] {
            let refused = Rejection::invalid("body", Value::Null, "must be a JSON object");
            assert_eq!(from_wire::<Body>(body), Err(refused));
        }
    }

    #[test]
    fn a_merge_patch_sets_and_removes() {
        let mut target = json!({"a": 1, "b": {"c": 2, "d": 3}});
        merge(&mut target, json!({"a": null, "b": {"c": 4}, "e": 5}));
        assert_eq!(target, json!({"b": {"c": 4, "d": 3}, "e": 5}));
    }
}
