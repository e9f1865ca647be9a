//! The system's log, read as an administrator.

use crate::Entry;

/// The whole log, the oldest event first.
///
/// # Panics
/// Where Redis is away, or an entry is not laid out as the platform does it.
pub(super) fn read(redis: &mut redis::Connection) -> Vec<Entry> {
    let entries: Vec<(String, Vec<String>)> =
        redis::cmd("XRANGE").arg(&["{outerpark}:log", "-", "+"]).query(redis).expect("the log");
    let read = |(id, fields): (String, Vec<String>)| {
        let [t, kind, e, text] = fields.try_into().expect("an entry has two fields");
        assert_eq!((t.as_str(), e.as_str()), ("t", "e"), "entry {id}");
        let number = id.strip_suffix("-0").and_then(|number| number.parse().ok());
        let number = number.unwrap_or_else(|| panic!("{id} is no number of an event"));
        Entry { number, event: serde_json::from_str(&text).unwrap_or_default(), kind, text }
    };
    entries.into_iter().map(read).collect()
}
