//! Order in Redis: each field of a resource has a sorted set whose members sort by their bytes.

use serde_json::Value;

/// Digits of the id at the end of a member.
const ID_DIGITS: usize = 20;
/// Bytes of a text that take part in the order; what is longer is told apart by a hash behind them.
const TEXT_BYTES: usize = 100;

/// The entries of a resource: each scalar field with its member.
pub(crate) fn entries(resource: &Value, id: u64) -> Vec<(String, Vec<u8>)> {
    let Value::Object(fields) = resource else { return Vec::new() };
    fields
        .iter()
        .filter(|(field, _)| *field != "id")
        .filter_map(|(field, value)| {
            let mut member = prefix(value)?;
            member.extend(format!("{id:0ID_DIGITS$}").into_bytes());
            Some((field.clone(), member))
        })
        .collect()
}

/// The lowest and highest bound (as ZRANGE BYLEX takes them) of the members with this value.
pub(crate) fn bounds(value: &Value) -> Option<(Vec<u8>, Vec<u8>)> {
    let prefix = prefix(value)?;
    let lowest = [b"[", prefix.as_slice()].concat();
    let mut highest = [b"(", prefix.as_slice()].concat();
    if let Some(end) = highest.last_mut() {
        *end = 1;
    }
    Some((lowest, highest))
}

/// Whether a resource is among the members with this value.
pub(crate) fn holds(resource: &Value, field: &str, value: &Value) -> bool {
    resource.get(field).is_some_and(|own| prefix(own) == prefix(value))
}

fn prefix(value: &Value) -> Option<Vec<u8>> {
    let mut bytes = match value {
        Value::Null => Vec::new(),
        Value::Bool(flag) => vec![b'0' + u8::from(*flag)],
        Value::Number(number) => match number.as_u64() {
            Some(number) => format!("{number:0ID_DIGITS$}").into_bytes(),
            // The further below zero, the fewer: `-` sorts before all digits.
            None => {
                let below = number.as_i64()?.unsigned_abs();
                format!("-{:0ID_DIGITS$}", u64::MAX - below).into_bytes()
            }
        },
        Value::String(text) => text_key(text),
        Value::Array(_) | Value::Object(_) => return None,
    };
    bytes.push(0);
    Some(bytes)
}

fn text_key(text: &str) -> Vec<u8> {
    let bytes: Vec<u8> = text.bytes().map(|byte| byte.max(2)).collect();
    if bytes.len() <= TEXT_BYTES {
        return bytes;
    }
    [&bytes[..TEXT_BYTES], format!("{:016x}", fnv1a(&bytes)).as_bytes()].concat()
}

/// FNV-1a, 64 bits: stable across versions, which std's hasher does not promise.
pub(crate) fn fnv1a<'b>(bytes: impl IntoIterator<Item = &'b u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn member(value: Value, id: u64) -> Vec<u8> {
        entries(&json!({"id": id, "field": value}), id).remove(0).1
    }

    #[test]
    fn members_sort_as_their_values_do_and_then_by_id() {
        let sorted = [
            member(json!(null), 9),
            member(json!(i64::MIN), 1),
            member(json!(-10), 2),
            member(json!(-2), 1),
            member(json!(-2), 2),
            member(json!(0), 1),
            member(json!(2), 10),
            member(json!(10), 1),
            member(json!(10), 2),
            member(json!("a"), 1),
            member(json!("ab"), 1),
            member(json!("b"), 1),
        ];
        assert!(sorted.is_sorted());
    }

    #[test]
    fn bounds_hold_exactly_the_members_of_a_value() {
        let (lowest, highest) = bounds(&json!("ab")).unwrap();
        let within = |m: Vec<u8>| m.as_slice() >= &lowest[1..] && m.as_slice() < &highest[1..];
        assert!(within(member(json!("ab"), 1)) && within(member(json!("ab"), u64::MAX)));
        assert!(!within(member(json!("a"), 1)) && !within(member(json!("abc"), 1)));
    }

    #[test]
    fn long_texts_that_differ_at_the_end_differ() {
        let (one, other) = ("x".repeat(300) + "1", "x".repeat(300) + "2");
        assert_ne!(bounds(&json!(one)), bounds(&json!(other)));
    }

    #[test]
    fn nested_values_have_no_order() {
        assert!(entries(&json!({"id": 1, "list": [1], "record": {}}), 1).is_empty());
    }
}
