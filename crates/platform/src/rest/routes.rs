//! What a context serves, for programs: the table that its OpenAPI document is made from, with its WIT.
//!
//! Records have the names of their Rust types, and what aggregates share is told once for each: whoever
//! reads the table tidies it up. Written by hand, since names need no escaping and a JSON value of it would
//! cost each component 12 KB.

use super::source::Source;
use crate::context::Definition;

/// A JSON object or array while it is written.
struct Json(String);

impl Json {
    fn object() -> Self {
        Json("{".to_owned())
    }

    fn member(&mut self, name: &str, json: &str) {
        self.text(name);
        self.0.push(':');
        self.item(json);
    }

    /// A member that is text; null where it is empty.
    fn named(&mut self, name: &str, text: &str) {
        self.text(name);
        self.0.push(':');
        if text.is_empty() {
            self.0.push_str("null")
        } else {
            self.text(text)
        }
        self.0.push(',');
    }

    fn text(&mut self, text: &str) {
        for part in ["\"", text, "\""] {
            self.0.push_str(part);
        }
    }

    fn item(&mut self, json: &str) {
        self.0.push_str(json);
        self.0.push(',');
    }

    fn end(mut self, with: char) -> String {
        if self.0.ends_with(',') {
            self.0.pop();
        }
        self.0.push(with);
        self.0
    }
}

fn list(items: &mut dyn Iterator<Item = String>) -> String {
    let mut json = Json("[".to_owned());
    items.for_each(|item| json.item(&item));
    json.end(']')
}

fn texts(items: &[&str]) -> String {
    list(&mut items.iter().map(|item| ["\"", item, "\""].concat()))
}

fn flag(is: bool) -> &'static str {
    if is { "true" } else { "false" }
}

/// The table: collections, actions, events told and heard, neighbours called.
pub(super) fn describe(definition: &Definition) -> String {
    let told: Vec<&str> =
        definition.sources.iter().flat_map(|source| source.tells()).copied().collect();
    let mut json = Json::object();
    json.named("system", definition.system);
    json.named("context", definition.context);
    json.member("collections", &list(&mut definition.served().map(collection)));
    json.member(
        "actions",
        &list(&mut definition.actions.iter().map(|(path, action)| {
            let mut json = Json::object();
            json.named("path", path);
            for (name, text) in action.described() {
                json.named(name, text);
            }
            json.end('}')
        })),
    );
    json.member("tells", &texts(&told));
    json.member("hears", &texts(&definition.subscriptions()));
    json.member("calls", &texts(definition.neighbours));
    json.end('}')
}

fn collection(source: &dyn Source) -> String {
    let served = source.served();
    let mut json = Json::object();
    json.named("name", source.collection());
    json.named("also", served.also.unwrap_or_default());
    json.named("entity", source.entity());
    json.named("resource", served.resource);
    for (name, body) in [("post", served.post), ("put", served.put), ("patch", served.patch)] {
        json.named(name, body);
    }
    json.member("delete", flag(source.methods().delete));
    json.member(
        "searches",
        &list(&mut served.searches.iter().map(|search| {
            let mut json = Json::object();
            json.named("name", search.name);
            json.named("field", search.field);
            json.member("text", flag(search.is_text));
            json.end('}')
        })),
    );
    json.member(
        "arrays",
        &list(&mut served.arrays.iter().map(|array| {
            let mut json = Json::object();
            json.named("path", array.path);
            json.named("field", array.field);
            json.end('}')
        })),
    );
    json.member("valuesAsText", &texts(served.texts));
    json.member("isView", flag(served.is_view));
    json.end('}')
}
