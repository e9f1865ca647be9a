//! The request as it came, and requests to others.

use crate::answer::{Told, refusal};
use spin_sdk::http::{IncomingRequest, Method, Request, Response, SendError, send};

/// A request's head.
pub struct Asked {
    method: String,
    scheme: String,
    authority: String,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
}

impl Asked {
    /// Reads it, as WASI gives it.
    pub fn read(request: &IncomingRequest) -> Self {
        let absent = || "absent".to_owned();
        Self {
            method: request.method().to_string(),
            scheme: request.scheme().map_or_else(absent, |scheme| format!("{scheme:?}")),
            authority: request.authority().unwrap_or_else(absent),
            path: request.path_with_query().unwrap_or_else(absent),
            headers: request.headers().entries(),
        }
    }

    /// `method`, `scheme`, `authority`, `path`, `header <name>` (all its values) or `headers <prefix>`
    /// (a line for each, in order of their names).
    pub fn part(&self, what: &str) -> Told {
        let mut rest = what;
        Ok(match crate::word(&mut rest) {
            "method" => self.method.clone(),
            "scheme" => self.scheme.clone(),
            "authority" => self.authority.clone(),
            "path" => self.path.clone(),
            "header" => {
                let named = self.lines(|name| name.eq_ignore_ascii_case(rest));
                let values: Vec<_> = named.into_iter().map(|(_, value)| value).collect();
                if values.is_empty() { "absent".to_owned() } else { values.join(" | ") }
            }
            "headers" => {
                let mut lines = self.lines(|name| name.to_ascii_lowercase().starts_with(rest));
                lines.sort();
                let lines = lines.into_iter().map(|(name, value)| format!("{name}: {value}"));
                lines.collect::<Vec<_>>().join("\n")
            }
            other => return Err(format!("unknown part {other}")),
        })
    }

    fn lines(&self, named: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let headers = self.headers.iter().filter(|(name, _)| named(name));
        headers.map(|(name, value)| (name.to_ascii_lowercase(), text(value))).collect()
    }
}

/// `<method> <url> [<body>]`: the status and the body of the answer.
pub async fn call(what: &str) -> Told {
    let mut rest = what;
    let method = match crate::word(&mut rest) {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "DELETE" => Method::Delete,
        other => return Err(format!("unknown method {other}")),
    };
    let url = crate::word(&mut rest);
    let request = Request::builder().method(method).uri(url).body(rest).build();
    let response: Response = send(request).await.map_err(|error| match error {
        SendError::Http(code) => refusal(code),
        other => refusal(other),
    })?;
    Ok(format!("{} {}", response.status(), String::from_utf8_lossy(response.body())))
}
