//! What a context is made of, as its `lib.rs` says it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::aggregate::Aggregate;
use crate::consumer::{Follower, Policies};
use crate::env::{Cause, Env, Host};
use crate::error::Error;
use crate::json;
use crate::message;
use crate::rest::action::{Action, Answer};
use crate::rest::collection::Collection;
use crate::rest::source::Source;
use crate::view::View;
use crate::work::Work;

/// A bounded context: its names and what it offers. The component's export type implements it.
pub trait Context {
    /// What it is made of.
    fn define() -> Definition;
}

/// What delivers messages, and tells of them.
pub(crate) struct Messages {
    pub(crate) deliver_due: fn(&Env) -> Result<(), Error>,
    pub(crate) describe: fn(&Env) -> Result<Value, Error>,
    pub(crate) dead: fn(&Env) -> Result<Vec<Value>, Error>,
    pub(crate) replay: fn(&Env, &str) -> Result<bool, Error>,
    pub(crate) drop: fn(&Env, &str) -> Result<bool, Error>,
}

type Question = Box<dyn Fn(&Env, Value, &str) -> Result<Value, Error>>;

/// What a context is made of.
pub struct Definition {
    pub(crate) system: &'static str,
    pub(crate) context: &'static str,
    pub(crate) neighbours: &'static [&'static str],
    pub(crate) sources: Vec<Box<dyn Source>>,
    pub(crate) actions: Vec<(&'static str, Action)>,
    pub(crate) questions: Vec<(&'static str, Question)>,
    pub(crate) concealed: &'static [&'static str],
    pub(crate) is_private: fn(&str) -> bool,
    pub(crate) follower: Option<Box<dyn Follower>>,
    pub(crate) messages: Option<Messages>,
}

impl Definition {
    /// A context of a system: `bookrent`, `rent`. Together they name its component, its keys and its
    /// internal paths.
    pub fn new(system: &'static str, context: &'static str) -> Self {
        Definition {
            system,
            context,
            neighbours: &[],
            sources: Vec::new(),
            actions: Vec::new(),
            questions: Vec::new(),
            concealed: &[],
            is_private: |_| false,
            follower: None,
            messages: None,
        }
    }

    /// The contexts of the system that it calls: others it cannot.
    #[must_use]
    pub fn calls(mut self, neighbours: &'static [&'static str]) -> Self {
        self.neighbours = neighbours;
        self
    }

    /// It sends messages to people ([`Work::send`]).
    #[must_use]
    pub fn sends_messages(mut self) -> Self {
        // Named here, so that only contexts that send any are linked with it.
        self.messages = Some(Messages {
            deliver_due: message::deliver_due,
            describe: message::describe,
            dead: message::dead_messages,
            replay: message::replay_message,
            drop: message::drop_message,
        });
        self
    }

    /// Fields of bodies that hold personal data: no answer repeats their values, not even to say that they
    /// are wrong. And how such a value is known where it has no place, in a request's address and in the
    /// headers that are kept and logged: there it is refused.
    #[must_use]
    pub fn conceals(mut self, fields: &'static [&'static str], known: fn(&str) -> bool) -> Self {
        (self.concealed, self.is_private) = (fields, known);
        self
    }

    /// A collection at `/<system>/<collection>`.
    #[must_use]
    pub fn collection<A: Aggregate + 'static>(mut self, collection: Collection<A>) -> Self {
        self.sources.push(Box::new(collection));
        self
    }

    /// A read model at `/<system>/<table>`. A context has one at most, and no policies then.
    #[must_use]
    pub fn view(mut self, view: View) -> Self {
        self.follower = Some(Box::new(view));
        self
    }

    /// A command that is none of a collection: POST at `/<system>/<path>`, with an Idempotency-Key where the
    /// client brings one. Everything it decides is one commit.
    #[must_use]
    pub fn command<Q: DeserializeOwned + 'static, R: Serialize + 'static>(
        mut self,
        path: &'static str,
        command: fn(&mut Work, &Q) -> Result<R, Error>,
    ) -> Self {
        self.actions.push((path, Action::command(command)));
        self
    }

    /// A question with a body: POST at `/<system>/<path>`, which changes nothing.
    #[must_use]
    pub fn question<Q: DeserializeOwned + 'static, R: Serialize + 'static>(
        mut self,
        path: &'static str,
        question: fn(&Env, &Q) -> Result<Answer<R>, Error>,
    ) -> Self {
        self.actions.push((path, Action::question(question)));
        self
    }

    /// A query that is none of a collection: GET at `/<system>/<path>`.
    #[must_use]
    pub fn query<R: Serialize + 'static>(
        mut self,
        path: &'static str,
        query: fn(&Env) -> Result<Answer<R>, Error>,
    ) -> Self {
        self.actions.push((path, Action::query(query)));
        self
    }

    /// A question that a neighbour asks at `/<system>/-/<context>/<name>`, with the neighbour's
    /// idempotency key.
    #[must_use]
    pub fn internal<Q: DeserializeOwned + 'static, R: Serialize + 'static>(
        mut self,
        name: &'static str,
        answer: fn(&mut Work, &Q, &str) -> Result<R, Error>,
    ) -> Self {
        self.questions.push((
            name,
            Box::new(move |env, body, key| {
                let question: Q = json::from_wire(body)?;
                let answered = Work::transact(env, |work| answer(work, &question, key));
                let answered = answered.map_err(|error| match error {
                    // No refusal, which a 409 would be to the caller: it can ask again.
                    Error::Conflict => Error::Unavailable("too many writers at once".to_owned()),
                    other => other,
                })?;
                json::to_wire(&answered)
            }),
        ));
        self
    }

    /// What it does when it hears of events.
    #[must_use]
    pub fn policies(mut self, policies: Policies) -> Self {
        self.follower = Some(Box::new(policies));
        self
    }

    /// The surroundings in which it works.
    pub fn env<'h>(&self, host: &'h dyn Host, cause: Cause) -> Env<'h> {
        let (neighbours, sends_messages) = (self.neighbours, self.messages.is_some());
        Env { neighbours, sends_messages, ..Env::new(host, self.system, self.context, cause) }
    }

    /// The events that it hears.
    pub fn subscriptions(&self) -> Vec<&'static str> {
        self.follower.as_ref().map(|follower| follower.subscriptions()).unwrap_or_default()
    }

    /// The collections, the view's among them.
    pub(crate) fn served(&self) -> impl Iterator<Item = &dyn Source> {
        let view = self.follower.iter().filter_map(|follower| follower.source());
        self.sources.iter().map(|source| &**source).chain(view)
    }
}
