//! The edge, as clients know it. The whole of it runs end to end in `tests/`; here is what needs a hand
//! on the clock, on Redis, or between two steps.

use madang::env::Host;
use madang::http::{Request, parse_query};
use madang::{Collection, Context, Definition, Work};
use serde_json::{Value, json};

use crate::support::TestHost;
use crate::support::purse::{Command, Purse};

/// A request, as a test writes it.
pub struct Asked(Request);

/// An answer, as a test reads it.
pub struct Told {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

impl Asked {
    pub fn get(target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Asked(Request {
            method: "GET".into(),
            scheme: "http".into(),
            path: path.into(),
            query: parse_query(query),
            headers: vec![("host".into(), "h".into())],
            body: Vec::new(),
        })
    }

    pub fn post(path: &str, body: Value) -> Self {
        Self::with_body("POST", path, body)
    }

    pub fn with_body(method: &str, path: &str, body: Value) -> Self {
        let mut asked = Self::get(path).header("content-type", "application/json");
        asked.0.method = method.into();
        asked.0.body = body.to_string().into_bytes();
        asked
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.0.headers.push((name.into(), value.into()));
        self
    }
}

pub fn ask<C: Context>(host: &dyn Host, asked: Asked) -> Told {
    let response = madang::rest::serve(&C::define(), host, "0.0.0", &asked.0);
    Told {
        status: response.status,
        headers: response.headers,
        body: serde_json::from_slice(&response.body).unwrap_or(Value::Null),
    }
}

struct Purses;

#[derive(serde::Deserialize)]
struct New {
    owner: String,
}

#[derive(serde::Deserialize)]
struct Fields {
    coins: u64,
}

impl Context for Purses {
    fn define() -> Definition {
        let purses = Collection::<Purse>::new()
            .on_post(|id, new: New| Command::Open { id, owner: new.owner })
            .on_put(|fields: Fields| Command::Pay { coins: fields.coins })
            .search("findByCoins", "coins");
        Definition::new("rest", "purse").collection(purses)
    }
}

fn open(host: &TestHost, owner: &str) -> u64 {
    let answer = ask::<Purses>(host, Asked::post("/rest/purses", json!({"owner": owner})));
    assert_eq!(answer.status, 201);
    answer.body["id"].as_u64().unwrap()
}

#[test]
fn a_search_in_another_order_is_paged() {
    let host = TestHost::new();
    for owner in ["b", "c", "a"] {
        let id = open(&host, owner);
        let pay = Asked::with_body("PUT", &format!("/rest/purses/{id}"), json!({"coins": 77}));
        assert_eq!(ask::<Purses>(&host, pay).status, 200);
    }
    let owners = |query: &str| -> Vec<String> {
        let path = format!("/rest/purses/search/findByCoins?coins=77&{query}");
        let page = ask::<Purses>(&host, Asked::get(&path)).body;
        assert_eq!(page["page"]["totalElements"], 3);
        let purses = page["_embedded"]["purses"].as_array().unwrap().clone();
        purses.iter().map(|purse| purse["owner"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(owners("sort=owner"), ["a", "b", "c"]);
    assert_eq!(owners("sort=owner,desc&size=2"), ["c", "b"]);
    assert_eq!(owners("sort=owner&size=2&page=1"), ["c"]);
    assert_eq!(owners("size=2"), ["b", "c"]);
}

#[test]
fn a_stale_version_is_refused_even_when_it_becomes_stale_in_between() {
    let host = TestHost::new();
    let id = open(&host, "a");
    let path = format!("/rest/purses/{id}");
    let pay = |etag: &str| {
        let put = Asked::with_body("PUT", &path, json!({"coins": 1})).header("if-match", etag);
        ask::<Purses>(&host, put).status
    };
    assert_eq!((pay("\"1\""), pay("\"1\""), pay("\"2\"")), (200, 412, 200));
}

#[test]
fn a_key_gives_its_first_answer_again() {
    let host = TestHost::new();
    let env = host.env("rest", "purse");
    let post = || {
        Asked::post("/rest/purses", json!({"owner": "keyed"})).header("idempotency-key", "replayed")
    };
    let first = ask::<Purses>(&host, post());
    let second = ask::<Purses>(&host, post());
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(first.body, second.body);
    assert_eq!(
        first.headers.iter().find(|h| h.0 == "location"),
        second.headers.iter().find(|h| h.0 == "location")
    );
    let found = Work::new(&env).find::<Purse>("owner", "keyed").unwrap();
    assert_eq!(found.len(), 1);
}

#[test]
fn a_key_whose_request_found_no_redis_can_be_tried_again() {
    let host = TestHost::new();
    let post = || {
        Asked::post("/rest/purses", json!({"owner": "again"})).header("idempotency-key", "cut off")
    };
    assert_eq!(ask::<Purses>(&host, post()).status, 400, "a space is no part of a key");
    let post = || {
        Asked::post("/rest/purses", json!({"owner": "again"})).header("idempotency-key", "cut-off")
    };
    // The claim is made; the rest is cut off, the end of the claim too.
    host.redis_left.set(Some(1));
    assert_eq!(ask::<Purses>(&host, post()).status, 503);
    host.redis_left.set(None);
    assert_eq!(ask::<Purses>(&host, post()).status, 409, "it may still be running");
    host.ask(&["HSET", "{rest}:purse:idempotency:purses:cut-off", "until", "0"]);
    assert_eq!(ask::<Purses>(&host, post()).status, 201);
}

#[test]
fn a_body_that_was_wrong_can_be_corrected_under_its_key() {
    let host = TestHost::new();
    let post = |body| Asked::post("/rest/purses", body).header("idempotency-key", "corrected");
    assert_eq!(ask::<Purses>(&host, post(json!({"owner": 7}))).status, 400);
    assert_eq!(ask::<Purses>(&host, post(json!({"owner": "a"}))).status, 201);
    assert_eq!(ask::<Purses>(&host, post(json!({"owner": "b"}))).status, 422);
}
