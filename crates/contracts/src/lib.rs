//! The contracts that clients see, OpenAPI 3.1 and AsyncAPI 3.0, made from WIT (`wit/`) and the route
//! tables that contexts serve (`/<system>/-/<context>/routes`), and from nothing else.

pub mod asyncapi;
mod constraint;
mod digits;
mod links;
pub mod openapi;
mod parameters;
mod responses;
pub mod wit;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

pub use wit::{Record, Records};

/// What a context serves, hears and tells, as it says itself.
#[derive(Debug, Clone, Deserialize)]
pub struct Routes {
    /// `bookrent`.
    pub system: String,
    /// `rent`.
    pub context: String,
    /// Its collections, the read model's among them.
    pub collections: Vec<Collection>,
    /// What is asked off the collections.
    pub actions: Vec<Action>,
    /// The events that it tells.
    pub tells: Vec<String>,
    /// The events that it hears.
    pub hears: Vec<String>,
    /// The contexts that it calls.
    pub calls: Vec<String>,
}

/// A collection. Records are named by interface and record: `rents::NewRent`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Collection {
    /// `rents`.
    pub name: String,
    /// Its second name.
    pub also: Option<String>,
    /// `Rent`.
    pub entity: String,
    /// The record that clients see.
    pub resource: String,
    /// The record that POST takes.
    pub post: Option<String>,
    /// The record that PUT takes.
    pub put: Option<String>,
    /// The record that PATCH takes, fields left out where it is a merge patch.
    pub patch: Option<String>,
    /// Whether items can be deleted.
    pub delete: bool,
    /// `/search/<name>`.
    pub searches: Vec<Search>,
    /// Plain JSON arrays.
    pub arrays: Vec<Array>,
    /// Fields whose values may come as text.
    pub values_as_text: Vec<String>,
    /// Whether it is a read model.
    pub is_view: bool,
}

/// A search by a field.
#[derive(Debug, Clone, Deserialize)]
pub struct Search {
    /// `findByRentId`.
    pub name: String,
    /// `rentId`.
    pub field: String,
    /// Whether the field holds text; otherwise it is a number.
    pub text: bool,
}

/// A plain array at a path of its own.
#[derive(Debug, Clone, Deserialize)]
pub struct Array {
    /// `dashboard/list`.
    pub path: String,
    /// The field that a path below it is about.
    pub field: String,
}

/// What is asked at a path of its own.
#[derive(Debug, Clone, Deserialize)]
pub struct Action {
    /// `user/reserve`.
    pub path: String,
    /// Whether it is a POST that changes something, one that does not, or a GET.
    pub kind: Kind,
    /// The record that it takes.
    pub body: Option<String>,
    /// The record that it answers with; `[…]` for a list of them.
    pub answer: Option<String>,
}

/// What an action is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// POST: a piece of work.
    Command,
    /// POST that changes nothing.
    Question,
    /// GET.
    Query,
}

impl Routes {
    /// Reads a context's route table as it serves it. Rust's types become records of WIT: interface and
    /// record, `rents::NewRent`; a list of them `[rents::NewRent]`.
    ///
    /// # Errors
    /// A table that is none.
    pub fn read(served: Value) -> Result<Self> {
        let mut routes: Routes = serde_json::from_value(served)?;
        routes.tells.sort_unstable();
        routes.tells.dedup();
        for collection in &mut routes.collections {
            collection.resource = record_name(&collection.resource);
            for body in [&mut collection.post, &mut collection.put, &mut collection.patch] {
                *body = body.as_deref().map(record_name);
            }
        }
        for action in &mut routes.actions {
            for record in [&mut action.body, &mut action.answer] {
                *record = record.as_deref().map(record_name);
            }
        }
        Ok(routes)
    }
}

fn record_name(rust: &str) -> String {
    let item = rust.strip_prefix("alloc::vec::Vec<").and_then(|item| item.strip_suffix('>'));
    let parts: Vec<&str> = item.unwrap_or(rust).rsplitn(3, "::").take(2).collect();
    let name = parts.into_iter().rev().collect::<Vec<_>>().join("::");
    if item.is_some() { format!("[{name}]") } else { name }
}

/// The documents of a system by their path below `docs/contracts`: `bookrent/openapi.json`,
/// `bookrent/asyncapi.json`, and `bookrent/rent.openapi.json` for each context.
///
/// # Errors
/// WIT that cannot be read, and names that the route tables have and WIT has not.
pub fn documents(wit: &Path, routes: &[Routes]) -> Result<BTreeMap<String, Value>> {
    let mut documents = BTreeMap::new();
    let Some(first) = routes.first() else { return Ok(documents) };
    let system = &first.system;
    if let Some(stray) = routes.iter().find(|routes| routes.system != *system) {
        bail!("{} is no context of {system}", stray.context);
    }
    let records = wit::records(&wit.join("platform"), &wit.join(system))?;
    for context in routes {
        let part = openapi::document(system, std::slice::from_ref(context), &records)
            .with_context(|| format!("{system}/{}", context.context))?;
        documents.insert(format!("{system}/{}.openapi.json", context.context), part);
    }
    documents
        .insert(format!("{system}/openapi.json"), openapi::document(system, routes, &records)?);
    documents
        .insert(format!("{system}/asyncapi.json"), asyncapi::document(system, routes, &records)?);
    Ok(documents)
}

/// A record by its name in a route table.
fn record<'r>(records: &'r Records, name: &str) -> Result<&'r Record> {
    records.get(name).with_context(|| format!("there is no WIT record {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_named_by_interface_and_record() {
        let path = "rent::contract::exports::madang::bookrent::rents::NewRent";
        assert_eq!(record_name(path), "rents::NewRent");
        assert_eq!(record_name(&format!("alloc::vec::Vec<{path}>")), "[rents::NewRent]");
    }
}
