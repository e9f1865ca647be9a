//! What is asked of BookRent under load, and what its answers are called.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, StatusCode};
use madang_testing::Host;
use madang_testing::load::{self, Clients, End, Exchange};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::mpsc;

/// What a load asks for.
#[derive(Clone, Debug)]
pub enum Asking {
    /// `POST /bookrent/rents`, for each request a book of its own.
    Rents(Vec<u64>),
    /// `GET` of these paths, in turn.
    Get(&'static [&'static str]),
}

impl Asking {
    /// The book that a request is for.
    ///
    /// # Panics
    /// When all books have been asked for: the drill registered too few.
    pub fn book(&self, number: usize) -> Option<u64> {
        match self {
            Self::Rents(books) => Some(*books.get(number).expect("a book for each request")),
            Self::Get(_) => None,
        }
    }

    /// A request by its number.
    ///
    /// # Panics
    /// Like [`Asking::book`].
    pub fn request(&self, number: usize, server: SocketAddr) -> Request<Full<Bytes>> {
        match self {
            Self::Rents(_) => {
                let body = json!({"bookId": self.book(number), "userId": 1, "address": "address1"});
                post("/bookrent/rents", server, &body)
            }
            Self::Get(paths) => Request::get(paths[number % paths.len()])
                .header("host", server.to_string())
                .body(Full::default())
                .expect("a valid request"),
        }
    }
}

fn post(path: &str, server: SocketAddr, body: &Value) -> Request<Full<Bytes>> {
    Request::post(path)
        .header("host", server.to_string())
        .header("content-type", "application/json")
        .body(Full::from(body.to_string()))
        .expect("a valid request")
}

/// Registers so many free books.
///
/// # Panics
/// When one cannot be registered.
#[track_caller]
pub fn register(host: &Host, count: usize) -> Vec<u64> {
    const CLIENTS: usize = 16;
    let server = host.address();
    let clients = Clients::new(server, CLIENTS, End::Requests(count));
    let (sender, ids) = mpsc::channel();
    let book = move |number| {
        let body = json!({"title": format!("title{number}"), "status": true});
        post("/bookrent/books", server, &body)
    };
    let outcome = load::run(&clients, book, move |exchange: &Exchange| {
        let answer = exchange.answer.as_ref().map_err(Clone::clone)?;
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let id = body["id"].as_u64().ok_or_else(|| format!("{} {body}", answer.status()))?;
        sender.send(id).map_err(|error| error.to_string())
    });
    let outcome = outcome.expect("the load generator");
    let books: Vec<u64> = ids.iter().collect();
    assert_eq!(books.len(), count, "books cannot be registered: {:?}", outcome.errors);
    books
}

/// What an answer is called: its status, what became of a rent, and what is missing in a refusal
/// that says when to come again.
pub fn kind(answer: &Result<Response<Bytes>, String>) -> String {
    let answer = match answer {
        Ok(answer) => answer,
        Err(reason) => return format!("no answer: {reason}"),
    };
    let status = answer.status();
    let mut kind = status.as_u16().to_string();
    if status == StatusCode::CREATED {
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        if let Some(status) = body["status"].as_str() {
            kind = format!("{kind} {status}");
        }
    }
    let owed: &[&str] = match status {
        StatusCode::SERVICE_UNAVAILABLE => &["retry-after"],
        StatusCode::TOO_MANY_REQUESTS => &["retry-after", "ratelimit", "ratelimit-policy"],
        _ => &[],
    };
    for header in owed.iter().filter(|header| !answer.headers().contains_key(**header)) {
        kind += &format!(" without {header}");
    }
    kind
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, header: Option<&str>, body: &'static str) -> String {
        let mut answer = Response::builder().status(status);
        if let Some(name) = header {
            answer = answer.header(name, "1");
        }
        kind(&Ok(answer.body(Bytes::from_static(body.as_bytes())).unwrap()))
    }

    #[test]
    fn answers_are_called_by_what_matters_of_them() {
        assert_eq!(answered(200, None, r#"{"status":true}"#), "200");
        assert_eq!(answered(201, None, r#"{"id":1,"status":"Fail"}"#), "201 Fail");
        assert_eq!(answered(503, Some("retry-after"), ""), "503");
        assert_eq!(answered(503, None, ""), "503 without retry-after");
        let bare = "429 without ratelimit without ratelimit-policy";
        assert_eq!(answered(429, Some("retry-after"), ""), bare);
        assert_eq!(kind(&Err("connect".to_owned())), "no answer: connect");
    }

    #[test]
    fn each_request_is_for_a_book_of_its_own() {
        let asking = Asking::Rents(vec![7, 9]);
        assert_eq!((asking.book(0), asking.book(1)), (Some(7), Some(9)));
        let paths = Asking::Get(&["/a", "/b"]);
        let server = "127.0.0.1:1".parse().unwrap();
        assert_eq!(paths.request(3, server).uri().path(), "/b");
    }
}
