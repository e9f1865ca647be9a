//! Whether an answer contains what is expected of it.

use crate::script::Expected;
use serde_json::Value;

/// What stands for anything that is there and not null.
const ANYTHING: &str = "*";

impl Expected {
    /// That an answer is this one.
    ///
    /// # Errors
    /// What it is instead.
    pub fn fits(&self, status: u16, says_when: bool, body: &[u8]) -> Result<(), String> {
        if status != self.status {
            return Err(format!("the status is {status} and not {}", self.status));
        }
        if status == 503 && !says_when {
            return Err("a 503 does not say when to try again (Retry-After)".to_owned());
        }
        let Some(expected) = &self.body else { return Ok(()) };
        let body = serde_json::from_slice(body).map_err(|_| "the body is no JSON".to_owned())?;
        contains(expected, &body)
    }
}

/// That `actual` contains `expected`: an object each named member, an array as many elements, of which each
/// contains its own.
///
/// # Errors
/// The first place where it does not.
pub fn contains(expected: &Value, actual: &Value) -> Result<(), String> {
    compare(expected, actual, "")
}

fn compare(expected: &Value, actual: &Value, at: &str) -> Result<(), String> {
    match (expected, actual) {
        (Value::String(anything), _) if anything == ANYTHING && !actual.is_null() => Ok(()),
        (Value::Object(expected), Value::Object(actual)) => {
            expected.iter().try_for_each(|(name, expected)| {
                let at = format!("{at}/{name}");
                let actual = actual.get(name).ok_or_else(|| format!("{at} is not there"))?;
                compare(expected, actual, &at)
            })
        }
        (Value::Array(expected), Value::Array(actual)) => {
            if expected.len() != actual.len() {
                let (many, expected) = (actual.len(), expected.len());
                return Err(format!("{at} has {many} elements and not {expected}"));
            }
            let mut pairs = expected.iter().zip(actual).enumerate();
            pairs.try_for_each(|(i, (expected, actual))| {
                compare(expected, actual, &format!("{at}/{i}"))
            })
        }
        _ if expected == actual => Ok(()),
        _ => Err(format!("{at} is {actual} and not {expected}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::When;
    use serde_json::json;

    #[test]
    fn an_answer_has_the_status_and_contains_the_body() {
        let expected = |status, body| Expected { status, body, when: When::Now };
        let ok = expected(200, Some(json!({"id": 1})));
        assert_eq!(ok.fits(200, false, br#"{"id": 1, "a": 2}"#), Ok(()));
        assert!(ok.fits(201, false, br#"{"id": 1}"#).unwrap_err().contains("201 and not 200"));
        assert!(ok.fits(200, false, b"").unwrap_err().contains("no JSON"));
        assert!(ok.fits(200, false, br#"{"id": 2}"#).unwrap_err().contains("/id is 2"));
        assert_eq!(expected(204, None).fits(204, false, b""), Ok(()));
        assert_eq!(expected(503, None).fits(503, true, b""), Ok(()));
        assert!(expected(503, None).fits(503, false, b"").unwrap_err().contains("Retry-After"));
    }

    #[test]
    fn more_members_are_no_matter() {
        let actual = json!({"id": 1, "of": {"a": null, "b": [{"c": 1, "d": 2}, true]}});
        for expected in [
            json!({}),
            json!({"id": "*"}),
            json!({"of": {"a": null, "b": [{"d": 2}, true]}}),
            actual.clone(),
        ] {
            assert_eq!(contains(&expected, &actual), Ok(()), "{expected}");
        }
    }

    #[test]
    fn the_first_difference_is_named() {
        let actual = json!({"id": 1, "none": null, "list": [{"a": 1}]});
        for (expected, told) in [
            (json!({"id": "1"}), "/id is 1 and not \"1\""),
            (json!({"name": null}), "/name is not there"),
            (json!({"none": "*"}), "/none is null and not \"*\""),
            (json!({"list": []}), "/list has 1 elements and not 0"),
            (json!({"list": [{"a": 2}]}), "/list/0/a is 1 and not 2"),
            (json!({"list": {}}), "/list is [{\"a\":1}] and not {}"),
        ] {
            assert_eq!(contains(&expected, &actual), Err(told.to_owned()));
        }
    }
}
