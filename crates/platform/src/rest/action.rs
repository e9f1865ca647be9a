//! What is asked at paths of its own, off the collections: `POST /kvaccine/user/reserve`, `GET
//! /kvaccine/stock`.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::idempotency::{self, Keyed};
use crate::env::Env;
use crate::error::Error;
use crate::http::{Request, Response};
use crate::json;
use crate::problem::Problem;
use crate::work::Work;

/// An answer that is plain JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    value: Value,
    headers: Vec<(&'static str, String)>,
}

impl Answer {
    /// A record, or a list of records, with names in camelCase.
    ///
    /// # Errors
    /// A fault where it cannot be JSON.
    pub fn of<R: Serialize + ?Sized>(record: &R) -> Result<Self, Error> {
        Ok(Answer { value: json::to_wire(record)?, headers: Vec::new() })
    }

    /// With one more header; the name in lower case.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn response(self) -> Response {
        let response = Response::json(200, "application/json", &self.value);
        self.headers
            .into_iter()
            .fold(response, |response, (name, value)| response.with(name, value))
    }
}

type Command = Box<dyn Fn(&mut Work, &Value) -> Result<Value, Error>>;
type Question = Box<dyn Fn(&Env, Value) -> Result<Answer, Error>>;

/// What is asked at a path of its own.
pub(crate) enum Action {
    /// POST: a piece of work.
    Command(Command),
    /// POST that changes nothing.
    Question(Question),
    /// GET.
    Query(fn(&Env) -> Result<Answer, Error>),
}

impl Action {
    /// A command whose body and answer are these records.
    pub(crate) fn command<Q: DeserializeOwned + 'static, R: Serialize + 'static>(
        command: fn(&mut Work, &Q) -> Result<R, Error>,
    ) -> Self {
        Action::Command(Box::new(move |work, body| {
            let asked: Q = json::from_wire(body.clone())?;
            json::to_wire(&command(work, &asked)?)
        }))
    }

    /// A question whose body is this record.
    pub(crate) fn question<Q: DeserializeOwned + 'static>(
        question: fn(&Env, &Q) -> Result<Answer, Error>,
    ) -> Self {
        Action::Question(Box::new(move |env, body| question(env, &json::from_wire(body)?)))
    }

    pub(super) fn methods(&self) -> &'static [&'static str] {
        match self {
            Action::Query(_) => &["GET", "HEAD", "OPTIONS"],
            Action::Command(_) | Action::Question(_) => &["POST", "OPTIONS"],
        }
    }

    /// Does it. A command's Idempotency-Key is answered in the command's own commit.
    ///
    /// # Errors
    /// What the action reports; those of the body and of the key.
    pub(super) fn answer(
        &self,
        env: &Env,
        request: &Request,
        path: &'static str,
    ) -> Result<Response, Problem> {
        match self {
            Action::Query(query) => Ok(query(env)?.response()),
            Action::Question(question) => Ok(question(env, request.json()?)?.response()),
            Action::Command(command) => {
                let body = request.json()?;
                let json = |value: &Value| Response::json(200, "application/json", value);
                let claim = match idempotency::claim(env, request, path)? {
                    Keyed::Without => None,
                    Keyed::Claimed(claim) => Some(claim),
                    Keyed::Answered(kept) => {
                        return idempotency::not_refused(&kept).map(|kept| json(&kept["value"]));
                    }
                };
                let done = Work::transact(env, |work| {
                    let value = command(work, &body)?;
                    if let Some(claim) = &claim {
                        let kept = json!({"value": value});
                        work.answer_idempotent(&claim.record, &claim.token, &kept);
                    }
                    Ok(value)
                });
                idempotency::ended(env, claim, done).map(|value| json(&value))
            }
        }
    }
}
