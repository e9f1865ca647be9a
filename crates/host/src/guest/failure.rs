//! Why a component gave no answer, and what is told of it.

use crate::telemetry::serving::Failed;
use std::fmt;

/// Why a component gave no answer.
#[derive(Debug)]
pub enum Failure {
    /// A fault that a tester injected.
    Down,
    /// As many requests were at work and waiting as the component may have.
    Full,
    /// No place became free while the request could wait.
    Busy,
    /// The time limit passed.
    TimedOut,
    /// The guest trapped, or ended without an answer.
    Trap(wasmtime::Error),
    /// The guest answered a message with an error.
    Refused,
    /// A crash that a tester injected.
    Killed,
}

impl Failure {
    /// What a span tells of it: its kind, and why without where.
    pub fn told(&self) -> Failed {
        let kind = match self {
            Self::Down => "down",
            Self::Full => "full",
            Self::Busy => "busy",
            Self::TimedOut => "timeout",
            Self::Trap(_) => "trap",
            Self::Refused => "refused",
            Self::Killed => "killed",
        };
        let why = match self {
            Self::Trap(error) => error.root_cause().to_string(),
            other => other.to_string(),
        };
        Failed { kind, why }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Down => f.write_str("is down (by order of the admin port)"),
            Self::Full => f.write_str("has as much at work and waiting as it may have"),
            Self::Busy => f.write_str("is busy: no instance became free in time"),
            Self::TimedOut => f.write_str("took longer than --request-timeout and was stopped"),
            Self::Trap(error) => write!(f, "failed: {error:?}"),
            Self::Refused => f.write_str("answered a message with an error"),
            Self::Killed => f.write_str("was killed (by order of the admin port)"),
        }
    }
}
