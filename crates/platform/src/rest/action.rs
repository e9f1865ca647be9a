//! What is asked at paths of its own, off the collections: `POST /kvaccine/user/reserve`, `GET
//! /kvaccine/stock`.

use std::any::type_name;
use std::marker::PhantomData;

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

/// An answer that is plain JSON: a record, or a list of records, with names in camelCase.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<R> {
    value: Value,
    headers: Vec<(&'static str, String)>,
    record: PhantomData<R>,
}

impl<R: Serialize> Answer<R> {
    /// The answer that is this.
    ///
    /// # Errors
    /// A fault where it cannot be JSON.
    pub fn of(record: &R) -> Result<Self, Error> {
        Ok(Answer { value: json::to_wire(record)?, headers: Vec::new(), record: PhantomData })
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
type Question = Box<dyn Fn(&Env, Value) -> Result<Response, Error>>;
type Query = Box<dyn Fn(&Env) -> Result<Response, Error>>;

/// What is asked at a path of its own.
pub(crate) struct Action {
    kind: Kind,
    /// The records of its body and of its answer.
    body: &'static str,
    answer: &'static str,
}

enum Kind {
    /// POST: a piece of work.
    Command(Command),
    /// POST that changes nothing.
    Question(Question),
    /// GET.
    Query(Query),
}

impl Action {
    /// A command whose body and answer are these records.
    pub(crate) fn command<Q: DeserializeOwned + 'static, R: Serialize + 'static>(
        command: fn(&mut Work, &Q) -> Result<R, Error>,
    ) -> Self {
        let kind = Kind::Command(Box::new(move |work, body| {
            let asked: Q = json::from_wire(body.clone())?;
            json::to_wire(&command(work, &asked)?)
        }));
        Action { kind, body: type_name::<Q>(), answer: type_name::<R>() }
    }

    /// A question whose body and answer are these records.
    pub(crate) fn question<Q: DeserializeOwned + 'static, R: Serialize + 'static>(
        question: fn(&Env, &Q) -> Result<Answer<R>, Error>,
    ) -> Self {
        let kind = Kind::Question(Box::new(move |env, body| {
            Ok(question(env, &json::from_wire(body)?)?.response())
        }));
        Action { kind, body: type_name::<Q>(), answer: type_name::<R>() }
    }

    /// A query whose answer is this record.
    pub(crate) fn query<R: Serialize + 'static>(
        query: fn(&Env) -> Result<Answer<R>, Error>,
    ) -> Self {
        let kind = Kind::Query(Box::new(move |env| Ok(query(env)?.response())));
        Action { kind, body: "", answer: type_name::<R>() }
    }

    pub(super) fn methods(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Query(_) => &["GET", "HEAD", "OPTIONS"],
            Kind::Command(_) | Kind::Question(_) => &["POST", "OPTIONS"],
        }
    }

    /// What it is, for programs.
    pub(super) fn described(&self) -> [(&'static str, &'static str); 3] {
        let kind = match self.kind {
            Kind::Command(_) => "command",
            Kind::Question(_) => "question",
            Kind::Query(_) => "query",
        };
        [("kind", kind), ("body", self.body), ("answer", self.answer)]
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
        match &self.kind {
            Kind::Query(query) => Ok(query(env)?),
            Kind::Question(question) => Ok(question(env, request.json()?)?),
            Kind::Command(command) => {
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
