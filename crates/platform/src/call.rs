//! Calls to a neighbour: an internal path, the service token, limits of time, a circuit breaker, and an
//! idempotency key, so that a call repeated after a crash, or because the first try failed, has one
//! effect.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::breaker::{Breaker, Verdict};
use crate::deadline;
use crate::env::Env;
use crate::error::{Class, Error, Rejection};
use crate::event::rfc3339;
use crate::journal::Called;
use crate::json;

/// The pause before the second try is up to so many microseconds, before the third up to twice that.
const PAUSE_US: u64 = 25_000;

/// What a call leaves of the time until a deadline at most.
const RESERVE: Duration = Duration::from_millis(50);

/// A request to another context.
#[derive(Debug, Clone, PartialEq)]
pub struct Outbound {
    /// The whole address.
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Vec<u8>,
    /// How long it may take.
    pub limits: Limits,
}

/// How long a request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// To connect.
    pub connect: Duration,
    /// Until the answer begins.
    pub first_byte: Duration,
    /// Until the answer is there as a whole.
    pub whole: Duration,
}

impl Limits {
    /// Those that the variables set: the answer may begin as late as it may end unless they say otherwise.
    pub(crate) fn of(env: &Env) -> Self {
        let whole = env.number("call_timeout_ms", 1000);
        Limits {
            connect: Duration::from_millis(env.number("connect_timeout_ms", 250)),
            first_byte: Duration::from_millis(env.number("first_byte_timeout_ms", whole)),
            whole: Duration::from_millis(whole),
        }
    }

    /// The same, with no more time than is left.
    pub(crate) fn within(self, left: Duration) -> Self {
        Limits {
            connect: self.connect.min(left),
            first_byte: self.first_byte.min(left),
            whole: self.whole.min(left),
        }
    }
}

/// What came back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// How long to wait before another try (`Retry-After` in seconds).
    pub retry_after: Option<Duration>,
    /// The whole body.
    pub body: Vec<u8>,
}

/// Until when a call may go on.
#[derive(Clone, Copy)]
struct End {
    /// By the limit of calls.
    own: SystemTime,
    /// By whoever waits for what the call is made for.
    given: Option<SystemTime>,
}

impl End {
    /// Of the time until a deadline a tenth, at most [`RESERVE`], is left for an answer without the
    /// neighbour's.
    fn new(now: SystemTime, limit: Duration, deadline: Option<SystemTime>) -> Self {
        let given = deadline.map(|deadline| {
            let whole = deadline.duration_since(now).unwrap_or_default();
            deadline - (whole / 10).min(RESERVE)
        });
        End { own: now + limit, given }
    }

    fn time(self) -> SystemTime {
        self.given.map_or(self.own, |given| given.min(self.own))
    }

    fn left(self, now: SystemTime) -> Duration {
        self.time().duration_since(now).unwrap_or_default()
    }
}

