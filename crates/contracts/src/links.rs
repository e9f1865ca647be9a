//! The schemas of links (HAL), and of what has them.

use serde_json::{Value, json};

use crate::openapi::reference;

/// What has links: each of this schema, one to itself among them.
pub(crate) fn linked(link: Value) -> Value {
    json!({
        "type": "object",
        "properties": {"_links": links_to(link)},
        "required": ["_links"],
    })
}

pub(crate) fn links_to(link: Value) -> Value {
    json!({
        "type": "object",
        "properties": {"self": reference("Link")},
        "required": ["self"],
        "additionalProperties": link,
    })
}

pub(crate) fn link() -> Value {
    let text = json!({"type": "string"});
    json!({
        "type": "object",
        "properties": {
            "href": text, "templated": {"type": "boolean"}, "type": text, "name": text,
        },
        "required": ["href"],
    })
}
