//! Errors as clients see them: RFC 9457, with the members that Spring's clients read.

use serde_json::{Value, json};

use crate::error::{Class, Error, Violation};
use crate::http::Response;

/// How long a client is asked to wait before it tries again, in seconds.
const RETRY_AFTER: u32 = 1;

/// An RFC 9457 problem.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, for people.
    pub detail: String,
    /// The fields at fault, where it is fields.
    pub violations: Vec<Violation>,
}

impl Problem {
    /// A problem of this status.
    pub fn new(status: u16, detail: impl Into<String>) -> Self {
        Problem { status, detail: detail.into(), violations: Vec::new() }
    }

    /// The same, without the values of these fields.
    #[must_use]
    pub(crate) fn concealing(mut self, fields: &[&str]) -> Self {
        for violation in &mut self.violations {
            if fields.contains(&&*violation.property) {
                violation.invalid_value = Value::Null;
            }
        }
        self
    }

    /// The short text of the status (RFC 9110).
    pub fn title(&self) -> &'static str {
        match self.status {
            400 => "Bad Request",
            401 => "Unauthorized",
            404 => "Not Found",
            405 => "Method Not Allowed",
            409 => "Conflict",
            412 => "Precondition Failed",
            413 => "Content Too Large",
            415 => "Unsupported Media Type",
            422 => "Unprocessable Content",
            429 => "Too Many Requests",
            503 => "Service Unavailable",
            504 => "Gateway Timeout",
            _ => "Internal Server Error",
        }
    }

    /// The answer to a request for `path` about an entity of this name.
    pub fn response(&self, path: &str, entity: &str) -> Response {
        let mut body = json!({
            "type": "about:blank",
            "title": self.title(),
            "status": self.status,
            "detail": self.detail,
            "instance": path,
            "message": self.detail,
        });
        if !self.violations.is_empty() {
            let errors = self.violations.iter().map(|v| {
                json!({
                    "entity": entity,
                    "property": v.property,
                    "invalidValue": v.invalid_value,
                    "message": v.message,
                })
            });
            body["errors"] = errors.collect::<Value>();
        }
        let response = Response::json(self.status, "application/problem+json", &body);
        match self.status {
            503 => response.with("retry-after", RETRY_AFTER.to_string()),
            401 => response.with("www-authenticate", "Bearer"),
            _ => response,
        }
    }
}

impl From<Error> for Problem {
    /// The one place where an error class becomes a status. A fault's reason goes to the log, not
    /// to the client.
    fn from(error: Error) -> Self {
        match error {
            Error::Rejected(rejection) => Problem {
                status: match rejection.class {
                    Class::Invalid => 400,
                    Class::NotFound => 404,
                    Class::State => 409,
                    Class::Later => 503,
                },
                detail: rejection.detail.into_owned(),
                violations: rejection.violations,
            },
            Error::Conflict => Problem::new(409, "too many writers at once; try again"),
            Error::Stale => Problem::new(412, "it has changed since; its ETag is another by now"),
            Error::Unavailable(what) | Error::Unasked(what) => {
                eprintln!("unavailable: {what}");
                Problem::new(503, "a part of the system is not available; try again shortly")
            }
            Error::Fault(why) => {
                eprintln!("fault: {why}");
                Problem::new(500, "the request could not be carried out; nothing was stored")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Rejection;

    #[test]
    fn a_rejected_field_is_told_as_spring_tells_it() {
        let rejection = Rejection::invalid("title", "", "must be 1 to 200 characters");
        let answer = Problem::from(Error::from(rejection)).response("/bookrent/books", "Book");
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer.status, 400);
        assert_eq!(body["message"], "title: must be 1 to 200 characters");
        assert_eq!(
            body["errors"],
            json!([{"entity": "Book", "property": "title", "invalidValue": "",
                    "message": "must be 1 to 200 characters"}])
        );
    }

    #[test]
    fn a_fault_keeps_its_reason_to_itself() {
        let answer = Problem::from(Error::fault("secret")).response("/x", "X");
        assert_eq!(answer.status, 500);
        assert!(!String::from_utf8(answer.body).unwrap().contains("secret"));
    }

    #[test]
    fn unavailable_says_when_to_come_back() {
        let answer = Problem::from(Error::Unavailable("redis".into())).response("/x", "X");
        assert!(answer.headers.contains(&("retry-after".into(), "1".into())));
    }
}
