//! Internal paths, `/<system>/-/<context>/…`: health, info, routes, dead letters and messages, and what
//! neighbours ask.

use serde_json::{Value, json};

use super::{profile, routes};
use crate::consumer;
use crate::context::Definition;
use crate::env::Env;
use crate::error::Error;
use crate::health;
use crate::http::{Request, Response};
use crate::problem::Problem;

/// Answers a request for an internal path. Health, info, routes and profile are open; the rest asks for the
/// service token.
///
/// # Errors
/// 401, 404, and what the paths themselves report.
pub(super) fn answer(
    definition: &Definition,
    env: &Env,
    version: &str,
    request: &Request,
    path: &[&str],
) -> Result<Response, Problem> {
    let json = |value: &Value| Response::json(200, "application/json", value);
    let nothing = || Problem::new(404, format!("there is nothing at {}", request.path));
    match path {
        ["health", "live"] => return Ok(json(&json!({"status": "UP"}))),
        ["health", "ready"] => return Ok(health::ready(definition, env)),
        ["info"] => {
            let shed = request.header(health::SHED).and_then(|shed| shed.parse().ok());
            return Ok(json(&health::info(definition, env, version, shed.unwrap_or(0))?));
        }
        ["routes"] => {
            let mut response = Response::empty(200).with("content-type", "application/json");
            response.body = routes::describe(definition).into_bytes();
            return Ok(response);
        }
        ["profile", name] => {
            let source = definition.served().find(|source| source.collection() == *name);
            return source.map(profile).ok_or_else(nothing);
        }
        _ => {}
    }
    authorize(env, request)?;
    let letter = |number: &str| number.parse().map_err(|_| nothing());
    match path {
        ["dead-letters"] => Ok(json(&json!({"deadLetters": consumer::dead_letters(env)?}))),
        ["dead-letters", number] => {
            let dropped = consumer::drop_letter(env, letter(number)?)?;
            if dropped { Ok(Response::empty(204)) } else { Err(nothing()) }
        }
        ["dead-letters", number, "replay"] => {
            let number = letter(number)?;
            let follower = definition.follower.as_ref().ok_or_else(nothing)?;
            if follower.replay(env, number)? { Ok(Response::empty(204)) } else { Err(nothing()) }
        }
        ["dead-messages", rest @ ..] => {
            let messages = definition.messages.as_ref().ok_or_else(nothing)?;
            let done = match rest {
                [] => return Ok(json(&json!({"deadMessages": (messages.dead)(env)?}))),
                [id] => (messages.drop)(env, id)?,
                [id, "replay"] => (messages.replay)(env, id)?,
                _ => false,
            };
            if done { Ok(Response::empty(204)) } else { Err(nothing()) }
        }
        [name] => {
            let (_, answer) = definition
                .questions
                .iter()
                .find(|(question, _)| question == name)
                .ok_or_else(nothing)?;
            let key = request.header("idempotency-key").ok_or_else(|| {
                Problem::new(400, "the header Idempotency-Key is required on internal calls")
            })?;
            Ok(json(&answer(env, request.json()?, key)?))
        }
        _ => Err(nothing()),
    }
}

/// Internal paths ask for the service token.
fn authorize(env: &Env, request: &Request) -> Result<(), Problem> {
    let token = env.host.variable("service_token").filter(|token| !token.is_empty());
    let Some(token) = token else {
        return Err(
            Error::fault("variable service_token is not set; internal paths need it").into()
        );
    };
    let sent = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let sent = sent.unwrap_or_default();
    // Every byte is looked at, so that the time says nothing about where they differ.
    let differs = sent.len() != token.len()
        || sent.bytes().zip(token.bytes()).fold(0, |all, (a, b)| all | (a ^ b)) != 0;
    if differs {
        return Err(Problem::new(401, "internal paths ask for the service token"));
    }
    Ok(())
}
