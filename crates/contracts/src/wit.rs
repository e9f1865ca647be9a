//! The records of a system, read from its WIT.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use heck::{ToLowerCamelCase, ToSnakeCase, ToUpperCamelCase};
use serde_json::{Value, json};
use wit_parser::{Resolve, Type, TypeDefKind};

use crate::constraint;

/// A WIT record, as it stands on the wire.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// `NewRent`.
    pub name: String,
    /// The interface that defines it, as in WIT: `rents`.
    pub interface: String,
    /// What it is, from its doc comment.
    pub docs: String,
    /// Its fields, in order.
    pub fields: Vec<Field>,
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// In camelCase.
    pub name: String,
    /// Its JSON Schema.
    pub schema: Value,
    /// Whether it is always there: everything but an `option` is.
    pub is_required: bool,
}

/// The records of a WIT package and, by `<interface>::<Record>`, as Rust names them.
pub type Records = BTreeMap<String, Record>;

/// Reads the records of the package in `folder`, which builds on the one in `platform`.
///
/// # Errors
/// WIT that cannot be read, and types that have no form in JSON here.
pub fn records(platform: &Path, folder: &Path) -> Result<Records> {
    let mut resolve = Resolve::default();
    for path in [platform, folder] {
        resolve.push_path(path).with_context(|| format!("{} cannot be read", path.display()))?;
    }
    let system = folder.file_name().unwrap_or_default().to_string_lossy();
    let mut records = Records::new();
    for (_, interface) in &resolve.interfaces {
        let package = interface.package.map(|package| &resolve.packages[package].name);
        let (Some(name), Some(package)) = (&interface.name, package) else { continue };
        if package.name != *system {
            continue;
        }
        for (type_name, id) in &interface.types {
            let type_def = &resolve.types[*id];
            let TypeDefKind::Record(record) = &type_def.kind else { continue };
            let mut fields = Vec::new();
            for field in &record.fields {
                let docs = field.docs.contents.as_deref().unwrap_or_default();
                let (schema, is_required) = schema(&resolve, &field.ty)
                    .with_context(|| format!("{name}.{type_name}.{}", field.name))?;
                fields.push(Field {
                    name: field.name.to_lower_camel_case(),
                    schema: constraint::apply(schema, docs),
                    is_required,
                });
            }
            let docs = type_def.docs.contents.clone().unwrap_or_default();
            let record = Record {
                name: type_name.to_upper_camel_case(),
                interface: name.clone(),
                docs: one_line(&docs),
                fields,
            };
            records.insert(format!("{}::{}", name.to_snake_case(), record.name), record);
        }
    }
    Ok(records)
}

impl Record {
    /// Its JSON Schema.
    pub fn schema(&self) -> Value {
        let properties: serde_json::Map<_, _> =
            self.fields.iter().map(|field| (field.name.clone(), field.schema.clone())).collect();
        let required = self.fields.iter().filter(|field| field.is_required);
        let required: Vec<_> = required.map(|field| &field.name).collect();
        let mut schema = json!({"type": "object", "properties": properties});
        if !self.docs.is_empty() {
            schema["description"] = json!(self.docs);
        }
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        schema
    }
}

/// A doc comment without its line breaks.
pub(crate) fn one_line(docs: &str) -> String {
    docs.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The JSON Schema of a type, and whether a value is always there.
fn schema(resolve: &Resolve, ty: &Type) -> Result<(Value, bool)> {
    let schema = match ty {
        Type::Bool => json!({"type": "boolean"}),
        Type::U8 => json!({"type": "integer", "minimum": 0, "maximum": u8::MAX}),
        Type::U16 => json!({"type": "integer", "minimum": 0, "maximum": u16::MAX}),
        Type::U32 => json!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
        Type::U64 => json!({"type": "integer", "minimum": 0, "maximum": u64::MAX}),
        Type::S64 => json!({"type": "integer", "minimum": i64::MIN, "maximum": i64::MAX}),
        Type::String => json!({"type": "string"}),
        Type::Id(id) => match &resolve.types[*id].kind {
            TypeDefKind::Option(of) => {
                let (mut schema, _) = self::schema(resolve, of)?;
                if schema["type"].is_string() {
                    schema["type"] = json!([schema["type"], "null"]);
                } else {
                    schema = json!({"anyOf": [schema, {"type": "null"}]});
                }
                return Ok((schema, false));
            }
            TypeDefKind::List(of) => {
                json!({"type": "array", "items": self::schema(resolve, of)?.0})
            }
            TypeDefKind::Type(of) => return self::schema(resolve, of),
            TypeDefKind::Record(_) => {
                let name = resolve.types[*id].name.as_deref().unwrap_or_default();
                json!({"$ref": format!("#/components/schemas/{}", name.to_upper_camel_case())})
            }
            other => bail!("a {} has no form in JSON here", other.as_str()),
        },
        other => bail!("{other:?} has no form in JSON here"),
    };
    Ok((schema, true))
}
