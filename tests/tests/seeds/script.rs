//! A `.http` file of `tests/seeds` as a list of steps; `tests/seeds/README.md` says what it is made of.

use crate::parse;
use madang_testing::repository;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

/// A file of requests.
#[derive(Debug)]
pub struct Script {
    /// What `@name = value` at its head says, without `host`.
    pub variables: BTreeMap<String, String>,
    /// The requests, in order.
    pub steps: Vec<Step>,
}

/// A request, what is done before it, and what is expected of it.
#[derive(Debug)]
pub struct Step {
    /// `tests/seeds/bookrent.http:12`.
    pub place: String,
    /// The section of the seed document that it belongs to.
    pub section: String,
    /// The rest of its title.
    pub title: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What it is asked of: an empty system, or the one of the step before.
    pub is_fresh: bool,
    /// What is done first.
    pub before: Vec<Action>,
    /// Who asks; a single client where there is no siege.
    pub siege: Option<Siege>,
    /// What is asked.
    pub request: Request,
    /// The answers that are expected: of a single client the one.
    pub answers: Vec<Expected>,
    /// Headers that the answer has.
    pub headers: Vec<(String, String)>,
    /// Types and data of events that it has told, in the end.
    pub events: Vec<(String, Value)>,
    /// Variables and where in the answer their values are.
    pub keeps: Vec<(String, String)>,
}

impl Step {
    /// Whether it is a siege that the next one begins with.
    pub fn is_beside_next(&self) -> bool {
        self.siege.as_ref().is_some_and(|siege| siege.is_beside_next)
    }
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The seed document has it.
    Seed,
    /// The seed document needs it, or describes it without saying what to send.
    Added,
}

/// What is done before a request, by the names of contexts.
#[derive(Debug, PartialEq)]
pub enum Action {
    /// It goes down once it has handled what was told.
    Down(String),
    /// It comes back.
    Heal(String),
    /// It answers so many milliseconds late.
    Delay(String, RangeInclusive<u64>),
    /// It handles what was told.
    Follow(String),
}

/// Many clients that ask the same.
#[derive(Debug, PartialEq)]
pub struct Siege {
    /// How many.
    pub clients: usize,
    /// After so many answers it ends, once each expected one is among them.
    pub requests: usize,
    /// After this time it ends whatever was answered.
    pub limit: Duration,
    /// Whether the next one begins at the same time.
    pub is_beside_next: bool,
}

/// A request as it is sent, but for the values of its variables.
#[derive(Debug)]
pub struct Request {
    /// `POST`.
    pub method: String,
    /// From the slash after the host on.
    pub path: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body, where it has one.
    pub body: Option<String>,
}

/// An answer that is expected.
#[derive(Debug)]
pub struct Expected {
    /// Its status.
    pub status: u16,
    /// What its body contains.
    pub body: Option<Value>,
    /// When.
    pub when: When,
}

/// When an answer is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// `=>`: the first one; in a siege, at least one of them.
    Now,
    /// `eventually =>`: some time, of the same request.
    Eventually,
    /// `or =>`: perhaps, in a siege.
    Perhaps,
}

impl Script {
    /// A system's file.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn of(system: &str) -> Result<Self, String> {
        let name = format!("{system}.http");
        let path = folder().join(&name);
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        parse::script(system, &format!("tests/seeds/{name}"), &text)
    }
}

/// Where the files are.
pub fn folder() -> PathBuf {
    repository().join("tests/seeds")
}

/// A text with its variables' values.
pub fn fill(text: &str, variables: &BTreeMap<String, String>) -> String {
    variables.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{{{name}}}}}"), value)
    })
}
