//! What clients are refused at the door, and what is cut off there.

use crate::{problem, seldom::Seldom};
use http::{Response, StatusCode};
use std::{fmt, time::Duration};
use wasmtime_wasi_http::WasiBody;

/// How far apart the log's lines about one reason are.
const APART: Duration = Duration::from_secs(10);

/// Why: a bound, each with a flag of `madang up`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The worker has as many connections as it may.
    Connections,
    /// The worker has as many connections with this client.
    Client,
    /// A head took too long.
    Head,
    /// A request has too many headers.
    Headers,
    /// A request's body is too large.
    Body,
    /// A request's body does not come on.
    Pause,
    /// An answer is too large.
    Answer,
    /// An answer is not taken.
    Send,
}

impl Reason {
    const ALL: usize = Self::Send as usize + 1;

    fn status(self) -> StatusCode {
        match self {
            Self::Connections | Self::Client => StatusCode::SERVICE_UNAVAILABLE,
            Self::Head | Self::Pause | Self::Send => StatusCode::REQUEST_TIMEOUT,
            Self::Headers => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Body => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Answer => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn detail(self) -> &'static str {
        match self {
            Self::Connections => "The host has as many connections as it takes.",
            Self::Client => "The host has as many connections with this client as it takes.",
            Self::Head => "The request's head did not arrive in time.",
            Self::Headers => "The request has more headers than the host takes.",
            Self::Body => "The request's body is larger than the host takes.",
            Self::Pause => "The request's body did not arrive in time.",
            Self::Answer => "The service's answer is larger than the host sends.",
            Self::Send => "The answer was not taken in time.",
        }
    }

    /// What the client is told who asked for `path`.
    pub fn answer(self, path: Option<&str>) -> Response<WasiBody> {
        match path {
            Some(path) => problem::at(path, self.status(), self.detail()),
            None => problem::answer(self.status(), self.detail()),
        }
    }

    /// The same, whole, for a connection of HTTP/1.1 that has no request yet. It closes the connection.
    pub fn bytes(self) -> Vec<u8> {
        let (status, body) = (self.status(), problem::document(self.status(), self.detail(), None));
        let retry = match status {
            StatusCode::SERVICE_UNAVAILABLE => "retry-after: 1\r\n",
            _ => "",
        };
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\n{retry}content-length: {}\r\n\
             connection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Connections => "refused a connection: --max-connections are open",
            Self::Client => "refused a connection: --max-connections-per-client are open",
            Self::Head => "closed a connection: a head took longer than --head-timeout",
            Self::Headers => "refused a request: it has more than --max-headers",
            Self::Body => "refused a request: its body is larger than --max-request-body",
            Self::Pause => "refused a request: its body paused longer than --body-timeout",
            Self::Answer => "cut off an answer: it is larger than --max-response-body",
            Self::Send => "closed a connection: a client did not take its answer in --send-timeout",
        })
    }
}

/// Counts refusals by reason, and says some of them.
#[derive(Debug)]
pub struct Refusals([Seldom; Reason::ALL]);

impl Refusals {
    /// Takes note of one.
    pub fn note(&self, reason: Reason) {
        if let Some(count) = self.0[reason as usize].count() {
            crate::say!("madang: {reason}; {count} so far");
        }
    }
}

impl Default for Refusals {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Seldom::new(APART)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_a_request_is_whole() {
        let text = String::from_utf8(Reason::Client.bytes()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{head}");
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
        assert!(head.contains("retry-after: 1\r\n"), "{head}");
        assert!(!Reason::Head.bytes().windows(5).any(|window| window == b"retry"));
    }
}
