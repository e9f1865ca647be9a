//! What all systems have in common for who looks at them from outside.

use crate::log::{self, Entry};
use crate::{Answer, Client, Host, SERVICE_TOKEN, eventually};
use serde_json::Value;
use std::time::Duration;

/// How long everything that follows from a command may take, killed components and their leases
/// included.
pub const SETTLING: Duration = Duration::from_secs(40);

/// Where a context keeps what waits for a neighbour.
#[derive(Clone, Copy, Debug)]
pub struct Intents {
    /// `rent`.
    pub context: &'static str,
    /// `rents`.
    pub collection: &'static str,
}

/// The key of the lease by which one instance of a context at a time hears events.
pub fn lease_of(system: &str, context: &str) -> String {
    format!("{{{system}}}:{context}:lease")
}

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

    /// What the search by one field finds in a collection.
    #[track_caller]
    pub fn search(&self, collection: &str, query: &str, value: u64) -> Vec<Value> {
        let (name, (_, field)) = (self.name, query.split_once("By").unwrap_or(("", query)));
        let (first, rest) = field.split_at(1);
        let field = first.to_lowercase() + rest;
        let path = format!("/{name}/{collection}/search/{query}?{field}={value}");
        let found = self.client.get(&path).expect(200).json();
        found["_embedded"][collection].as_array().cloned().unwrap_or_default()
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

    /// How many events of this type were told.
    #[track_caller]
    pub fn told(&self, kind: &str) -> usize {
        self.log().iter().filter(|entry| entry.kind == kind).count()
    }

    /// Takes contexts down, whatever is under way.
    #[track_caller]
    pub fn down_now(&self, contexts: &[&str]) {
        contexts.iter().for_each(|context| self.host.down(&self.component(context)));
    }

    /// Ends every fault of these contexts.
    #[track_caller]
    pub fn heal(&self, contexts: &[&str]) {
        contexts.iter().for_each(|context| self.host.heal(&self.component(context)));
    }

    /// The component of a context.
    pub fn component(&self, context: &str) -> String {
        format!("{}-{context}", self.name)
    }

    /// Waits until a context has handled everything that is in the log.
    #[track_caller]
    pub fn follow(&self, context: &str) {
        eventually(SETTLING, || self.behind(context));
    }

    /// Waits until these contexts have handled everything that is in the log.
    #[track_caller]
    pub fn follow_all(&self, contexts: &[&str]) {
        contexts.iter().for_each(|context| self.follow(context));
    }

    /// Whether no intent waits, or which do.
    ///
    /// # Errors
    /// Those that wait, and what Redis reports.
    pub fn none_waits(&self, redis: &mut redis::Connection, of: Intents) -> Result<(), String> {
        match self.waiting(redis, of)?.as_slice() {
            [] => Ok(()),
            waiting => Err(format!("{} {waiting:?} wait for a neighbour", of.collection)),
        }
    }

    /// Has the intents that wait be taken up at once, without the pause in which nobody does: somebody may be
    /// at work on them, and here nobody is any more.
    #[track_caller]
    pub fn take_up(&self, of: Intents) {
        let mut redis = self.host.redis();
        let ready = format!("/{}/-/{}/health/ready", self.name, of.context);
        eventually(SETTLING, || {
            if self.hurry(&mut redis, of)? == 0 {
                return Ok(());
            }
            Err(self.client.send("GET", &ready, None)?.to_string())
        });
    }

    /// Has the intents that wait be due now: how many they are.
    ///
    /// # Errors
    /// What Redis reports.
    pub fn hurry(&self, redis: &mut redis::Connection, of: Intents) -> Result<usize, String> {
        let waiting = self.waiting(redis, of)?;
        if waiting.is_empty() {
            return Ok(0);
        }
        let due: Vec<_> = waiting.iter().map(|id| (1, id)).collect();
        let hurry = redis::cmd("ZADD").arg(self.intents(of)).arg("XX").arg(due).exec(redis);
        hurry.map_err(|error| error.to_string()).map(|()| waiting.len())
    }

    /// The intents that wait.
    ///
    /// # Errors
    /// What Redis reports.
    pub fn waiting(&self, redis: &mut redis::Connection, of: Intents) -> Result<Vec<u64>, String> {
        let all = redis::cmd("ZRANGE").arg(self.intents(of)).arg(0).arg(-1).query(redis);
        all.map_err(|error| error.to_string())
    }

    fn intents(&self, of: Intents) -> String {
        format!("{{{}}}:{}:{}:intents", self.name, of.context, of.collection)
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
        eventually(limit, || self.owes_nothing(&mut redis, contexts, &owed));
    }

    /// Whether these contexts have handled the whole log and nothing else is `owed`, or what is.
    ///
    /// # Errors
    /// What is owed, and what Redis reports.
    pub fn owes_nothing(
        &self,
        redis: &mut redis::Connection,
        contexts: &[&str],
        owed: impl Fn(&mut redis::Connection) -> Result<(), String>,
    ) -> Result<(), String> {
        let head = |redis: &mut redis::Connection| -> Result<u64, String> {
            let key = format!("{{{}}}:log:head", self.name);
            let head: Option<u64> =
                redis::cmd("GET").arg(key).query(redis).map_err(|error| error.to_string())?;
            Ok(head.unwrap_or(0))
        };
        let before = head(redis)?;
        owed(redis)?;
        contexts.iter().try_for_each(|context| self.behind(context))?;
        // What a context did last may have told something new.
        let after = head(redis)?;
        if before == after { Ok(()) } else { Err(format!("the log grew to {after}")) }
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
