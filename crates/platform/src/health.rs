//! How a context is, and what it owes: `health/live`, `health/ready`, `info`, and the dead letters.

use std::time::Duration;

use serde_json::{Value, json};

use crate::breaker::Breaker;
use crate::consumer::{self, Drained};
use crate::context::Definition;
use crate::env::Env;
use crate::error::Error;
use crate::http::Response;
use crate::redis::Reply;
use crate::sabotage;

/// How long one call of `ready` follows the log.
const CATCH_UP: Duration = Duration::from_secs(10);

/// How many requests the host has shed for this context: it tells with each question for `info`, and
/// takes the header off what others send.
pub(crate) const SHED: &str = "madang-shed";

/// Does what the context owes by the log: reads on in it, and finishes or undoes intents.
///
/// An intent whose neighbour is away waits, and is no reason to send clients elsewhere: nobody else
/// could settle it either. It is told in the log.
///
/// # Errors
/// Unavailable without the stores.
pub fn catch_up(definition: &Definition, env: &Env) -> Result<Drained, Error> {
    let drained = match &definition.follower {
        Some(follower) => follower.catch_up(env, CATCH_UP)?,
        None => Drained::CaughtUp,
    };
    for source in &definition.sources {
        source.settle_due(env)?;
    }
    Ok(drained)
}

/// `GET health/ready`: up where everything owed is done or under way.
pub(crate) fn ready(definition: &Definition, env: &Env) -> Response {
    // A context without subscriptions asks nothing of Redis above, and yet cannot work without it.
    let reachable = env.redis::<&str>("PING", &[]).map(drop);
    let caught_up = reachable.and_then(|()| catch_up(definition, env));
    // Here alone, so that no event waits for a message; and nobody waits for this one's failure.
    if let (Ok(_), Some(messages)) = (&caught_up, &definition.messages)
        && let Err(error) = (messages.deliver_due)(env)
    {
        eprintln!("messages wait: {error}");
    }
    let (status, body) = match caught_up {
        Ok(Drained::CaughtUp | Drained::Busy) => (200, json!({"status": "UP"})),
        Ok(Drained::Stuck(reason)) => (503, json!({"status": "DOWN", "reason": reason})),
        Err(error) => (503, json!({"status": "DOWN", "reason": error.to_string()})),
    };
    let response = Response::json(status, "application/json", &body);
    if status == 503 { response.with("retry-after", "1") } else { response }
}

/// `GET info`.
///
/// # Errors
/// Unavailable without Redis, or without the key-value store where it calls neighbours.
pub(crate) fn info(
    definition: &Definition,
    env: &Env,
    version: &str,
    shed: u64,
) -> Result<Value, Error> {
    let breakers: Vec<Value> = definition
        .neighbours
        .iter()
        .map(|neighbour| Breaker::new(env, neighbour).describe().map_err(Error::Unavailable))
        .collect::<Result<_, _>>()?;
    let head = consumer::head(env)?;
    let cursor = match &definition.follower {
        Some(follower) => follower.position(env)?,
        None => head,
    };
    let dead = env.redis("HLEN", &[env.dead_key()])?;
    let refusals = env.redis("XREVRANGE", &[&env.key("refusals"), "+", "-", "COUNT", "10"])?;
    let refusals: Vec<Value> = refusals
        .into_iter()
        .filter_map(Reply::text)
        .filter_map(|text| serde_json::from_str(&text).ok())
        .filter(Value::is_object)
        .collect();
    let mut info = json!({
        "name": format!("{}-{}", env.system, env.context),
        "version": version,
        "world": format!("madang:{}/{}", env.system, env.context),
        "subscriptions": definition.subscriptions(),
        "cursor": cursor,
        "lag": head.saturating_sub(cursor),
        "deadLetters": dead.first().and_then(Reply::number).unwrap_or(0),
        "refusals": refusals,
        "breakers": breakers,
        "shed": shed,
    });
    let taken_away = sabotage::TAKEN_AWAY;
    if !taken_away.is_empty() {
        info["sabotage"] = json!(taken_away);
    }
    if let Some(messages) = &definition.messages {
        info["messages"] = (messages.describe)(env)?;
    }
    Ok(info)
}
