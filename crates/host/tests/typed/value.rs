//! JSON as component-model values: WIT's names in camelCase, as they stand on the wire.

use serde_json::Value;
use wasmtime::component::{Type, Val};

/// A value of this type, made of JSON.
///
/// # Errors
/// What does not fit.
pub fn from_json(value: &Value, ty: &Type) -> Result<Val, String> {
    let misfit = || format!("{value} is no {ty:?}");
    Ok(match ty {
        Type::Bool => Val::Bool(value.as_bool().ok_or_else(misfit)?),
        Type::U16 => {
            let number = value.as_u64().and_then(|number| number.try_into().ok());
            Val::U16(number.ok_or_else(misfit)?)
        }
        Type::U64 => Val::U64(value.as_u64().ok_or_else(misfit)?),
        Type::S64 => Val::S64(value.as_i64().ok_or_else(misfit)?),
        Type::String => Val::String(value.as_str().ok_or_else(misfit)?.into()),
        Type::Option(_) if value.is_null() => Val::Option(None),
        Type::Option(of) => Val::Option(Some(Box::new(from_json(value, &of.ty())?))),
        Type::List(of) => {
            let items = value.as_array().ok_or_else(misfit)?.iter();
            Val::List(items.map(|item| from_json(item, &of.ty())).collect::<Result<_, _>>()?)
        }
        Type::Record(record) => {
            let field = |name: &str, ty: &Type| {
                let value = from_json(&value[camel(name)], ty);
                Ok((name.to_owned(), value.map_err(|why| format!("{name}: {why}"))?))
            };
            let fields = record.fields().map(|of| field(of.name, &of.ty));
            Val::Record(fields.collect::<Result<_, String>>()?)
        }
        _ => return Err(misfit()),
    })
}

/// A value as JSON.
///
/// # Panics
/// Where it has no form in JSON: no world of the repository has such a type.
#[track_caller]
pub fn to_json(value: &Val) -> Value {
    match value {
        Val::Bool(value) => (*value).into(),
        Val::U16(value) => (*value).into(),
        Val::U64(value) => (*value).into(),
        Val::S64(value) => (*value).into(),
        Val::String(value) => value.as_str().into(),
        Val::Option(value) => value.as_deref().map_or(Value::Null, to_json),
        Val::List(items) => items.iter().map(to_json).collect(),
        Val::Record(fields) => {
            fields.iter().map(|(name, value)| (camel(name), to_json(value))).collect()
        }
        other => panic!("{other:?} has no form in JSON here: say in `to_json` which"),
    }
}

/// A value of this type that says as little as it can.
pub fn empty(ty: &Type) -> Value {
    match ty {
        Type::Bool => false.into(),
        Type::String => "".into(),
        Type::Option(_) => Value::Null,
        Type::List(_) => Value::Array(Vec::new()),
        Type::Record(record) => {
            record.fields().map(|field| (camel(field.name), empty(&field.ty))).collect()
        }
        _ => 0.into(),
    }
}

fn camel(kebab: &str) -> String {
    let mut words = kebab.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(1);
        name + initial.to_ascii_uppercase().as_str() + rest
    })
}
