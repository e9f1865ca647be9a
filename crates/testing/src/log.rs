//! A system's log, read as an administrator.

use serde_json::Value;
use std::collections::BTreeSet;

/// An event in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its number, from 1 up without gaps.
    pub number: u64,
    /// Its name, as it stands beside the event.
    pub kind: String,
    /// The event as it was written.
    pub text: String,
    /// The CloudEvent; null where it is no JSON.
    pub event: Value,
}

impl Entry {
    /// A member of the event that is text; empty where there is none.
    pub fn text_of(&self, member: &str) -> &str {
        self.event[member].as_str().unwrap_or_default()
    }

    /// The event's fields, where it is a whole event of this `source` (`/bookrent/rent`) about this `subject`
    /// (`rents/1`) in this saga; without those that every event has in its data.
    ///
    /// # Panics
    /// Where a member is missing, there is one more, or one is not as it must be.
    #[track_caller]
    pub fn fields(&self, source: &str, subject: &str, saga: &str) -> Value {
        let members: BTreeSet<&str> =
            self.event.as_object().expect("an object").keys().map(String::as_str).collect();
        let kind = &self.kind;
        assert_eq!(members, MEMBERS.into(), "{kind}");
        for (member, value) in [
            ("source", source),
            ("specversion", "1.0"),
            ("type", kind),
            ("subject", subject),
            ("datacontenttype", "application/json"),
            ("correlationid", saga),
        ] {
            assert_eq!(self.text_of(member), value, "{member} of {kind}");
        }
        assert!(!self.text_of("causationid").is_empty(), "{kind}");
        let traceparent = self.text_of("traceparent");
        let is_hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let lengths = traceparent.split('-').map(|part| (part.len(), is_hex(part)));
        assert!(lengths.eq([2, 32, 16, 2].map(|length| (length, true))), "{traceparent}");
        let data = &self.event["data"];
        assert_eq!(data["eventType"], *kind);
        assert_eq!(data["timestamp"], compact(self.text_of("time")), "{kind}");
        without(data, &["eventType", "timestamp"])
    }

    /// A field of the event's data that is a number; 0 where there is none.
    pub fn number_of(&self, field: &str) -> u64 {
        self.event["data"][field].as_u64().unwrap_or_default()
    }
}

/// The members of an event, as CloudEvents and the specification have them.
const MEMBERS: [&str; 11] = [
    "id",
    "source",
    "specversion",
    "type",
    "subject",
    "time",
    "datacontenttype",
    "traceparent",
    "correlationid",
    "causationid",
    "data",
];

/// A time of RFC 3339 in UTC as `yyyyMMddHHmmss`.
fn compact(time: &str) -> String {
    let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert!(shape.starts_with("0000-00-00T00:00:00"), "{time}");
    let fraction = shape[19..].strip_suffix('Z').unwrap_or_else(|| panic!("{time} is not in UTC"));
    assert!(fraction.is_empty() || fraction.starts_with(".0"), "{time}");
    time[..19].chars().filter(char::is_ascii_digit).collect()
}

/// The whole log of a system, the oldest event first.
///
/// # Panics
/// Where Redis is away, or an entry is not laid out as the platform does it.
pub fn read(connection: &mut redis::Connection, system: &str) -> Vec<Entry> {
    let entries: Vec<(String, Vec<String>)> = redis::cmd("XRANGE")
        .arg(format!("{{{system}}}:log"))
        .arg("-")
        .arg("+")
        .query(connection)
        .expect("the log can be read");
    entries
        .into_iter()
        .map(|(id, fields)| {
            let [t, kind, e, text] = fields.try_into().expect("an entry has two fields");
            assert_eq!((t.as_str(), e.as_str()), ("t", "e"), "entry {id}");
            let number = id.strip_suffix("-0").and_then(|number| number.parse().ok());
            let number = number.unwrap_or_else(|| panic!("{id} is no number of an event"));
            Entry { number, event: serde_json::from_str(&text).unwrap_or_default(), kind, text }
        })
        .collect()
}

/// Tells an event as a commit of its context does, in whatever form it is: its number.
///
/// # Panics
/// Where Redis is away.
pub fn tell(
    connection: &mut redis::Connection,
    system: &str,
    kind: &str,
    event: impl AsRef<[u8]>,
) -> u64 {
    let script = "local number = redis.call('INCR', KEYS[2])
        redis.call('XADD', KEYS[1], number .. '-0', 't', ARGV[1], 'e', ARGV[2])
        redis.call('PUBLISH', ARGV[3], ARGV[2])
        return number";
    let (log, head) = (format!("{{{system}}}:log"), format!("{{{system}}}:log:head"));
    let mut command = redis::cmd("EVAL");
    command.arg(script).arg(2).arg(log).arg(head).arg(kind).arg(event.as_ref()).arg(system);
    command.query(connection).expect("an event can be told")
}

/// What a context's policies have refused: the number of the event, and why.
///
/// # Panics
/// Where Redis is away.
pub fn refusals(
    connection: &mut redis::Connection,
    system: &str,
    context: &str,
) -> Vec<(u64, String)> {
    let stream = format!("{{{system}}}:{context}:refusals");
    let mut range = redis::cmd("XRANGE");
    let refusals: Vec<(String, (String, String))> =
        range.arg(stream).arg("-").arg("+").query(connection).expect("refusals can be read");
    let read = |note: String| {
        let note: Value = serde_json::from_str(&note).unwrap_or_default();
        Some((note["event"].as_u64()?, note["reason"].as_str()?.to_owned()))
    };
    refusals.into_iter().filter_map(|(_, (_, note))| read(note)).collect()
}

/// The numbers that events of one type have in a field, in the log's order.
pub fn told_of(log: &[Entry], kind: &str, field: &str) -> Vec<u64> {
    let events = log.iter().filter(|entry| entry.kind == kind);
    events.map(|entry| entry.number_of(field)).collect()
}

/// What is wrong with a log by itself, a line each: it has gaps, or events that cannot be told apart.
pub fn contradictions(log: &[Entry]) -> Vec<String> {
    let (mut wrong, mut ids) = (Vec::new(), BTreeSet::new());
    for (expected, entry) in (1..).zip(log) {
        if entry.number != expected {
            wrong.push(format!("the log has {} where {expected} should be", entry.number));
            break;
        }
    }
    for entry in log {
        let id = (entry.text_of("source"), entry.text_of("id"));
        if id.1.is_empty() {
            wrong.push(format!("an event without an id: {entry:?}"));
        } else if !ids.insert(id) {
            wrong.push(format!("two events have the id {id:?}"));
        }
    }
    wrong
}

/// Holds a system to what must always be true of it.
///
/// # Panics
/// With what contradicts it, and where there are dead letters.
#[track_caller]
pub fn hold(contradictions: &[String], dead_letters: u64) {
    assert!(contradictions.is_empty(), "{}", contradictions.join("\n"));
    assert_eq!(dead_letters, 0, "there are dead letters");
}

/// A resource or an event's data without the members of these names.
pub fn without(value: &Value, names: &[&str]) -> Value {
    let mut value = value.clone();
    if let Some(members) = value.as_object_mut() {
        members.retain(|name, _| !names.contains(&name.as_str()));
    }
    value
}
