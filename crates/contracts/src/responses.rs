//! What every operation may answer besides what it is asked for.

use serde_json::{Map, Value, json};

const PROBLEM: &str = "application/problem+json";

/// The responses of `components`, by name.
pub(crate) fn components() -> Value {
    let problem = |description: &str| {
        let schema = json!({"$ref": "#/components/schemas/Problem"});
        json!({"description": description, "content": {PROBLEM: {"schema": schema}}})
    };
    let later = |description: &str| {
        let mut response = problem(description);
        response["headers"] = json!({"Retry-After": {
            "description": "Seconds until another try makes sense.",
            "schema": {"type": "integer", "minimum": 0},
        }});
        response
    };
    json!({
        "BadRequest": problem("The request is wrong; `errors` names the fields."),
        "NotFound": problem("There is nothing of that id, or nothing that it could be done to."),
        "Conflict": problem("The state does not allow it, or another request was faster."),
        "PreconditionFailed": problem("The version is another than `If-Match` says."),
        "ContentTooLarge": problem("The body is over 1 MiB."),
        "UnsupportedMediaType": problem("The body is not JSON."),
        "Unprocessable": problem("The Idempotency-Key was used with another request."),
        "TooManyRequests": later("The client has used up its requests for now."),
        "ServiceUnavailable": later("Something that it needs is not there at the moment; nothing was changed."),
        "Problem": problem("Anything else that went wrong."),
    })
}

/// The schema of problems (RFC 9457, with the members that Spring's clients read).
pub(crate) fn problem() -> Value {
    json!({
        "type": "object",
        "description": "What went wrong (RFC 9457).",
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
            "instance": {"type": "string"},
            "message": {"type": "string", "description": "The detail again."},
            "errors": {"type": "array", "description": "The fields at fault.", "items": {
                "type": "object",
                "properties": {
                    "entity": {"type": "string"},
                    "property": {"type": "string"},
                    "invalidValue": true,
                    "message": {"type": "string"},
                },
                "required": ["entity", "property", "message"],
            }},
        },
        "required": ["type", "title", "status", "detail"],
    })
}

/// What an operation may be refused with.
#[derive(Clone, Copy, Default)]
pub(crate) struct Refusals {
    /// It names an item.
    pub(crate) item: bool,
    /// It has a body.
    pub(crate) body: bool,
    /// It changes something.
    pub(crate) changes: bool,
    /// It takes an Idempotency-Key.
    pub(crate) keyed: bool,
    /// It takes If-Match.
    pub(crate) versioned: bool,
}

/// The refusals, to be added to what an operation answers.
pub(crate) fn refusals(of: Refusals) -> Map<String, Value> {
    let named = [
        ("400", "BadRequest", true),
        ("404", "NotFound", of.item || of.changes),
        ("409", "Conflict", of.changes),
        ("412", "PreconditionFailed", of.versioned),
        ("413", "ContentTooLarge", of.body),
        ("415", "UnsupportedMediaType", of.body),
        ("422", "Unprocessable", of.keyed),
        ("429", "TooManyRequests", true),
        ("503", "ServiceUnavailable", true),
        ("default", "Problem", true),
    ];
    let reference = |name| json!({"$ref": format!("#/components/responses/{name}")});
    let possible = named.into_iter().filter(|(_, _, is_possible)| *is_possible);
    possible.map(|(status, name, _)| (status.to_owned(), reference(name))).collect()
}