impl Env<'_> {
    /// Asks a neighbour in the same system, at `/<system>/-/<context>/<question>`. A try that fails is
    /// repeated within the call's limit (`call_timeout_ms`, `call_retries`), unless the breaker opens.
    ///
    /// # Errors
    /// The neighbour's rejection; unasked where the call was not sent at all; unavailable for everything
    /// that leaves it open whether the neighbour did it: no answer in time, 5xx, a connection that
    /// broke; a fault where the context does not say that it calls this neighbour.
    pub fn call<Q: Serialize, R: DeserializeOwned>(
        &self,
        context: &str,
        question: &str,
        key: &str,
        body: &Q,
    ) -> Result<R, Error> {
        let target = format!("{context}/{question}");
        let mut called = Called { target, tries: 0, breaker: "closed", failure: None };
        let answer = self.ask(context, key, body, &mut called);
        if let Err(Error::Unavailable(why) | Error::Unasked(why) | Error::Fault(why)) = &answer {
            called.failure = Some(why.clone());
        }
        self.journal.add(called);
        answer
    }

    fn ask<Q: Serialize, R: DeserializeOwned>(
        &self,
        context: &str,
        key: &str,
        body: &Q,
        called: &mut Called,
    ) -> Result<R, Error> {
        if !self.neighbours.contains(&context) {
            return Err(Error::fault(format!(
                "{} does not say that it calls {context}: add `.calls(&[\"{context}\"])` to its \
                 definition",
                self.context
            )));
        }
        let request = self.request(&called.target, key, body)?;
        let answer = self.try_until_answered(context, request, called).map_err(|why| {
            let why = format!("{}: {why}", called.target);
            match called.tries {
                0 if !self.resumed => Error::Unasked(why),
                _ => Error::Unavailable(why),
            }
        })?;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        match answer.status {
            200 => serde_json::from_value(body).map_err(|error| {
                Error::fault(format!("{} answered something else: {error}", called.target))
            }),
            404 | 409 => {
                let detail = body["detail"].as_str().unwrap_or("refused").to_owned();
                let class = if answer.status == 404 { Class::NotFound } else { Class::State };
                Err(Rejection { class, detail: detail.into(), violations: Vec::new() }.into())
            }
            status => Err(Error::fault(format!("{} answered {status}: {body}", called.target))),
        }
    }

    /// The request without its limits, which each try has its own of.
    fn request<Q: Serialize>(&self, target: &str, key: &str, body: &Q) -> Result<Outbound, Error> {
        let variable = |name| {
            self.host.variable(name).ok_or_else(|| {
                Error::fault(format!("variable {name} is not set; calls to a neighbour need it"))
            })
        };
        let base = variable("base_url")?;
        let (context, question) = target.split_once('/').unwrap_or((target, ""));
        Ok(Outbound {
            url: format!("{}/{}/-/{context}/{question}", base.trim_end_matches('/'), self.system),
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("authorization", format!("Bearer {}", variable("service_token")?)),
                ("idempotency-key", key.to_owned()),
                ("traceparent", self.cause.traceparent.clone()),
                ("x-correlation-id", self.cause.correlation.clone()),
            ],
            body: json::to_wire(body)?.to_string().into_bytes(),
            limits: Limits::of(self),
        })
    }

    /// Sends until there is an answer that says something, or it is no use.
    fn try_until_answered(
        &self,
        neighbour: &str,
        mut request: Outbound,
        called: &mut Called,
    ) -> Result<Answered, String> {
        let limits = request.limits;
        let end = End::new(self.host.now(), limits.whole, self.deadline);
        request.headers.push((deadline::HEADER, rfc3339(end.time())));
        let breaker = Breaker::new(self, neighbour);
        let mut result = Err("the request's deadline has passed".to_owned());
        loop {
            let left = end.left(self.host.now());
            if left.is_zero() {
                break;
            }
            let Some(pass) = breaker.admit() else {
                called.breaker = "open";
                // What the tries before came to is the better reason.
                if called.tries == 0 {
                    result = Err("cut off by the breaker".to_owned());
                }
                break;
            };
            (called.breaker, called.tries) = (pass.name(), called.tries + 1);
            request.limits = limits.within(left);
            let sent = self.host.send(request.clone());
            let late = end.left(self.host.now()).is_zero();
            let (verdict, pause) = match &sent {
                Ok(answer) if answer.status < 500 => (Verdict::Good, None),
                _ if late && end.time() < end.own => (Verdict::Unknown, None),
                Ok(answer) => (Verdict::Bad, Some(answer.retry_after.unwrap_or_default())),
                Err(_) => (Verdict::Bad, Some(Duration::ZERO)),
            };
            breaker.report(pass, verdict);
            result = sent.and_then(|answer| match answer.status {
                status @ 500.. => Err(format!("answered {status}")),
                _ => Ok(answer),
            });
            let Some(asked) = pause.filter(|_| called.tries <= self.number("call_retries", 2))
            else {
                break;
            };
            let jittered = self.host.random() % (PAUSE_US * called.tries);
            let pause = asked.max(Duration::from_micros(jittered));
            if pause >= end.left(self.host.now()) {
                break;
            }
            breaker.count_retry();
            self.host.pause(pause);
        }
        result
    }
}
