//! OpenAPI 3.1: what clients ask over HTTP.

mod schemas;

use anyhow::{Context, Result};
use heck::ToUpperCamelCase;
use serde_json::{Map, Value, json};

use crate::links::{link, linked};
use crate::parameters::{headers, parameters, plain, sort};
use crate::responses::{self, Refusals, refusals};
use crate::wit::Records;
use crate::{Action, Array, Collection, Kind, Routes, record};

const HAL: &str = "application/hal+json";
const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// A document while it is made.
struct Document<'r> {
    records: &'r Records,
    paths: Map<String, Value>,
    schemas: Map<String, Value>,
}

/// The document of these contexts of a system.
///
/// # Errors
/// A record that WIT does not have, or two that share a name.
pub fn document(system: &str, contexts: &[Routes], records: &Records) -> Result<Value> {
    let mut document = Document { records, paths: Map::new(), schemas: Map::new() };
    document.schemas.insert("Problem".to_owned(), responses::problem());
    for context in contexts {
        for collection in &context.collections {
            document.collection(system, &context.context, collection)?;
        }
        for action in &context.actions {
            document.action(system, &context.context, action)?;
        }
    }
    let mut tags: Vec<&str> = contexts.iter().map(|context| context.context.as_str()).collect();
    let title = if let [one] = contexts {
        format!("{system}: {}", one.context)
    } else {
        document.root(system);
        tags.insert(0, system);
        system.to_owned()
    };
    Ok(json!({
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1.0.0"},
        "servers": [{"url": "/"}],
        "tags": tags.into_iter().map(|name| json!({"name": name})).collect::<Value>(),
        "paths": document.paths,
        "components": {
            "schemas": document.schemas,
            "responses": responses::components(),
            "parameters": parameters(),
            "headers": headers(),
        },
    }))
}

