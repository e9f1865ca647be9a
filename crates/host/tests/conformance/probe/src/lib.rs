//! probe: does what a request's body tells it, a command on each line, and answers with what came of
//! each. So a case of conformance needs no component of its own, and what it shows is what any
//! component would see.
//!
//! A command that is refused answers `refused: ` and the kind of the refusal, without the host's own
//! words: those are no part of what Spin promises. A request without commands is answered with the
//! component's variable `name`, or with `probe` where it has none.

#![allow(unsafe_code, reason = "the exports that Spin's macros make")]

mod answer;
mod http;
mod keyvalue;
mod stores;
mod system;

use answer::{Answer, Told, refusal};
use spin_sdk::{
    http::{IncomingRequest, IntoResponse},
    http_component, redis_component, variables,
};

/// A request.
#[http_component]
async fn request(request: IncomingRequest) -> impl IntoResponse {
    let asked = http::Asked::read(&request);
    let commands = request.into_body().await.unwrap_or_default();
    let mut answer = Answer::default();
    run(&String::from_utf8_lossy(&commands), Some(&asked), &mut answer).await;
    answer
}

/// A message, whose text is commands too; one that is refused makes the handler fail.
#[redis_component]
async fn message(commands: Vec<u8>) -> anyhow::Result<()> {
    let mut answer = Answer::default();
    run(&String::from_utf8_lossy(&commands), None, &mut answer).await;
    anyhow::ensure!(!answer.is_refused(), "{}", answer.text());
    Ok(())
}

/// Runs each command. `asked` is the request that brought them, if it was one.
async fn run(commands: &str, asked: Option<&http::Asked>, answer: &mut Answer) {
    let mut commands = commands.lines().filter(|line| !line.trim().is_empty()).peekable();
    if commands.peek().is_none() {
        answer.tell(Ok(variables::get("name").unwrap_or("probe".to_owned())));
    }
    for command in commands {
        let (verb, rest) = command.trim().split_once(' ').unwrap_or((command.trim(), ""));
        let told = match verb {
            "request" => asked.ok_or("no-request".to_owned()).and_then(|asked| asked.part(rest)),
            "answer" => answer.change(rest),
            "variable" => variables::get(rest).map_err(refusal),
            "environment" | "arguments" | "read" | "list" | "write" | "print" | "tcp" | "udp"
            | "listen" | "trap" => system::run(verb, rest),
            "key-value" => stores::key_value(rest),
            "wasi-keyvalue" => keyvalue::run(rest),
            "sqlite" => stores::sqlite(rest),
            "redis" => stores::redis(rest),
            "http" => http::call(rest).await,
            _ => Err(format!("unknown command {verb}")),
        };
        answer.tell(told);
    }
}

/// Takes the next word off a command.
fn word<'a>(rest: &mut &'a str) -> &'a str {
    let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
    *rest = after;
    word
}

/// An answer in bytes as text.
fn text(bytes: Option<Vec<u8>>) -> Told {
    Ok(bytes.map_or("absent".to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned()))
}
