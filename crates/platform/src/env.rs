//! What a context has around it while it works: the host's ports, its own names, and what made it act.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::call::{Answered, Outbound};
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

    /// A Spin variable of this component.
    fn variable(&self, name: &str) -> Option<String>;

    /// The wall clock.
    fn now(&self) -> SystemTime;

    /// Waits.
    fn pause(&self, time: Duration);

    /// 64 random bits.
    fn random(&self) -> u64;
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
    /// What made it act.
    pub cause: Cause,
}

impl<'h> Env<'h> {
    /// The same surroundings for another cause.
    pub fn caused_by(&self, cause: Cause) -> Env<'h> {
        Env { host: self.host, system: self.system, context: self.context, cause }
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

    /// A number from a variable, or its default; a value that is no number counts as absent, and is
    /// told in the log.
    pub fn number(&self, variable: &str, default: u64) -> u64 {
        let Some(text) = self.host.variable(variable) else { return default };
        text.trim().parse().unwrap_or_else(|_| {
            eprintln!("variable {variable} is {text:?}, no number: using {default}");
            default
        })
    }

    /// 32 hexadecimal digits that nobody has had before.
    pub fn unique(&self) -> String {
        format!("{:016x}{:016x}", self.host.random(), self.host.random())
    }
}
