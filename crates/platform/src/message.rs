//! The message port: what is told to people (notices, KakaoTalk, SMS), apart from the saga that tells it.
//!
//! A message is staged with the work that sends it, so it is there if and only if that work was done.
//! `health/ready` delivers it: to the component's log, or, where the variable `message_webhook_url` names
//! one, to a webhook as a CloudEvent; at least once, with the same `Idempotency-Key` each time. One that
//! fails is tried again with growing pauses and then put to the dead messages; nobody else waits for it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::breaker::{Breaker, Verdict};
use crate::call::{Answered, Limits, Outbound};
use crate::consumer::{drop_from, letters};
use crate::env::Env;
use crate::error::Error;
use crate::event::rfc3339;
use crate::redis::{DUE, Reply, words};
use crate::work::Work;

/// Messages that are taken up at once.
const BATCH: &str = "20";
/// How long nobody else takes them up, in milliseconds: longer than delivering a batch goes on.
const LEASE: &str = "30000";
/// How long one call of `ready` goes on with messages that are due.
const BUDGET: Duration = Duration::from_secs(1);
/// How often a message is tried unless the variable `message_attempts` says otherwise.
const MAX_ATTEMPTS: u64 = 10;
/// The pauses between tries double, from a second to five minutes.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));

/// Where messages go.
enum Port {
    Log,
    Webhook(String),
}

/// How a delivery went.
enum Delivery {
    Done,
    /// Why not, and when to try again at the earliest.
    Failed(String, Duration),
    /// Not tried: the webhook has been away.
    CutOff,
}

impl Work<'_, '_> {
    /// Sends a message to a person: stages it, so that it is sent with this work or not at all.
    ///
    /// # Errors
    /// A fault where the context does not say that it sends messages.
    pub fn send(&mut self, recipient: &str, text: &str) -> Result<(), Error> {
        let env = self.env;
        if !env.sends_messages {
            return Err(Error::fault(format!(
                "{} does not say that it sends messages: add `.sends_messages()` to its definition",
                env.context
            )));
        }
        self.messages += 1;
        // It stands in paths, where a slash would part it.
        let id = format!("{}.{}", env.cause.id, self.messages).replace('/', "-");
        let event = json!({
            "id": id,
            "source": format!("/{}/{}", env.system, env.context),
            "specversion": "1.0",
            "type": "Message",
            "time": rfc3339(env.host.now()),
            "datacontenttype": "application/json",
            "traceparent": env.cause.traceparent,
            "correlationid": env.cause.correlation,
            "causationid": env.cause.id,
            "data": {"recipient": recipient, "text": text},
        });
        self.command(&["HSET", &format!("message:{id}"), "e", &event.to_string(), "tries", "0"]);
        self.command(&["DUE", "messages", "0", &id]);
        Ok(())
    }
}

/// Delivers the messages whose time has come.
///
/// # Errors
/// Unavailable without Redis. What a webhook does is none.
pub(crate) fn deliver_due(env: &Env) -> Result<(), Error> {
    let url = env.host.variable("message_webhook_url").filter(|url| !url.is_empty());
    let port = url.map_or(Port::Log, Port::Webhook);
    let began = env.host.now();
    let over = || env.host.now().duration_since(began).unwrap_or_default() >= BUDGET;
    let messages = [env.key("messages")];
    while !over() {
        let due = env.script(&DUE, &messages, words([LEASE, BATCH]))?;
        let mut ids = due.into_iter().filter_map(Reply::text).peekable();
        if ids.peek().is_none() {
            break;
        }
        for id in ids {
            // Whatever is left of the batch when the time is over waits for the next call.
            let delivery = if over() { Delivery::CutOff } else { port.deliver(env, &id)? };
            conclude(env, &id, delivery)?;
        }
    }
    Ok(())
}

impl Port {
    fn deliver(&self, env: &Env, id: &str) -> Result<Delivery, Error> {
        let replies = env.redis("HGET", &[&env.key(&format!("message:{id}")), "e"])?;
        let Some(event) = replies.into_iter().next().and_then(Reply::text) else {
            return Ok(Delivery::Done);
        };
        let url = match self {
            Port::Webhook(url) => url,
            Port::Log => {
                let event: Value = serde_json::from_str(&event).map_err(Error::fault)?;
                let (recipient, text) = (&event["data"]["recipient"], &event["data"]["text"]);
                #[allow(clippy::print_stdout, reason = "standard output is where they go")]
                {
                    println!("message {id} to {recipient}: {text}");
                }
                return Ok(Delivery::Done);
            }
        };
        let breaker = Breaker::new(env, "webhook");
        let Some(pass) = breaker.admit() else { return Ok(Delivery::CutOff) };
        let limits = Limits::of(env);
        let parsed: Value = serde_json::from_str(&event).map_err(Error::fault)?;
        let traceparent = parsed["traceparent"].as_str().unwrap_or_default();
        let sent = env.host.send(Outbound {
            url: url.clone(),
            headers: vec![
                ("content-type", "application/cloudevents+json".to_owned()),
                ("idempotency-key", id.to_owned()),
                ("traceparent", traceparent.to_owned()),
            ],
            body: event.into_bytes(),
            limits: limits.within(limits.whole),
        });
        let good = sent.as_ref().is_ok_and(|answer| answer.status < 500);
        breaker.report(pass, if good { Verdict::Good } else { Verdict::Bad });
        Ok(match sent {
            Ok(Answered { status: 200..300, .. }) => Delivery::Done,
            Ok(Answered { status, retry_after, .. }) => {
                Delivery::Failed(format!("answered {status}"), retry_after.unwrap_or_default())
            }
            Err(why) => Delivery::Failed(why, Duration::ZERO),
        })
    }
}

