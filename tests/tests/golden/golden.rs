//! The files, and what makes an event comparable with one.

use madang_testing::repository;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// The moment at which everything in a golden happens, in each form in which an event tells a time.
const MOMENT: [&str; 4] =
    ["2026-01-01T00:00:00.000Z", "20260101000000", "2026-01-01 09:00:00", "2026-01-01"];
const TRACE: &str = "00-00000000000000000000000000000001-0000000000000001-01";

/// The goldens of a system: of each event its versions, the oldest first.
pub type Goldens = BTreeMap<String, BTreeMap<u32, Value>>;

/// Where the goldens of a system are.
pub fn folder(system: &str) -> PathBuf {
    repository().join("docs/contracts").join(system).join("events")
}

/// Reads the goldens of a system.
#[track_caller]
pub fn read(system: &str) -> Goldens {
    let mut goldens = Goldens::new();
    for file in fs::read_dir(folder(system)).into_iter().flatten() {
        let path = file.expect("the folder can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let parts: Vec<_> = name.split('.').collect();
        let version = |text: &str| text.parse().ok().filter(|version| *version > 0);
        let (event, version) = match parts[..] {
            [event, number, "json"] => (event, version(number)),
            _ => ("", None),
        };
        let version = version.unwrap_or_else(|| panic!("{name} is not <Event>.<version>.json"));
        let text = fs::read_to_string(&path).expect("a golden can be read");
        let golden = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        goldens.entry(event.to_owned()).or_default().insert(version, golden);
    }
    goldens
}

/// Writes a version that is not there yet.
#[track_caller]
pub fn write(system: &str, event: &str, version: u32, golden: &Value) {
    let folder = folder(system);
    fs::create_dir_all(&folder).expect("a folder");
    let text = serde_json::to_string_pretty(golden).expect("it is JSON");
    let path = folder.join(format!("{event}.{version}.json"));
    fs::write(&path, text + "\n").unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}

/// An event with what is another each time put to what it is in every golden, as far as it has the form
/// that it should have.
pub fn comparable(event: &Value) -> Value {
    let mut event = event.clone();
    at_one_moment(&mut event);
    for (member, fixed) in [("correlationid", "saga"), ("causationid", "cause")] {
        if event[member].as_str().is_some_and(|id| !id.is_empty()) {
            event[member] = fixed.into();
        }
    }
    let hex = |text: &str| shape(text, |c| matches!(c, '0'..='9' | 'a'..='f'));
    if hex(event["traceparent"].as_str().unwrap_or_default()) == hex(TRACE) {
        event["traceparent"] = TRACE.into();
    }
    event
}

fn at_one_moment(value: &mut Value) {
    match value {
        Value::Object(members) => members.values_mut().for_each(at_one_moment),
        Value::Array(items) => items.iter_mut().for_each(at_one_moment),
        Value::String(text) => {
            let digits = |text: &str| shape(text, |c| c.is_ascii_digit());
            let form = digits(text);
            if let Some(moment) = MOMENT.into_iter().find(|moment| digits(moment) == form) {
                *value = moment.into();
            }
        }
        _ => {}
    }
}

/// A text with a `0` for all that varies.
fn shape(text: &str, varies: impl Fn(char) -> bool) -> String {
    text.chars().map(|c| if varies(c) { '0' } else { c }).collect()
}

/// Where two events are not the same, a line each.
pub fn differences(golden: &Value, told: &Value) -> Vec<String> {
    let (Some(old), Some(new)) = (golden.as_object(), told.as_object()) else {
        let said = (golden != told).then(|| format!(": golden {golden}, told {told}"));
        return said.into_iter().collect();
    };
    let gone = old.iter().filter(|(name, _)| !new.contains_key(*name));
    let mut all: Vec<_> =
        gone.map(|(name, was)| format!("{name}: golden {was}, told none")).collect();
    for (name, is) in new {
        match old.get(name) {
            None => all.push(format!("{name}: golden none, told {is}")),
            Some(was) => {
                let below = differences(was, is).into_iter();
                all.extend(below.map(|line| {
                    let dot = if line.starts_with(':') { "" } else { "." };
                    format!("{name}{dot}{line}")
                }));
            }
        }
    }
    all
}
