//! Calls to a neighbour: an internal path, the service token, a time limit and an idempotency key, so
//! that a call repeated after a crash has one effect.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::env::Env;
use crate::error::{Class, Error, Rejection};
use crate::json;

/// How long a neighbour may take, in milliseconds, unless the variable `call_timeout_ms` says otherwise.
const DEFAULT_TIMEOUT: u64 = 1000;

/// A request to another context.
#[derive(Debug, Clone, PartialEq)]
pub struct Outbound {
    /// The whole address.
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Vec<u8>,
    /// For the connection, for the first byte, and between bytes.
    pub timeout: Duration,
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Env<'_> {
    /// Asks a neighbour in the same system, at `/<system>/-/<context>/<question>`.
    ///
    /// # Errors
    /// The neighbour's rejection; unavailable for everything that leaves it open whether the neighbour
    /// did it: no answer in time, 5xx, a connection that broke.
    pub fn call<Q: Serialize, R: DeserializeOwned>(
        &self,
        context: &str,
        question: &str,
        key: &str,
        body: &Q,
    ) -> Result<R, Error> {
        let variable = |name| {
            self.host.variable(name).ok_or_else(|| {
                Error::fault(format!("variable {name} is not set; calls to a neighbour need it"))
            })
        };
        let base = variable("base_url")?;
        let url = format!("{}/{}/-/{context}/{question}", base.trim_end_matches('/'), self.system);
        let request = Outbound {
            url,
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("authorization", format!("Bearer {}", variable("service_token")?)),
                ("idempotency-key", key.to_owned()),
                ("traceparent", crate::trace::child(&self.cause.traceparent, self.host.random())),
                ("x-correlation-id", self.cause.correlation.clone()),
            ],
            body: json::to_wire(body)?.to_string().into_bytes(),
            timeout: Duration::from_millis(self.number("call_timeout_ms", DEFAULT_TIMEOUT)),
        };
        let target = format!("{context}/{question}");
        let unavailable = |why: String| Error::Unavailable(format!("{target}: {why}"));
        let answer = self.host.send(request).map_err(unavailable)?;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        match answer.status {
            200 => serde_json::from_value(body).map_err(|error| {
                Error::fault(format!("{target} answered something else: {error}"))
            }),
            404 | 409 => {
                let detail = body["detail"].as_str().unwrap_or("refused").to_owned();
                let class = if answer.status == 404 { Class::NotFound } else { Class::State };
                Err(Rejection { class, detail: detail.into(), violations: Vec::new() }.into())
            }
            status @ 400..500 => Err(Error::fault(format!("{target} answered {status}: {body}"))),
            status => Err(unavailable(format!("answered {status}"))),
        }
    }
}
