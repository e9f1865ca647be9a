//! Where a registration number in the clear could be left behind.

use super::KVaccine;
use redis::Value;
use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::Path;

/// Everything that a host has kept and told: texts, by where they are.
#[derive(Debug, Default)]
pub struct Places(Vec<(String, Vec<u8>)>);

impl KVaccine<'_> {
    /// Everything that is kept: each value in Redis, of whatever type, with its key; Redis's own files; the
    /// stores; the components' logs and what the host printed.
    ///
    /// # Panics
    /// Where something cannot be read.
    #[track_caller]
    pub fn places(&self) -> Places {
        let mut places = Places::default();
        let mut redis = self.host.redis();
        let keys: Vec<Vec<u8>> = redis::cmd("KEYS").arg("*").query(&mut redis).expect("the keys");
        for key in keys {
            let name = String::from_utf8_lossy(&key).into_owned();
            let kind: String = redis::cmd("TYPE").arg(&key).query(&mut redis).expect("its type");
            let (command, range): (&str, &[&str]) = match kind.as_str() {
                "string" => ("GET", &[]),
                "hash" => ("HGETALL", &[]),
                "set" => ("SMEMBERS", &[]),
                "list" => ("LRANGE", &["0", "-1"]),
                "zset" => ("ZRANGE", &["0", "-1"]),
                "stream" => ("XRANGE", &["-", "+"]),
                other => panic!("{name} is a {other}: how is that read?"),
            };
            let read = redis::cmd(command).arg(&key).arg(range).to_owned();
            let value: Value = read.query(&mut redis).expect("its value");
            let mut bytes = key;
            flatten(&value, &mut bytes);
            places.add(format!("the key {name}"), bytes);
        }
        // What is in memory alone is written down, too, as it is, before the files are looked at.
        let plain = redis::cmd("CONFIG").arg(&["SET", "rdbcompression", "no"]).to_owned();
        let _: String = plain.query(&mut redis).expect("Redis writes plain text");
        let saved: Result<String, _> = redis::cmd("SAVE").query(&mut redis);
        saved.expect("Redis writes its file");
        let dir: Vec<String> =
            redis::cmd("CONFIG").arg("GET").arg("dir").query(&mut redis).expect("its directory");
        places.add_files(Path::new(&dir[1]));
        places.add_files(self.host.state_dir());
        places.add("what the host printed".to_owned(), self.host.printed().into_bytes());
        places
    }
}

impl Places {
    /// One more text.
    pub fn add(&mut self, place: String, bytes: Vec<u8>) {
        self.0.push((place, bytes));
    }

    /// Every file in and below a folder, but compiled components.
    fn add_files(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).expect("the folder") {
            let path = entry.expect("an entry").path();
            if path.file_name().is_some_and(|name| name == "cache") {
                continue;
            }
            if path.is_dir() {
                self.add_files(&path);
            } else if path.is_file() {
                // One that is gone by now holds nothing.
                if let Ok(bytes) = fs::read(&path) {
                    self.add(path.display().to_string(), bytes);
                }
            }
        }
    }

    /// All that stands in the places whose name has this in it.
    pub fn of(&self, part: &str) -> Vec<u8> {
        let of_it = self.0.iter().filter(|(place, _)| place.contains(part));
        of_it.flat_map(|(_, bytes)| bytes.iter().copied()).collect()
    }

    /// The places whose name has this in it.
    pub fn named(&self, part: &str) -> usize {
        self.0.iter().filter(|(place, bytes)| place.contains(part) && !bytes.is_empty()).count()
    }

    /// Where one of these registration numbers stands, with its dash or without.
    pub fn holding(&self, numbers: &[String]) -> Vec<String> {
        let bare = numbers.iter().map(|number| number.replace('-', ""));
        let looked_for: HashSet<String> = numbers.iter().cloned().chain(bare).collect();
        let lengths: BTreeSet<usize> = looked_for.iter().map(String::len).collect();
        let mut found = BTreeSet::new();
        for (place, bytes) in &self.0 {
            for window in lengths.iter().flat_map(|length| bytes.windows(*length)) {
                let text =
                    window[0].is_ascii_digit().then(|| str::from_utf8(window).ok()).flatten();
                if let Some(number) = text.and_then(|text| looked_for.get(text)) {
                    found.insert(format!("{number} in {place}"));
                }
            }
        }
        found.into_iter().collect()
    }

    /// Whether a text holds something that looks like a registration number with its dash.
    pub fn holds_a_number(text: &str) -> bool {
        text.as_bytes().windows(14).any(|window| {
            window.iter().enumerate().all(|(at, byte)| match at {
                6 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            })
        })
    }
}

/// All the bytes of an answer, parted.
fn flatten(value: &Value, bytes: &mut Vec<u8>) {
    bytes.push(b'\n');
    match value {
        Value::BulkString(text) => bytes.extend_from_slice(text),
        Value::SimpleString(text) => bytes.extend_from_slice(text.as_bytes()),
        Value::Array(values) | Value::Set(values) => {
            values.iter().for_each(|value| flatten(value, bytes));
        }
        Value::Map(pairs) => pairs.iter().for_each(|(key, value)| {
            flatten(key, bytes);
            flatten(value, bytes);
        }),
        Value::Nil | Value::Int(_) | Value::Double(_) => {}
        other => panic!("{other:?}: how is that read?"),
    }
}
