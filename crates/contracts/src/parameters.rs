//! What operations take beside their bodies, and the headers that they answer with.

use serde_json::{Value, json};

/// `*`, or entity tags with commas between them (RFC 9110).
const TAGS: &str = r#"^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$"#;

/// A field's schema as that of a parameter: there is no null in a query.
pub(crate) fn plain(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(kind) = schema["type"].get(0).cloned() {
        schema["type"] = kind;
    }
    if let Some(choices) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        choices.retain(|choice| !choice.is_null());
    }
    schema
}

pub(crate) fn sort(fields: &[&str]) -> Value {
    let pattern = format!("^({})(,([aA][sS][cC]|[dD][eE][sS][cC]))?$", fields.join("|"));
    json!({
        "name": "sort", "in": "query", "description": "A field, and `,asc` or `,desc`.",
        "schema": {"type": "string", "pattern": pattern},
    })
}

pub(crate) fn parameters() -> Value {
    let number = |name: &str, place: &str, least: u64, most: u64| {
        json!({
            "name": name, "in": place, "required": place == "path",
            "schema": {"type": "integer", "minimum": least, "maximum": most},
        })
    };
    let size = |default: u64| {
        let mut size = number("size", "query", 1, 1000);
        size["schema"]["default"] = json!(default);
        size["description"] = json!("Items on a page.");
        size
    };
    let mut page = number("page", "query", 0, u64::MAX);
    page["description"] = json!("From 0.");
    let text = |name: &str, pattern: &str, description: &str| {
        json!({
            "name": name, "in": "header", "description": description,
            "schema": {"type": "string", "pattern": pattern},
        })
    };
    let tags = |name: &str, description: &str| {
        let mut tags = text(name, TAGS, description);
        tags["schema"]["format"] = json!("entity-tags");
        tags
    };
    json!({
        "id": number("id", "path", 1, u64::MAX),
        "page": page,
        "size": size(20),
        "arraySize": size(1000),
        "idempotencyKey": text(
            "Idempotency-Key",
            "^[!-~]{1,255}$",
            "The same key with the same body has one effect and one answer, for a day.",
        ),
        "ifMatch": tags("If-Match", "Only this version (`ETag`)."),
        "ifNoneMatch": tags("If-None-Match", "Not this version (`ETag`)."),
    })
}

pub(crate) fn headers() -> Value {
    let header =
        |description: &str, schema: Value| json!({"description": description, "schema": schema});
    let text = json!({"type": "string"});
    json!({
        "ETag": header("The version.", json!({"type": "string", "pattern": "^\"\\d+\"$"})),
        "Location": header("Where it is.", json!({"type": "string", "format": "uri"})),
        "Link": header("Where there is more (RFC 8288).", text),
        "MadangLag": header("Events that were still unread.", json!({"type": "integer", "minimum": 0})),
    })
}
