//! What a system has left in Redis, without what is another each time.

use redis::{Connection, FromRedisValue};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Every key of a system, by name.
pub fn of(redis: &mut Connection, system: &str) -> BTreeMap<String, Value> {
    let mut ask = |command: &str, key: &str, rest: &[&str]| {
        redis::cmd(command).arg(key).arg(rest).query(redis).expect("Redis answers")
    };
    // In order, so that what is drawn is met in the same order each time.
    let names = texts(ask("KEYS", &format!("{{{system}}}:*"), &[]));
    let names: BTreeSet<_> = names.into_iter().collect();
    let (mut found, mut drawn) = (BTreeMap::new(), Drawn::default());
    for name in names {
        let kind = texts(ask("TYPE", &name, &[])).concat();
        let held = match kind.as_str() {
            "string" => texts(ask("GET", &name, &[])),
            "hash" => {
                let mut pairs: Vec<_> =
                    texts(ask("HGETALL", &name, &[])).chunks(2).map(<[String]>::to_vec).collect();
                pairs.sort();
                pairs.concat()
            }
            "zset" => texts(ask("ZRANGE", &name, &["0", "-1", "WITHSCORES"])),
            "stream" => texts(ask("XRANGE", &name, &["-", "+"])),
            other => panic!("{name} is a {other}: say in `keys::of` how it is read"),
        };
        let left = i64::from_redis_value(ask("TTL", &name, &[])).expect("a number");
        let held: Vec<_> = held.iter().map(|text| drawn.numbered_in(text)).collect();
        found.insert(name, json!({"kind": kind, "expires": left >= 0, "held": held}));
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

/// What was drawn, numbered by when it was first met: so it is seen whether two of them are the same.
#[derive(Default)]
struct Drawn(HashMap<String, usize>);

impl Drawn {
    fn numbered_in(&mut self, text: &str) -> Value {
        match serde_json::from_str(text) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => self.numbered(None, value),
            _ => text.into(),
        }
    }

    fn numbered(&mut self, member: Option<&str>, value: Value) -> Value {
        match (member, value) {
            (_, Value::Object(members)) => {
                let member = |(name, value): (String, _)| {
                    let value = self.numbered(Some(&name), value);
                    (name, value)
                };
                members.into_iter().map(member).collect()
            }
            (_, Value::Array(items)) => {
                items.into_iter().map(|item| self.numbered(None, item)).collect()
            }
            (Some("time" | "timestamp"), Value::String(_)) => "some time".into(),
            // Of the trace its id: the spans differ.
            (Some("traceparent"), Value::String(trace)) => {
                self.number(trace.split('-').nth(1).unwrap_or_default())
            }
            (Some("id" | "correlation" | "correlationid" | "causationid"), Value::String(id)) => {
                self.number(&id)
            }
            (_, scalar) => scalar,
        }
    }

    fn number(&mut self, drawn: &str) -> Value {
        let next = self.0.len();
        let number = self.0.entry(drawn.to_owned()).or_insert(next);
        format!("drawn {number}").into()
    }
}
