//! What the probe answers.

use spin_sdk::http::{IntoResponse, Response};
use std::fmt::Debug;

/// What came of one command: a text, or why the host refused it.
pub type Told = Result<String, String>;

/// The answer to a request, line by line.
#[derive(Default)]
pub struct Answer {
    status: Option<u16>,
    headers: Vec<(String, String)>,
    told: Vec<Told>,
}

impl Answer {
    /// Adds what came of a command.
    pub fn tell(&mut self, told: Told) {
        self.told.push(told);
    }

    /// `status <code>` or `header <name> <value>`: what goes before the lines.
    pub fn change(&mut self, what: &str) -> Told {
        let mut rest = what;
        match crate::word(&mut rest) {
            "status" => self.status = Some(rest.parse().map_err(|_| "no-status".to_owned())?),
            "header" => {
                let name = crate::word(&mut rest);
                self.headers.push((name.to_owned(), rest.to_owned()));
            }
            other => return Err(format!("unknown part {other}")),
        }
        Ok("done".to_owned())
    }

    /// Whether a command was refused.
    pub fn is_refused(&self) -> bool {
        self.told.iter().any(Result::is_err)
    }

    /// All lines. Those of commands that told nothing are seen.
    pub fn text(&self) -> String {
        let line = |told: &Told| match told {
            Ok(text) if text.is_empty() => "(empty)".to_owned(),
            Ok(text) => text.clone(),
            Err(kind) => format!("refused: {kind}"),
        };
        self.told.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::builder();
        response.status(self.status.unwrap_or(200)).header("content-type", "text/plain");
        for (name, value) in &self.headers {
            response.header(name, value);
        }
        response.body(self.text()).build()
    }
}

/// The kind of an error, without what the host says of it: `Error::Other("…")` is `Other`.
pub fn refusal(error: impl Debug) -> String {
    let text = format!("{error:?}");
    let kind = text.split(['(', ' ']).next().unwrap_or_default();
    kind.rsplit("::").next().unwrap_or_default().to_owned()
}
