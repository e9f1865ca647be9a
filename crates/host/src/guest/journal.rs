//! The line in a component's log that tells of a request: `POST /bookrent/rents 503 in 12 ms, called
//! book/take: …; saga …`. Taken apart here for logs that machines read. Source: the platform's
//! `Journal::tell`.

use crate::say::Level;
use serde::Serialize;

/// What such a line says of its request.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Told<'a> {
    method: &'a str,
    path: &'a str,
    status: u16,
    /// How long it took, in milliseconds.
    duration_ms: u64,
    /// The id of the saga.
    correlation: &'a str,
}

impl<'a> Told<'a> {
    /// Reads a line; `None` if it is another.
    pub fn read(line: &'a str) -> Option<Self> {
        let (line, correlation) = line.rsplit_once("; saga ")?;
        let (request, rest) = line.split_once(" in ")?;
        let mut words = request.split(' ');
        let (method, path, status) = (words.next()?, words.next()?, words.next()?);
        let (duration, rest) = rest.split_once(" ms")?;
        let is_one = words.next().is_none()
            && !method.is_empty()
            && method.bytes().all(|letter| letter.is_ascii_uppercase())
            && path.starts_with('/')
            && (rest.is_empty() || rest.starts_with(", called "));
        is_one.then_some(Self {
            method,
            path,
            status: status.parse().ok()?,
            duration_ms: duration.parse().ok()?,
            correlation,
        })
    }

    /// How much it matters.
    pub fn level(&self) -> Level {
        match self.status {
            500.. => Level::Error,
            429 => Level::Warn,
            _ => Level::Info,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_requests_are_taken_apart_and_others_left() {
        let told = Told::read(
            "POST /bookrent/rents 503 in 12 ms, called book/take: tries 3, breaker closed, no answer; \
             saga 7f",
        );
        let expected = Told {
            method: "POST",
            path: "/bookrent/rents",
            status: 503,
            duration_ms: 12,
            correlation: "7f",
        };
        assert_eq!((told.as_ref().map(Told::level), told), (Some(Level::Error), Some(expected)));
        let plain = Told::read("GET /a 200 in 1 ms; saga x").unwrap();
        assert_eq!(plain.level(), Level::Info);
        for other in [
            "delivery: event 3 goes to the dead letters: no",
            "GET /a 200 in 1 ms",
            "GET a 200 in 1 ms; saga x",
            "get /a 200 in 1 ms; saga x",
            "GET /a b 200 in 1 ms; saga x",
            "GET /a 200 in 1 ms or so; saga x",
            "GET /a ok in 1 ms; saga x",
        ] {
            assert_eq!(Told::read(other), None, "{other}");
        }
    }
}
