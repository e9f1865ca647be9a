//! What all systems have in common for who looks at them from outside.

use crate::log::{self, Entry};
use crate::{Answer, Client, Host, SERVICE_TOKEN, eventually};
use serde_json::Value;
use std::time::Duration;

/// How long everything that follows from a command may take, killed components and their leases
/// included.
pub const SETTLING: Duration = Duration::from_secs(40);

/// A system on a host.
#[derive(Debug)]
pub struct System<'h> {
    /// Its name: `bookrent`.
    pub name: &'static str,
    /// The host.
    pub host: &'h Host,
    /// A client of it.
    pub client: Client,
}

impl<'h> System<'h> {
    /// A system of this host, as it runs now: after a restart it is to be made anew.
    pub fn of(name: &'static str, host: &'h Host) -> Self {
        Self { name, host, client: host.client() }
    }

    /// Every item of a collection, found by following its `next` links.
    #[track_caller]
    pub fn all(&self, collection: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = Some(format!("/{}/{collection}?size=1000", self.name));
        while let Some(path) = next {
            let page = self.client.get(&path).expect(200).json();
            items.extend(page["_embedded"][collection].as_array().cloned().unwrap_or_default());
            next = page["_links"]["next"]["href"].as_str().map(str::to_owned);
        }
        items
    }

    /// A client that knows the service token.
    pub fn internal(&self) -> Client {
        self.client.with("authorization", format!("Bearer {SERVICE_TOKEN}"))
    }

    /// What a context tells of itself.
    #[track_caller]
    pub fn info(&self, context: &str) -> Value {
        self.client.get(&self.info_path(context)).expect(200).json()
    }

    /// The whole log.
    #[track_caller]
    pub fn log(&self) -> Vec<Entry> {
        log::read(&mut self.host.redis(), self.name)
    }

    /// How many events went to the dead letters of these contexts together.
    #[track_caller]
    pub fn dead_letters(&self, contexts: &[&str]) -> u64 {
        let dead = |context| self.info(context)["deadLetters"].as_u64().unwrap_or(u64::MAX);
        contexts.iter().map(|context| dead(context)).sum()
    }

    /// Waits until a context has handled everything that is in the log.
    #[track_caller]
    pub fn follow(&self, context: &str) {
        eventually(SETTLING, || self.behind(context));
    }

    /// Waits until these contexts have handled the whole log and nothing else is `owed`.
    ///
    /// # Panics
    /// With what is owed, when it does not get there.
    #[track_caller]
    pub fn settle_contexts(
        &self,
        limit: Duration,
        contexts: &[&str],
        owed: impl Fn(&mut redis::Connection) -> Result<(), String>,
    ) {
        let mut redis = self.host.redis();
        let head = |redis: &mut redis::Connection| -> Result<u64, String> {
            let key = format!("{{{}}}:log:head", self.name);
            let head: Option<u64> =
                redis::cmd("GET").arg(key).query(redis).map_err(|error| error.to_string())?;
            Ok(head.unwrap_or(0))
        };
        eventually(limit, || {
            let before = head(&mut redis)?;
            owed(&mut redis)?;
            contexts.iter().try_for_each(|context| self.behind(context))?;
            // What a context did last may have told something new.
            let after = head(&mut redis)?;
            if before == after { Ok(()) } else { Err(format!("the log grew to {after}")) }
        });
    }

    fn behind(&self, context: &str) -> Result<(), String> {
        let answer = self.client.send("GET", &self.info_path(context), None)?;
        if answer.is_success() && answer.json()["lag"] == 0 {
            return Ok(());
        }
        Err(answer.to_string())
    }

    fn info_path(&self, context: &str) -> String {
        format!("/{}/-/{context}/info", self.name)
    }
}

/// The id in an answer.
///
/// # Panics
/// Where there is none.
#[track_caller]
pub fn id_in(answer: &Answer) -> u64 {
    answer.json()["id"].as_u64().unwrap_or_else(|| panic!("no id\n{answer}"))
}
