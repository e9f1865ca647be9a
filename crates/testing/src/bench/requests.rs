//! BookRent's requests, and what their answers say.

use anyhow::Result;
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use madang_testing::load::Exchange;
use serde_json::{Value, json};
use std::net::SocketAddr;

/// Makes a POST of each body.
pub fn post(
    server: SocketAddr,
    path: &'static str,
    body: impl Fn(usize) -> Value + 'static,
) -> impl Fn(usize) -> Request<Full<Bytes>> + 'static {
    let host = server.to_string();
    move |number| {
        Request::post(path)
            .header("host", &host)
            .header("content-type", "application/json")
            .body(Full::from(body(number).to_string()))
            .expect("a valid request")
    }
}

/// Makes a GET of each path.
pub fn get(
    server: SocketAddr,
    path: impl Fn(usize) -> String + 'static,
) -> impl Fn(usize) -> Request<Full<Bytes>> + 'static {
    let host = server.to_string();
    move |number| {
        let request = Request::get(path(number)).header("host", &host);
        request.body(Full::default()).expect("a valid request")
    }
}

/// The body that registers a free book.
pub fn book(number: usize) -> Value {
    json!({"title": format!("Book {number}"), "status": true})
}

/// The body that rents one.
pub fn rent(book_id: u64) -> Value {
    json!({"bookId": book_id, "userId": 1, "address": "1 Gwanghwamun, Seoul"})
}

/// The answer's body, if it has this status.
pub fn expect(expected: StatusCode, exchange: &Exchange) -> Result<&[u8], String> {
    let answer = exchange.answer.as_ref().map_err(Clone::clone)?;
    if answer.status() == expected {
        return Ok(answer.body());
    }
    // The detail names the single case; only what is common to many can be counted.
    let title = serde_json::from_slice::<Value>(answer.body()).ok();
    let title = title.and_then(|problem| Some(problem["title"].as_str()?.to_owned()));
    Err(format!("{} {}", answer.status(), title.unwrap_or_default()))
}
