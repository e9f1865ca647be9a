//! Spin's stores: key-value, SQLite, Redis.

use crate::{
    answer::{Told, refusal},
    text, word,
};
use spin_sdk::{
    key_value::Store,
    redis::{Connection as Redis, RedisParameter, RedisResult},
    sqlite::{Connection as Sqlite, Value},
};

/// `<store> get|set|delete|exists|keys [<key> [<value>]]`.
pub fn key_value(what: &str) -> Told {
    let mut rest = what;
    let store = Store::open(word(&mut rest)).map_err(refusal)?;
    let (operation, key) = (word(&mut rest), word(&mut rest));
    match operation {
        "get" => store.get(key).map_err(refusal).and_then(text),
        "set" => store.set(key, rest.as_bytes()).map(|()| "done".to_owned()).map_err(refusal),
        "delete" => store.delete(key).map(|()| "done".to_owned()).map_err(refusal),
        "exists" => store.exists(key).map(|is| is.to_string()).map_err(refusal),
        "keys" => store.get_keys().map(sorted).map_err(refusal),
        other => Err(format!("unknown operation {other}")),
    }
}

/// The keys of a store, in order: a store gives them in any.
pub fn sorted(mut keys: Vec<String>) -> String {
    keys.sort();
    keys.join(" ")
}

/// `<database> <statement>`: the names of the columns and the values of each row.
pub fn sqlite(what: &str) -> Told {
    let mut rest = what;
    let database = Sqlite::open(word(&mut rest)).map_err(refusal)?;
    let result = database.execute(rest, &[]).map_err(refusal)?;
    let value = |value: &Value| match value {
        Value::Null => "null".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => format!("{number:?}"),
        Value::Text(text) => format!("{text:?}"),
        Value::Blob(bytes) => format!("{bytes:?}"),
    };
    let row = |values: &[Value]| values.iter().map(value).collect::<Vec<_>>().join(" ");
    let rows = result.rows.iter().map(|result| row(&result.values));
    let head = result.columns.join(" ");
    Ok(std::iter::once(head).chain(rows).collect::<Vec<_>>().join(" | "))
}

/// `<url> <command> [<argument>…]`; the last argument of `PUBLISH` and `SET` is the rest of the line.
pub fn redis(what: &str) -> Told {
    let mut rest = what;
    let connection = Redis::open(word(&mut rest)).map_err(refusal)?;
    let command = word(&mut rest);
    let count = if matches!(command, "PUBLISH" | "SET") { 2 } else { usize::MAX };
    let arguments = rest.splitn(count, ' ').filter(|argument| !argument.is_empty());
    let arguments: Vec<_> =
        arguments.map(|argument| RedisParameter::Binary(argument.into())).collect();
    let results = connection.execute(command, &arguments).map_err(refusal)?;
    let result = |result: &RedisResult| match result {
        RedisResult::Nil => "nil".to_owned(),
        RedisResult::Status(status) => status.clone(),
        RedisResult::Int64(number) => number.to_string(),
        RedisResult::Binary(bytes) => format!("{:?}", String::from_utf8_lossy(bytes)),
    };
    Ok(results.iter().map(result).collect::<Vec<_>>().join(" "))
}
