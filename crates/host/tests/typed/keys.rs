//! What a system has left in Redis, without what differs each time.

use redis::{Connection, FromRedisValue};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Members of events and causes that are drawn or read off a clock.
const DRAWN: [&str; 7] = [
    "time",
    "timestamp",
    "traceparent",
    "correlation",
    "correlationid",
    "causationid",
    "id",
];

/// Every key of a system, by name.
pub fn of(redis: &mut Connection, system: &str) -> BTreeMap<String, Value> {
    let mut ask = |command: &str, key: &str, rest: &[&str]| {
        redis::cmd(command).arg(key).arg(rest).query(redis).expect("Redis answers")
    };
    let names: Vec<String> = texts(ask("KEYS", &format!("{{{system}}}:*"), &[]));
    let mut found = BTreeMap::new();
    for name in names {
        let kind = texts(ask("TYPE", &name, &[])).concat();
        let held = match kind.as_str() {
            "string" => texts(ask("GET", &name, &[])),
            "hash" => {
                let mut pairs: Vec<_> = texts(ask("HGETALL", &name, &[]))
                    .chunks(2)
                    .map(<[String]>::to_vec)
                    .collect();
                pairs.sort();
                pairs.concat()
            }
            "zset" => texts(ask("ZRANGE", &name, &["0", "-1", "WITHSCORES"])),
            "set" => texts(ask("SORT", &name, &["ALPHA"])),
            "list" => texts(ask("LRANGE", &name, &["0", "-1"])),
            "stream" => texts(ask("XRANGE", &name, &["-", "+"])),
            other => panic!("{name} is a {other}: say in `keys::of` how it is read"),
        };
        let goes: i64 = i64::from_redis_value(ask("TTL", &name, &[])).expect("a number");
        let held: Vec<_> = held.iter().map(|text| same_each_time(text)).collect();
        found.insert(name, json!({"kind": kind, "goes": goes >= 0, "held": held}));
    }
    found
}

/// All texts of an answer, in order.
fn texts(answer: redis::Value) -> Vec<String> {
    match answer {
        redis::Value::Array(items) => items.into_iter().flat_map(texts).collect(),
        redis::Value::Map(pairs) => {
            pairs.into_iter().flat_map(|(name, value)| [name, value]).flat_map(texts).collect()
        }
        scalar => vec![String::from_redis_value(scalar).expect("Madang writes text")],
    }
}

fn same_each_time(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => without_drawn(value),
        _ => text.into(),
    }
}

fn without_drawn(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| match DRAWN.contains(&name.as_str()) && value.is_string() {
                true => (name, "…".into()),
                false => (name, without_drawn(value)),
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(without_drawn).collect(),
        scalar => scalar,
    }
}