impl Document<'_> {
    /// The resource that a client begins with.
    fn root(&mut self, system: &str) {
        let answer = self.links();
        let root =
            operation(system, "getRoot", "Where a client begins: links to all that is served.");
        let root = root.with("responses", all(answer, Refusals::default())).0;
        self.paths.insert(format!("/{system}"), json!({"get": root}));
    }

    /// An answer that is nothing but links.
    fn links(&mut self) -> Value {
        self.schemas.insert("Link".to_owned(), link());
        self.schemas.insert(
            "Links".to_owned(),
            linked(json!({"oneOf": [
                reference("Link"), {"type": "array", "items": reference("Link")},
            ]})),
        );
        ok("200", "Links.", HAL, &reference("Links"), &[])
    }

    fn collection(&mut self, system: &str, tag: &str, of: &Collection) -> Result<()> {
        let resource = record(self.records, &of.resource)?;
        let model = self.model(resource)?;
        let page = self.page(of, &model);
        let (name, entity) = (of.name.to_upper_camel_case(), &of.entity);
        let paged =
            |schema: &str| telling_lag(of, ok("200", "A page.", HAL, &reference(schema), &[]));
        let fields: Vec<&str> = resource.fields.iter().map(|field| field.name.as_str()).collect();
        let listing = [parameter("page"), parameter("size"), sort(&fields)];
        let list = operation(tag, &format!("list{name}"), &format!("The {}, paged.", of.name))
            .with("parameters", json!(listing))
            .with("responses", all(paged(&page), Refusals::default()));
        let mut at_collection = json!({"get": list.0});
        let mut at_item = json!({
            "parameters": [parameter("id")],
            "get": self.get(tag, of, entity, &model),
        });
        if let Some(body) = &of.post {
            at_collection["post"] = self.post(tag, of, body, &model)?;
        }
        for (method, verb, body) in [("put", "replace", &of.put), ("patch", "update", &of.patch)] {
            if let Some(body) = body {
                let is_patch = method == "patch";
                at_item[method] = self.change(tag, of, verb, body, is_patch, &model)?;
            }
        }
        if of.delete {
            at_item["delete"] = operation(tag, &format!("delete{entity}"), "Deletes it.")
                .with("parameters", json!([parameter("ifMatch")]))
                .with(
                    "responses",
                    all(json!({"204": {"description": "It is deleted."}}), CHANGE_OF_ITEM),
                )
                .0;
        }
        let searches = if of.searches.is_empty() { None } else { Some(self.links()) };
        let mut names = vec![of.name.as_str()];
        names.extend(of.also.as_deref());
        for name in &names {
            self.paths
                .insert(format!("/{system}/{name}"), distinct(&at_collection, name, &of.name));
            self.paths
                .insert(format!("/{system}/{name}/{{id}}"), distinct(&at_item, name, &of.name));
            if let Some(answer) = &searches {
                let id = format!("searches{}", of.name.to_upper_camel_case());
                let answer = telling_lag(of, answer.clone());
                let get = operation(tag, &id, &format!("How the {} can be searched.", of.name))
                    .with("responses", all(answer, Refusals::default()));
                let path = format!("/{system}/{name}/search");
                self.paths.insert(path, distinct(&json!({"get": get.0}), name, &of.name));
            }
            for search in &of.searches {
                let field = resource.fields.iter().find(|field| field.name == search.field);
                let schema = match field {
                    Some(field) if search.text => plain(&field.schema),
                    _ => json!({"type": "integer", "minimum": 0, "maximum": u64::MAX}),
                };
                let by = json!({"name": search.field, "in": "query", "required": true, "schema": schema});
                let summary = format!("The {} with this {}.", of.name, search.field);
                let id = format!("{}{}", search.name, of.name.to_upper_camel_case());
                let mut parameters = vec![by];
                parameters.extend(listing.iter().cloned());
                let get = operation(tag, &id, &summary)
                    .with("parameters", json!(parameters))
                    .with("responses", all(paged(&page), Refusals::default()));
                let path = format!("/{system}/{name}/search/{}", search.name);
                self.paths.insert(path, distinct(&json!({"get": get.0}), name, &of.name));
            }
        }
        for array in &of.arrays {
            self.array(system, tag, of, array, &resource.name, &sort(&fields));
        }
        Ok(())
    }

    fn get(&self, tag: &str, of: &Collection, entity: &str, model: &str) -> Value {
        let mut answer = telling_lag(of, ok("200", "It.", HAL, &reference(model), &["ETag"]));
        answer["304"] = json!({"description": "It is as `If-None-Match` says."});
        operation(tag, &format!("get{entity}"), &format!("One of the {}.", of.name))
            .with("parameters", json!([parameter("ifNoneMatch")]))
            .with("responses", all(answer, Refusals { item: true, ..Refusals::default() }))
            .0
    }

    fn post(&mut self, tag: &str, of: &Collection, body: &str, model: &str) -> Result<Value> {
        let entity = &of.entity;
        let body = self.body(body, &of.values_as_text, false)?;
        let mut answer = ok("201", "It is there.", HAL, &reference(model), &["ETag", "Location"]);
        let follow = |operation: &str| {
            json!({
                "operationId": operation,
                "parameters": {"id": "$response.body#/id"},
            })
        };
        let mut links = json!({"get": follow(&format!("get{entity}"))});
        let changes =
            [("replace", of.put.is_some()), ("update", of.patch.is_some()), ("delete", of.delete)];
        for (verb, _) in changes.into_iter().filter(|(_, is_possible)| *is_possible) {
            links[verb] = follow(&format!("{verb}{entity}"));
        }
        answer["201"]["links"] = links;
        let refused = Refusals { body: true, changes: true, keyed: true, ..Refusals::default() };
        Ok(operation(tag, &format!("create{entity}"), &format!("Adds to the {}.", of.name))
            .with("parameters", json!([parameter("idempotencyKey")]))
            .with("requestBody", json!({"required": true, "content": {JSON: {"schema": body}}}))
            .with("responses", all(answer, refused))
            .0)
    }

    fn change(
        &mut self,
        tag: &str,
        of: &Collection,
        verb: &str,
        body: &str,
        is_patch: bool,
        model: &str,
    ) -> Result<Value> {
        let schema = self.body(body, &of.values_as_text, is_patch)?;
        let content = if is_patch {
            json!({JSON: {"schema": schema}, MERGE_PATCH: {"schema": schema}})
        } else {
            json!({JSON: {"schema": schema}})
        };
        let answer = ok("200", "It, as it is now.", HAL, &reference(model), &["ETag"]);
        let refused = Refusals { body: true, ..CHANGE_OF_ITEM };
        let summary = if is_patch { "Changes some of it." } else { "Changes it." };
        Ok(operation(tag, &format!("{verb}{}", of.entity), summary)
            .with("parameters", json!([parameter("ifMatch")]))
            .with("requestBody", json!({"required": true, "content": content}))
            .with("responses", all(answer, refused))
            .0)
    }

    fn array(
        &mut self,
        system: &str,
        tag: &str,
        of: &Collection,
        array: &Array,
        record: &str,
        sort: &Value,
    ) {
        let items = json!({"type": "array", "items": reference(record)});
        let answer = telling_lag(of, ok("200", "All of them, or a page.", JSON, &items, &["Link"]));
        let listing = json!([parameter("page"), parameter("arraySize"), sort]);
        let id = array.path.to_upper_camel_case();
        let get = |id: &str, summary: &str| {
            operation(tag, id, summary)
                .with("parameters", listing.clone())
                .with("responses", all(answer.clone(), Refusals::default()))
                .0
        };
        let all = get(&format!("get{id}"), &format!("The {}, as an array.", of.name));
        self.paths.insert(format!("/{system}/{}", array.path), json!({"get": all}));
        let field = &array.field;
        let some = get(
            &format!("get{id}By{}", field.to_upper_camel_case()),
            &format!("Those with this {field}."),
        );
        let by = json!({"name": field, "in": "path", "required": true, "schema": {"type": "string", "minLength": 1}});
        let path = format!("/{system}/{}/{{{field}}}", array.path);
        self.paths.insert(path, json!({"parameters": [by], "get": some}));
    }

    fn action(&mut self, system: &str, tag: &str, action: &Action) -> Result<()> {
        let named = action.body.as_deref().or(action.answer.as_deref()).unwrap_or_default();
        let summary = record(self.records, named.trim_matches(['[', ']']))?.docs.clone();
        let no_record = || format!("{} takes or gives what is no WIT record", action.path);
        let answer = action.answer.as_deref().with_context(no_record)?;
        let schema = match answer.strip_prefix('[') {
            Some(item) => {
                let item = record(self.records, item.trim_end_matches(']'))?.clone();
                json!({"type": "array", "items": self.plain(&item)?})
            }
            None => {
                let answer = record(self.records, answer)?.clone();
                self.plain(&answer)?
            }
        };
        let answer = ok("200", "Done.", JSON, &schema, &[]);
        let id = action.path.to_upper_camel_case();
        let at = if action.kind == Kind::Query {
            json!({"get": operation(tag, &format!("get{id}"), &summary)
                .with("responses", all(answer, Refusals::default())).0})
        } else {
            let body = self.body(action.body.as_deref().with_context(no_record)?, &[], false)?;
            let is_command = action.kind == Kind::Command;
            let refused = Refusals {
                body: true,
                changes: is_command,
                keyed: is_command,
                ..Refusals::default()
            };
            let keys = is_command.then(|| parameter("idempotencyKey"));
            json!({"post": operation(tag, &format!("post{id}"), &summary)
                .with("parameters", json!(keys.into_iter().collect::<Vec<_>>()))
                .with("requestBody", json!({"required": true, "content": {JSON: {"schema": body}}}))
                .with("responses", all(answer, refused)).0})
        };
        self.paths.insert(format!("/{system}/{}", action.path), at);
        Ok(())
    }
}

