//! The system's log, read as an administrator.

use serde_json::Value;

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

    /// A field of the event's data that is a number; 0 where there is none.
    pub fn number_of(&self, field: &str) -> u64 {
        self.event["data"][field].as_u64().unwrap_or_default()
    }
}

/// The whole log of a system, the oldest event first.
///
/// # Panics
/// Where Redis is away, or an entry is not laid out as the platform does it.
pub(super) fn read(connection: &mut redis::Connection, system: &str) -> Vec<Entry> {
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
