//! What stands in a system's log, and how far its contexts have read: from Redis, as a user who may read these
//! keys alone.

use std::time::SystemTime;

use madang::event::Envelope;
use madang::spin_sdk::redis::{Connection, RedisParameter, RedisResult};

use crate::model::System;
use crate::reach::variable;

/// An event in the log.
pub(crate) struct Entry {
    /// Its number.
    pub(crate) number: u64,
    /// The event.
    pub(crate) event: Envelope,
}

impl Entry {
    /// The context that told it.
    pub(crate) fn context(&self) -> &str {
        self.event.source.rsplit('/').next().unwrap_or_default()
    }

    /// When it was told.
    pub(crate) fn time(&self) -> SystemTime {
        humantime::parse_rfc3339(&self.event.time).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

/// A system's keys in Redis.
pub(crate) struct Log {
    redis: Connection,
    system: &'static str,
}

impl Log {
    /// Of a system.
    ///
    /// # Errors
    /// Why Redis cannot be reached.
    pub(crate) fn of(system: &System) -> Result<Self, String> {
        let url = variable("redis_url").ok_or("the variable redis_url is not set")?;
        let redis = Connection::open(&url).map_err(|error| format!("Redis: {error}"))?;
        Ok(Log { redis, system: system.name })
    }

    fn ask(&self, command: &str, key: &str, words: &[&str]) -> Result<Vec<RedisResult>, String> {
        let key = format!("{{{}}}:{key}", self.system);
        let words = [key.as_str()].into_iter().chain(words.iter().copied());
        let words: Vec<_> =
            words.map(|word| RedisParameter::Binary(word.as_bytes().to_vec())).collect();
        self.redis.execute(command, &words).map_err(|error| format!("Redis: {error}"))
    }

    fn number(&self, key: &str) -> Result<u64, String> {
        let reply = self.ask("GET", key, &[])?.into_iter().next();
        Ok(reply.and_then(text).and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    /// The number of the last event.
    ///
    /// # Errors
    /// What Redis says.
    pub(crate) fn head(&self) -> Result<u64, String> {
        self.number("log:head")
    }

    /// How far a context with policies has read. A read model keeps its place itself, and here has 0.
    ///
    /// # Errors
    /// What Redis says.
    pub(crate) fn cursor(&self, context: &str) -> Result<u64, String> {
        self.number(&format!("{context}:cursor"))
    }

    /// How many events a context has given up.
    ///
    /// # Errors
    /// What Redis says.
    pub(crate) fn dead(&self, context: &str) -> Result<u64, String> {
        let reply = self.ask("HLEN", &format!("dead:{context}"), &[])?;
        Ok(reply.into_iter().next().and_then(text).and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    /// Which of these events a context has given up.
    ///
    /// # Errors
    /// What Redis says.
    pub(crate) fn dead_among(&self, context: &str, numbers: &[u64]) -> Result<Vec<u64>, String> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let fields: Vec<String> = numbers.iter().map(u64::to_string).collect();
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let letters = self.ask("HMGET", &format!("dead:{context}"), &fields)?;
        let both = numbers.iter().zip(letters);
        Ok(both
            .filter(|(_, letter)| !matches!(letter, RedisResult::Nil))
            .map(|(n, _)| *n)
            .collect())
    }

    /// The last events up to a number, or of all; the last first.
    ///
    /// # Errors
    /// What Redis says.
    pub(crate) fn latest(&self, upto: Option<u64>, count: u32) -> Result<Vec<Entry>, String> {
        let last = upto.map_or("+".to_owned(), |number| format!("{number}-0"));
        let words = [last.as_str(), "-", "COUNT", &count.to_string()];
        Ok(entries(self.ask("XREVRANGE", "log", &words)?, ""))
    }

    /// The events of a saga among so many from a number on.
    ///
    /// # Errors
    /// What Redis says.
    pub(crate) fn saga(&self, saga: &str, from: u64, count: u32) -> Result<Vec<Entry>, String> {
        let words = [&format!("{from}-0"), "+", "COUNT", &count.to_string()];
        let mut entries = entries(self.ask("XRANGE", "log", &words)?, saga);
        entries.retain(|entry| entry.event.correlationid == saga);
        Ok(entries)
    }
}

/// The entries of a stream that have this text in them, from a reply whose nesting is gone: the id, `t`, the type,
/// `e`, the event.
fn entries(reply: Vec<RedisResult>, with: &str) -> Vec<Entry> {
    let mut values = reply.into_iter().filter_map(text);
    let mut entries = Vec::new();
    while let Some(id) = values.next() {
        let event = values.by_ref().nth(3).filter(|event| event.contains(with));
        let number = id.split('-').next().and_then(|number| number.parse().ok());
        let event = event.and_then(|event| serde_json::from_str(&event).ok());
        if let (Some(number), Some(event)) = (number, event) {
            entries.push(Entry { number, event });
        }
    }
    entries
}

fn text(value: RedisResult) -> Option<String> {
    match value {
        RedisResult::Nil => None,
        RedisResult::Status(text) => Some(text),
        RedisResult::Int64(number) => Some(number.to_string()),
        RedisResult::Binary(bytes) => String::from_utf8(bytes).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_from_a_flat_reply() {
        let event = |saga: &str| {
            format!(
                r#"{{"id":"rents/1@2","source":"/bookrent/rent","specversion":"1.0","type":"BookRented",
                "subject":"rents/1","time":"2026-11-21T16:02:38.545Z","datacontenttype":"application/json",
                "traceparent":"","correlationid":"{saga}","causationid":"{saga}","data":{{"id":1}}}}"#
            )
        };
        let reply = |number: &str, saga: &str| {
            [number, "t", "BookRented", "e", &event(saga)]
                .map(|text| RedisResult::Binary(text.as_bytes().to_vec()))
        };
        let all: Vec<_> =
            reply("7-0", "saga-1").into_iter().chain(reply("8-0", "saga-2")).collect();
        let found = entries(all, "saga-2");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].number, found[0].context()), (8, "rent"));
        assert_eq!(
            humantime::format_rfc3339_millis(found[0].time()).to_string(),
            found[0].event.time
        );
    }
}