/// What is refused of a change to an item.
const CHANGE_OF_ITEM: Refusals =
    Refusals { item: true, body: false, changes: true, keyed: false, versioned: true };

struct Operation(Value);

impl Operation {
    fn with(mut self, member: &str, value: Value) -> Self {
        self.0[member] = value;
        self
    }
}

fn operation(tag: &str, id: &str, summary: &str) -> Operation {
    Operation(json!({"operationId": id, "tags": [tag], "summary": summary}))
}

/// The same operations at a collection's second name, with ids of their own.
fn distinct(at: &Value, name: &str, first: &str) -> Value {
    let mut at = at.clone();
    if name != first {
        for operation in at.as_object_mut().into_iter().flat_map(Map::values_mut) {
            if let Some(id) = operation.get("operationId").and_then(Value::as_str) {
                operation["operationId"] = json!(format!("{id}At{}", name.to_upper_camel_case()));
            }
        }
    }
    at
}

pub(crate) fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn parameter(name: &str) -> Value {
    json!({"$ref": format!("#/components/parameters/{name}")})
}

fn header(name: &str) -> Value {
    json!({"$ref": format!("#/components/headers/{name}")})
}

fn ok(status: &str, description: &str, media: &str, schema: &Value, with: &[&str]) -> Value {
    let headers: Map<_, _> = with.iter().map(|name| (name.to_string(), header(name))).collect();
    let mut answer = json!({"description": description, "content": {media: {"schema": schema}}});
    if !headers.is_empty() {
        answer["headers"] = json!(headers);
    }
    json!({status: answer})
}

/// The answer, which of a read model says how far that is behind.
fn telling_lag(of: &Collection, mut answer: Value) -> Value {
    if of.is_view {
        answer["200"]["headers"]["Madang-Lag"] = header("MadangLag");
    }
    answer
}

fn all(answers: Value, refused: Refusals) -> Value {
    let Value::Object(mut answers) = answers else { return answers };
    answers.extend(refusals(refused));
    Value::Object(answers)
}
