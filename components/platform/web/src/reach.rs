//! Asking the systems, and the host, over HTTP. Several questions are under way at once.

use std::time::Duration;

use madang::call::{Limits, Outbound};
use madang::fetch::{self, Begun};
use madang::http::Response;
use madang::spin_sdk::variables;
use serde_json::Value;

/// How long a question may take: a page waits for it.
const QUESTION: Duration = Duration::from_secs(3);
/// How long a command may take: longer than any context's own limits.
const COMMAND: Duration = Duration::from_secs(20);

/// A question that was sent.
pub(crate) struct Asked(Result<Begun, String>);

/// An answer.
pub(crate) struct Told {
    /// The status.
    pub(crate) status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    /// The body; null where it is no JSON.
    pub(crate) body: Value,
}

impl Told {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Whether it was done.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// A variable that is not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    variables::get(name).ok().filter(|value| !value.is_empty())
}

/// Asks for what is at a path of the systems.
pub(crate) fn get(path: &str) -> Asked {
    ask("base_url", "GET", path, Vec::new(), None, QUESTION)
}

/// Asks for what is at an internal path, with the service token.
pub(crate) fn get_within(path: &str) -> Asked {
    ask("base_url", "GET", path, token(), None, QUESTION)
}

/// Sends a command about an internal path, with the service token.
pub(crate) fn order_within(method: &str, path: &str) -> Result<Told, String> {
    ask("base_url", method, path, token(), None, COMMAND).finish()
}

/// Sends a command to the systems. A client's `key` makes it safe to send twice.
pub(crate) fn order(
    method: &str,
    path: &str,
    key: Option<&str>,
    body: Option<&Value>,
) -> Result<Told, String> {
    let key = key.map(|key| ("idempotency-key", key.to_owned()));
    ask("base_url", method, path, key.into_iter().collect(), body, COMMAND).finish()
}

/// Asks the host's admin port; none where there is none.
pub(crate) fn get_of_host(path: &str) -> Option<Asked> {
    variable("admin_url")?;
    Some(ask("admin_url", "GET", path, Vec::new(), None, QUESTION))
}

/// Gives the host an order.
pub(crate) fn order_host(path: &str, body: &Value) -> Result<Told, String> {
    ask("admin_url", "POST", path, Vec::new(), Some(body), COMMAND).finish()
}

fn token() -> Vec<(&'static str, String)> {
    let token = variable("service_token").unwrap_or_default();
    vec![("authorization", format!("Bearer {token}"))]
}

fn ask(
    base: &str,
    method: &str,
    path: &str,
    mut headers: Vec<(&'static str, String)>,
    body: Option<&Value>,
    limit: Duration,
) -> Asked {
    let Some(base) = variable(base) else {
        return Asked(Err(format!("the variable {base} is not set")));
    };
    if body.is_some() {
        headers.push(("content-type", "application/json".to_owned()));
    }
    let limits = Limits { connect: QUESTION.min(limit), first_byte: limit, whole: limit };
    let url = format!("{}{path}", base.trim_end_matches('/'));
    let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
    Asked(fetch::begin(method, Outbound { url, headers, body, limits }))
}

impl Asked {
    /// Waits for the answer.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn finish(self) -> Result<Told, String> {
        let Response { status, headers, body } = self.0?.finish()?;
        let body = serde_json::from_slice(&body).unwrap_or_default();
        Ok(Told { status, headers, body })
    }

    /// Waits for an answer that is a success.
    ///
    /// # Errors
    /// Why there is none, or what it is instead.
    pub(crate) fn succeed(self) -> Result<Told, String> {
        let told = self.finish()?;
        if told.is_success() {
            return Ok(told);
        }
        let detail = told.body["detail"].as_str().unwrap_or_default();
        Err(format!("{} {detail}", told.status).trim_end().to_owned())
    }
}
