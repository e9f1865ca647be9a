//! Events that no context told, written into BookRent's log.

use madang_testing::Host;
use serde_json::{Value, json};

/// Writes an event as nobody should, and gives its number.
///
/// # Panics
/// When Redis does not take it.
pub fn write(host: &Host, kind: &str, event: &str) -> u64 {
    let script = "local number = redis.call('INCR', KEYS[2])
        redis.call('XADD', KEYS[1], number .. '-0', 't', ARGV[1], 'e', ARGV[2])
        redis.call('PUBLISH', 'bookrent', ARGV[2])
        return number";
    redis::cmd("EVAL")
        .arg(script)
        .arg(2)
        .arg(&["{bookrent}:log", "{bookrent}:log:head", kind, event])
        .query(&mut host.redis())
        .unwrap()
}

/// An event whose data is this.
pub fn event(kind: &str, data: &Value) -> Value {
    json!({
        "id": format!("poison-{kind}"), "source": "/bookrent/elsewhere", "specversion": "1.0",
        "type": kind, "subject": "poison/1", "time": "2026-01-01T00:00:00Z",
        "datacontenttype": "application/json",
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "correlationid": "poison", "causationid": "poison", "data": data,
    })
}
