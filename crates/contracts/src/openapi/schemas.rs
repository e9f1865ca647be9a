//! The schemas of a document: records, what they are in bodies and answers, and pages of them.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::{Document, reference};
use crate::links::{link, linked, links_to};
use crate::wit::Record;
use crate::{Collection, digits, record};

impl Document<'_> {
    /// A body's schema: fields that may come as text take text, too; in a patch nothing is required.
    pub(super) fn body(&mut self, name: &str, as_text: &[String], is_patch: bool) -> Result<Value> {
        let record = record(self.records, name)?;
        let mut schema = record.schema();
        for field in as_text {
            let property = &schema["properties"][field.as_str()];
            let pattern = match property["type"].as_str() {
                Some("integer") => digits::pattern(property),
                Some("boolean") => "^(true|false)$".to_owned(),
                _ => continue,
            };
            let text = json!({"type": "string", "pattern": pattern});
            schema["properties"][field.as_str()] = json!({"anyOf": [property, text]});
        }
        if is_patch {
            if let Some(schema) = schema.as_object_mut() {
                schema.remove("required");
            }
            let name = format!("{}Patch", record.name);
            return self.define(&name, schema);
        }
        self.define(&record.name.clone(), schema)
    }

    pub(super) fn plain(&mut self, record: &Record) -> Result<Value> {
        self.define(&record.name, record.schema())
    }

    /// A resource with its links, as Spring Data REST's clients know it.
    pub(super) fn model(&mut self, resource: &Record) -> Result<String> {
        let plain = self.plain(resource)?;
        self.schemas.insert("Link".to_owned(), link());
        let name = format!("EntityModel{}", resource.name);
        self.define(&name, json!({"allOf": [plain, linked(reference("Link"))]}))?;
        Ok(name)
    }

    pub(super) fn page(&mut self, of: &Collection, model: &str) -> String {
        let count = |least: u64| json!({"type": "integer", "minimum": least});
        let schema = json!({
            "type": "object",
            "properties": {
                "_embedded": {
                    "type": "object",
                    "properties": {of.name.as_str(): {"type": "array", "items": reference(model)}},
                    "required": [of.name],
                },
                "_links": links_to(reference("Link")),
                "page": {
                    "type": "object",
                    "properties": {
                        "size": count(1), "totalElements": count(0),
                        "totalPages": count(0), "number": count(0),
                    },
                    "required": ["size", "totalElements", "totalPages", "number"],
                },
            },
            "required": ["_embedded", "_links", "page"],
        });
        let name = format!("Paged{model}");
        self.schemas.insert(name.clone(), schema);
        name
    }

    fn define(&mut self, name: &str, schema: Value) -> Result<Value> {
        match self.schemas.get(name) {
            Some(known) if *known != schema => {
                bail!("two records are called {name}: give one another name in WIT")
            }
            _ => drop(self.schemas.insert(name.to_owned(), schema)),
        }
        Ok(reference(name))
    }
}
