//! Why something did not happen, in four classes, mapped to HTTP once (`problem`).

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

/// What went wrong, by what its receiver can do about it.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// The domain refuses: an answer like any other, and repeating the command does not help.
    Rejected(Rejection),
    /// Another writer was faster; deciding anew on fresh state helps.
    Conflict,
    /// The client's version is not the current one (`If-Match`).
    Stale,
    /// A store or a neighbour is not there at the moment; trying again later helps. Whether the neighbour
    /// has done what it was asked is not known.
    Unavailable(String),
    /// A neighbour was not asked, neither now nor before: the breaker cut the call off, or there was no
    /// time left. Trying again later helps.
    Unasked(String),
    /// A bug, a missing grant, data that cannot be read: nobody but an operator can help.
    Fault(String),
}

impl Error {
    /// A fault with its reason.
    pub fn fault(reason: impl fmt::Display) -> Self {
        Error::Fault(reason.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Rejected(rejection) => write!(f, "rejected: {}", rejection.detail),
            Error::Conflict => f.write_str("conflict: another writer was faster"),
            Error::Stale => f.write_str("stale: the version is another by now"),
            Error::Unavailable(what) | Error::Unasked(what) => write!(f, "unavailable: {what}"),
            Error::Fault(why) => write!(f, "fault: {why}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Error::Rejected(rejection)
    }
}

/// What kind of refusal it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The command itself is wrong, whatever the state (400).
    Invalid,
    /// There is nothing of that id (404).
    NotFound,
    /// The state does not allow it (409).
    State,
    /// Not at the moment: what it needs is not there, or has too much to do (503).
    Later,
}

/// A decision that refuses a command, in the domain's words.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejection {
    /// What kind of refusal.
    pub class: Class,
    /// The reason, for people.
    pub detail: Cow<'static, str>,
    /// The fields at fault, where it is fields.
    pub violations: Vec<Violation>,
}

/// One field that breaks a rule: what Spring Data REST's clients read as an entry of `errors`.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// The field, in the words of the wire (camelCase).
    pub property: Cow<'static, str>,
    /// What was sent.
    pub invalid_value: Value,
    /// What it must be.
    pub message: Cow<'static, str>,
}

impl Rejection {
    /// There is nothing of that id.
    pub const MISSING: Rejection = Rejection::new(Class::NotFound, "there is nothing of that id");

    /// The state does not allow the command.
    pub const fn state(detail: &'static str) -> Self {
        Rejection::new(Class::State, detail)
    }

    /// It cannot be done at the moment; nothing was changed, and trying again later helps.
    pub const fn later(detail: &'static str) -> Self {
        Rejection::new(Class::Later, detail)
    }

    const fn new(class: Class, detail: &'static str) -> Self {
        Rejection { class, detail: Cow::Borrowed(detail), violations: Vec::new() }
    }

    /// A field breaks a rule.
    pub fn invalid(
        property: impl Into<Cow<'static, str>>,
        value: impl Into<Value>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (property, message) = (property.into(), message.into());
        Rejection {
            class: Class::Invalid,
            detail: Cow::Owned(format!("{property}: {message}")),
            violations: vec![Violation { property, invalid_value: value.into(), message }],
        }
    }
}

/// Text of `least` to `most` characters, or the rejection that names the field.
pub fn text_within(
    property: &'static str,
    text: &str,
    least: usize,
    most: usize,
) -> Result<(), Rejection> {
    if (least..=most).contains(&text.chars().count()) {
        return Ok(());
    }
    Err(Rejection::invalid(property, text, format!("must be {least} to {most} characters")))
}

/// An id: a number from 1 up, or the rejection that names the field.
pub fn id_from_one(property: &'static str, id: u64) -> Result<(), Rejection> {
    if id > 0 {
        Ok(())
    } else {
        Err(Rejection::invalid(property, id, "must be a number from 1 up"))
    }
}
