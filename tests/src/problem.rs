//! Errors as the specification has them.

use madang_testing::Answer;
use serde_json::{Value, json};

/// The body of an error, once it is what RFC 9457 and Spring's clients expect: each member of it,
/// and nothing that tells how the system is built.
///
/// # Panics
/// With the whole answer where it is something else.
#[track_caller]
pub fn problem(answer: &Answer, status: u16, instance: &str) -> Value {
    assert_eq!(answer.status, status, "{answer}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer}");
    let body = answer.json();
    assert_eq!(body["type"], "about:blank", "{answer}");
    assert_eq!(body["status"], status, "{answer}");
    assert_eq!(body["instance"], instance, "{answer}");
    assert!(body["title"].as_str().is_some_and(|title| !title.is_empty()), "{answer}");
    assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{answer}");
    assert_eq!(body["message"], body["detail"], "{answer}");
    for inside in
        ["panicked", ".rs:", "backtrace", "wasm", "Redis", "redis", "EVALSHA", "user_script"]
    {
        assert!(!answer.text().contains(inside), "{inside:?} in\n{answer}");
    }
    body
}

/// The entries of `errors` of a 400, without their messages: entity, property, and what was sent.
///
/// # Panics
/// Where it is no 400 with errors that each have a message.
#[track_caller]
pub fn errors(answer: &Answer, instance: &str) -> Vec<(String, String, Value)> {
    let body = problem(answer, 400, instance);
    let errors = body.get("errors").and_then(Value::as_array);
    let errors = errors.unwrap_or_else(|| panic!("no field is named\n{answer}"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    errors
        .iter()
        .map(|error| {
            assert!(error["message"].as_str().is_some_and(|m| !m.is_empty()), "{answer}");
            let invalid = error.get("invalidValue").cloned().unwrap_or(json!("absent"));
            (text(&error["entity"]), text(&error["property"]), invalid)
        })
        .collect()
}