/// Writes down how a delivery went.
fn conclude(env: &Env, id: &str, delivery: Delivery) -> Result<(), Error> {
    let key = format!("message:{id}");
    let mut work = Work::new(env);
    match delivery {
        Delivery::Done => {
            work.command(&["ZREM", "messages", id]);
            work.command(&["DEL", &key]);
        }
        Delivery::CutOff => work.command(&["DUE", "messages", &milliseconds(PAUSES.0), id]),
        Delivery::Failed(why, asked) => {
            let replies = env.redis("HMGET", &[&env.key(&key), "e", "tries"])?;
            let [event, tries] = replies.as_slice() else { return Ok(()) };
            let tries = tries.number().unwrap_or(0) + 1;
            let who = env.context;
            if tries >= env.number("message_attempts", MAX_ATTEMPTS) {
                eprintln!("{who}: message {id} goes to the dead messages: {why}");
                let event = event.clone().text().unwrap_or_default();
                let event: Value = serde_json::from_str(&event).map_err(Error::fault)?;
                let time = rfc3339(env.host.now());
                let dead = json!({"id": id, "message": event, "tries": tries, "reason": why,
                    "time": time});
                work.command(&["HSET", "messages:dead", id, &dead.to_string()]);
                work.command(&["ZREM", "messages", id]);
                work.command(&["DEL", &key]);
            } else {
                eprintln!("{who}: message {id} waits after {tries} tries: {why}");
                let doubled =
                    PAUSES.0 * 2_u32.saturating_pow(u32::try_from(tries - 1).unwrap_or(9));
                let pause = milliseconds(doubled.min(PAUSES.1).max(asked));
                work.command(&["HSET", &key, "tries", &tries.to_string()]);
                work.command(&["DUE", "messages", &pause, id]);
            }
        }
    }
    work.commit().map(drop)
}

fn milliseconds(time: Duration) -> String {
    time.as_millis().to_string()
}

/// How many messages wait, and how many are dead, for `info`.
pub(crate) fn describe(env: &Env) -> Result<Value, Error> {
    let number = |command, key| -> Result<u64, Error> {
        let replies = env.redis(command, &[env.key(key)])?;
        Ok(replies.first().and_then(Reply::number).unwrap_or(0))
    };
    Ok(json!({"waiting": number("ZCARD", "messages")?, "dead": number("HLEN", "messages:dead")?}))
}

/// The dead messages, in the order of their ids.
///
/// # Errors
/// Unavailable without Redis.
pub fn dead_messages(env: &Env) -> Result<Vec<Value>, Error> {
    let mut dead = letters(env, env.key("messages:dead"))?;
    dead.sort_by_key(|one| one["id"].to_string());
    Ok(dead)
}

/// Sends a dead message once more, with all of its tries. Answers false where there is none.
///
/// # Errors
/// Unavailable without Redis.
pub fn replay_message(env: &Env, id: &str) -> Result<bool, Error> {
    let replies = env.redis("HGET", &[env.key("messages:dead"), id.to_owned()])?;
    let Some(kept) = replies.into_iter().next().and_then(Reply::text) else { return Ok(false) };
    let dead: Value = serde_json::from_str(&kept).map_err(Error::fault)?;
    let mut work = Work::new(env);
    work.check("messages:dead", id, &kept);
    let (key, event) = (format!("message:{id}"), dead["message"].to_string());
    work.command(&["HSET", &key, "e", &event, "tries", "0"]);
    work.command(&["DUE", "messages", "0", id]);
    work.command(&["HDEL", "messages:dead", id]);
    work.commit().map(|_| true)
}

/// Drops a dead message. Answers false where there is none.
///
/// # Errors
/// Unavailable without Redis.
pub fn drop_message(env: &Env, id: &str) -> Result<bool, Error> {
    drop_from(env, env.key("messages:dead"), id)
}
