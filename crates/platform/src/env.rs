//! What a context has around it while it works: the host's ports, its own names, what made it act, and
//! until when.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::{Answered, Outbound};
use crate::journal::Journal;
use crate::redis::Reply;

/// The host, as far as the platform uses it. In a component it is Spin ([`crate::spin`]); tests bring
/// their own, with a clock and randomness that they set.
pub trait Host {
    /// Runs a Redis command.
    ///
    /// # Errors
    /// What Redis or the way to it reports, as text.
    fn redis(&self, command: &str, words: Vec<Vec<u8>>) -> Result<Vec<Reply>, String>;

    /// Runs one SQLite statement on the database of this label.
    ///
    /// # Errors
    /// What SQLite reports, as text.
    fn sqlite(&self, label: &str, sql: &str, values: Vec<Cell>) -> Result<Rows, String>;

    /// Sends an HTTP request and waits for the whole answer.
    ///
    /// # Errors
    /// Why there is no answer, as text.
    fn send(&self, request: Outbound) -> Result<Answered, String>;

    /// Adds to a number in the context's key-value store, which belongs to one host and does not need
    /// Redis, and answers the sum. Atomic; a number that was never added to is 0.
    ///
    /// # Errors
    /// What the store reports, as text.
    fn count(&self, key: &str, delta: i64) -> Result<i64, String>;

    /// A number of the key-value store.
    ///
    /// # Errors
    /// What the store reports, as text.
    fn counted(&self, key: &str) -> Result<i64, String>;

    /// Removes a number of the key-value store: it is 0 again.
    ///
    /// # Errors
    /// What the store reports, as text.
    fn forget(&self, key: &str) -> Result<(), String>;

    /// A Spin variable of this component.
    fn variable(&self, name: &str) -> Option<String>;

    /// The wall clock.
    fn now(&self) -> SystemTime;

    /// Waits.
    fn pause(&self, time: Duration);

    /// 64 random bits.
    fn random(&self) -> u64;

    /// Whether the host tells of instances that trapped, and has seen none of this component do so.
    fn knows_no_trap(&self) -> bool {
        false
    }

    /// Whether [`Host::tell_span`] is heard.
    fn hears_spans(&self) -> bool {
        false
    }

    /// Tells of a span's begin or end.
    fn tell_span(&self, told: &Value) {
        let _ = told;
    }
}

/// A value of a SQLite row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// NULL.
    Null,
    /// INTEGER.
    Integer(i64),
    /// TEXT.
    Text(String),
}

/// The rows of an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// Values in the order of the statement's columns.
    pub rows: Vec<Vec<Cell>>,
}

/// What made a context act, as it is handed on to the events and calls that follow.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// The command or the event.
    pub id: String,
    /// The saga: the id of its first command.
    pub correlation: String,
    /// W3C trace context.
    pub traceparent: String,
}

/// The surroundings of one piece of work.
pub struct Env<'h> {
    /// The host's ports.
    pub host: &'h dyn Host,
    /// The system (`bookrent`).
    pub system: &'static str,
    /// The context within it (`rent`).
    pub context: &'static str,
    /// The contexts that it may call.
    pub neighbours: &'static [&'static str],
    /// Whether it sends messages to people.
    pub sends_messages: bool,
    /// What made it act.
    pub cause: Cause,
    /// Until when whoever asked waits; calls to neighbours end by then.
    pub deadline: Option<SystemTime>,
    /// Whether somebody began on this before and may have asked neighbours.
    pub resumed: bool,
    /// The calls that were made meanwhile.
    pub(crate) journal: Journal,
}

impl<'h> Env<'h> {
    /// Surroundings of a context that calls nobody and may take its time.
    pub fn new(
        host: &'h dyn Host,
        system: &'static str,
        context: &'static str,
        cause: Cause,
    ) -> Self {
        Env {
            host,
            system,
            context,
            neighbours: &[],
            sends_messages: false,
            cause,
            deadline: None,
            resumed: false,
            journal: Journal::default(),
        }
    }

    /// The same surroundings for another cause.
    pub fn caused_by(&self, cause: Cause) -> Env<'h> {
        let Env { host, system, context, neighbours, sends_messages, deadline, resumed, .. } =
            *self;
        let journal = self.journal.clone();
        Env { host, system, context, neighbours, sends_messages, cause, deadline, resumed, journal }
    }

    /// Milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> i64 {
        let now = self.host.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
    }

    /// A key of this context: all keys of a system share one hash tag, so one slot.
    pub fn key(&self, name: &str) -> String {
        format!("{{{}}}:{}:{name}", self.system, self.context)
    }

    /// The system's log.
    pub fn log_key(&self) -> String {
        format!("{{{}}}:log", self.system)
    }

    /// The number of the log's last event.
    pub fn head_key(&self) -> String {
        format!("{{{}}}:log:head", self.system)
    }

    /// The dead letters of this context.
    pub fn dead_key(&self) -> String {
        format!("{{{}}}:dead:{}", self.system, self.context)
    }

    /// A number from a variable, or its default where it is empty; a value that is no number counts as
    /// absent, and is told in the log.
    pub fn number(&self, variable: &str, default: u64) -> u64 {
        let text = self.host.variable(variable).filter(|text| !text.is_empty());
        let Some(text) = text else { return default };
        text.trim().parse().unwrap_or_else(|_| {
            eprintln!("variable {variable} is {text:?}, no number: using {default}");
            default
        })
    }

    /// As [`Env::number`], to reckon with.
    pub(crate) fn figure(&self, variable: &str, default: u64) -> i64 {
        i64::try_from(self.number(variable, default)).unwrap_or(i64::MAX)
    }

    /// 32 hexadecimal digits that nobody has had before.
    pub fn unique(&self) -> String {
        format!("{:016x}{:016x}", self.host.random(), self.host.random())
    }
}
