//! A system, as its documents tell it.

use std::collections::BTreeSet;

use madang::Value;
use serde_json::{Map, json};

include!(concat!(env!("OUT_DIR"), "/systems.rs"));

/// A system and its documents.
pub(crate) struct System {
    /// `bookrent`.
    pub(crate) name: &'static str,
    /// OpenAPI 3.1.
    pub(crate) openapi: &'static str,
    /// AsyncAPI 3.0.
    pub(crate) asyncapi: &'static str,
}

impl System {
    /// Where a client begins: a link to each collection, array and action, named by its path, with the
    /// parameters that it takes; the rest is reached from there.
    pub(crate) fn root(&self, origin: &str) -> Value {
        let whole = self.document();
        let own = format!("/{}", self.name);
        let mut links = Map::new();
        links.insert("self".to_owned(), json!({"href": format!("{origin}{own}")}));
        for (path, at) in whole["paths"].as_object().into_iter().flatten() {
            let Some(name) = path.strip_prefix(&format!("{own}/")) else { continue };
            if name.contains('{') || name.contains("/search") {
                continue;
            }
            let parameters = parameters(&whole, &at["get"]);
            let link = if parameters.is_empty() {
                json!({"href": format!("{origin}{path}")})
            } else {
                let href = format!("{origin}{path}{{?{}}}", parameters.join(","));
                json!({"href": href, "templated": true})
            };
            links.insert(name.to_owned(), link);
        }
        let described = ["openapi", "asyncapi"].map(|kind| {
            json!({"href": format!("{origin}{own}/{kind}.json"), "type": "application/json", "name": kind})
        });
        // RFC 8631.
        links.insert("service-desc".to_owned(), json!(described));
        json!({"_links": links})
    }

    /// What a context contributes to the whole; none of one that is not there.
    pub(crate) fn part(&self, context: &str) -> Option<Value> {
        let mut part = self.document();
        let is_own = |tag: &Value| tag["name"] == context;
        let tag = part["tags"].as_array()?.iter().find(|tag| is_own(tag))?.clone();
        part["info"]["title"] = json!(format!("{}: {context}", self.name));
        part["tags"] = json!([tag]);
        let tells = |at: &Value| {
            let mut operations = at.as_object().into_iter().flat_map(Map::values);
            operations.any(|operation| operation["tags"][0] == context)
        };
        part["paths"].as_object_mut()?.retain(|_, at| tells(at));
        let mut known = BTreeSet::new();
        let mut found = Vec::new();
        names(&part["paths"], &mut found);
        names(&part["components"]["responses"], &mut found);
        while let Some(name) = found.pop() {
            if known.insert(name.clone()) {
                names(&part["components"]["schemas"][name], &mut found);
            }
        }
        part["components"]["schemas"].as_object_mut()?.retain(|name, _| known.contains(name));
        Some(part)
    }

    fn document(&self) -> Value {
        serde_json::from_str(self.openapi).unwrap_or_default()
    }
}

/// The names of what a GET takes in its query.
fn parameters(whole: &Value, get: &Value) -> Vec<String> {
    let listed = get["parameters"].as_array().into_iter().flatten();
    let resolved = listed.map(|parameter| match parameter["$ref"].as_str() {
        Some(at) => whole.pointer(at.trim_start_matches('#')).unwrap_or(&Value::Null),
        None => parameter,
    });
    let queried = resolved.filter(|parameter| parameter["in"] == "query");
    queried.filter_map(|parameter| parameter["name"].as_str().map(str::to_owned)).collect()
}

/// The schemas that a part of a document refers to.
fn names(of: &Value, found: &mut Vec<String>) {
    match of {
        Value::Object(members) => {
            let at = members.get("$ref").and_then(Value::as_str);
            let name = at.and_then(|at| at.strip_prefix("#/components/schemas/"));
            found.extend(name.map(str::to_owned));
            members.values().for_each(|value| names(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn each_context_has_the_part_that_its_document_is() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/contracts");
        let mut parts = 0;
        for system in SYSTEMS {
            for file in fs::read_dir(folder.join(system.name)).unwrap() {
                let path = file.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap();
                let Some(context) = name.strip_suffix(".openapi.json") else { continue };
                let text = fs::read_to_string(&path).unwrap();
                let expected: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(system.part(context), Some(expected), "{}", path.display());
                parts += 1;
            }
            assert_eq!(system.part("nobody"), None);
        }
        assert!(SYSTEMS.len() >= 5 && parts >= 26, "{} systems, {parts} parts", SYSTEMS.len());
    }

    #[test]
    fn the_root_links_to_what_a_client_begins_with() {
        let bookrent = SYSTEMS.iter().find(|system| system.name == "bookrent").unwrap();
        let links = bookrent.root("http://h")["_links"].clone();
        let names: BTreeSet<_> = links.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = ["self", "books", "rents", "deliveries", "views", "service-desc"];
        assert_eq!(names, expected.into());
        assert_eq!(links["books"]["href"], "http://h/bookrent/books{?page,size,sort}");
        assert_eq!(links["self"]["href"], "http://h/bookrent");
        let kvaccine = SYSTEMS.iter().find(|system| system.name == "kvaccine").unwrap();
        let links = kvaccine.root("http://h")["_links"].clone();
        let reserve = json!({"href": "http://h/kvaccine/user/reserve"});
        assert_eq!(links["user/reserve"], reserve, "a POST takes no parameters");
    }
}
