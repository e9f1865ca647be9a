//! gauge: does one thing of the host's for each request, named by the request's path, and nothing else: what
//! `cargo xtask bench host` measures is the host.

#![allow(unsafe_code, reason = "the exports that Spin's macros make")]

use anyhow::{Context, Result, anyhow, ensure};
use spin_sdk::{
    http::{IncomingRequest, Request, Response, send},
    http_component,
    key_value::Store,
    redis::{Connection, RedisParameter, RedisResult},
    variables,
};

/// What all of them answer.
const HELLO: &str = "hello";

/// A request.
#[http_component]
async fn request(request: IncomingRequest) -> Result<Response> {
    let path = request.path_with_query().unwrap_or_default();
    match path.rsplit('/').next().unwrap_or_default() {
        "hello" => {}
        "key-value" => key_value()?,
        "redis" => redis()?,
        "chained" => neighbour("http://neighbour.spin.internal/neighbour/hello").await?,
        "called" => {
            neighbour(&format!("{}/neighbour/hello", variables::get("base_url")?)).await?;
        }
        other => return Err(anyhow!("there is nothing to measure at {other}")),
    }
    Ok(Response::new(200, HELLO))
}

/// One read. The first one finds nothing, and writes it.
fn key_value() -> Result<()> {
    let store = Store::open_default()?;
    match store.get("key")? {
        Some(value) => ensure!(value == HELLO.as_bytes(), "the store has another value"),
        None => store.set("key", HELLO.as_bytes())?,
    }
    Ok(())
}

/// One script, of the size of a question rather than a commit.
fn redis() -> Result<()> {
    let connection = Connection::open(&variables::get("redis")?)?;
    let script = ["return redis.call('INCR', KEYS[1])", "1", "count"];
    let script = script.map(|text| RedisParameter::Binary(text.into()));
    let answer = connection.execute("EVAL", &script)?;
    ensure!(matches!(answer[..], [RedisResult::Int64(1..)]), "the script counts otherwise");
    Ok(())
}

/// One question to another component.
async fn neighbour(url: &str) -> Result<()> {
    let answer: Response =
        send(Request::get(url).build()).await.context("the neighbour is away")?;
    ensure!(answer.body() == HELLO.as_bytes(), "the neighbour says something else");
    Ok(())
}
