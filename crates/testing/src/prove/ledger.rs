//! What clients were told: each command with its saga, and what came of it.

use madang_testing::Answer;
use serde_json::Value;
use std::time::Instant;

/// A command that a client sends.
#[derive(Clone, Debug)]
pub struct Ask {
    /// `POST`.
    pub method: &'static str,
    /// Where to.
    pub path: String,
    /// With what.
    pub body: Option<Value>,
    /// The event that tells that it was done, in the command's saga.
    pub tells: &'static str,
    /// Whether an answer, which says that it was done, says as well that the event was told.
    pub is_told: fn(&Answer) -> bool,
}

impl Ask {
    /// A command whose every good answer says that its event was told.
    pub fn new(
        method: &'static str,
        path: impl Into<String>,
        body: Option<Value>,
        tells: &'static str,
    ) -> Self {
        Self { method, path: path.into(), body, tells, is_told: |_| true }
    }
}

/// What a client knows of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done; the event was told.
    Told,
    /// It was done without an event; what it made is here.
    Made(String),
    /// It was not done, and never will be.
    Refused,
    /// No answer, or one that does not say.
    Unknown,
}

impl Outcome {
    /// What an answer says.
    pub fn of(ask: &Ask, answer: &Result<Answer, String>) -> Self {
        match answer {
            Ok(answer) if answer.is_success() && (ask.is_told)(answer) => Self::Told,
            Ok(answer) if answer.is_success() => Self::Made(answer.location().to_owned()),
            Ok(answer) if answer.status < 500 => Self::Refused,
            _ => Self::Unknown,
        }
    }
}

/// One command, and what came of it.
#[derive(Clone, Debug)]
pub struct Record {
    /// The system.
    pub system: &'static str,
    /// The command's saga, which no other has.
    pub saga: String,
    /// [`Ask::tells`].
    pub tells: &'static str,
    /// What its client knows.
    pub outcome: Outcome,
    /// What was asked and answered, in short.
    pub said: String,
    /// When its client knew.
    pub at: Instant,
}

impl Record {
    /// What came of a command.
    pub fn new(
        system: &'static str,
        saga: String,
        ask: &Ask,
        answer: &Result<Answer, String>,
    ) -> Self {
        let told = match answer {
            Ok(answer) => format!("{} {}", answer.status, answer.text()),
            Err(error) => error.clone(),
        };
        let said = format!("{} {}: {told}", ask.method, ask.path);
        let outcome = Outcome::of(ask, answer);
        Self { system, saga, tells: ask.tells, outcome, said, at: Instant::now() }
    }
}
