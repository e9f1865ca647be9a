//! Intents: what was promised to a client before a crash is finished or undone, once.

use std::time::Duration;

use madang::call::Answered;
use madang::{Collection, Context, Definition, Env, Error};
use madang_testing::eventually;
use serde_json::json;

use crate::rest::{Asked, ask};
use crate::support::TestHost;
use crate::support::purse::{Command, Purse};

struct Purses;

fn settle(purse: &Purse, env: &Env) -> Result<Command, Error> {
    let coins = env.call("bank", "coins", &format!("purses/{}", purse.id), &purse.id)?;
    Ok(Command::BankSays { coins })
}

#[derive(serde::Deserialize)]
struct New {
    owner: String,
}

impl Context for Purses {
    fn define() -> Definition {
        let purses = Collection::<Purse>::new()
            .on_post(|id, new: New| Command::AskBank { id, owner: new.owner })
            .settled_by(settle);
        Definition::new("intent", "purse").calls(&["bank"]).collection(purses)
    }
}

fn host() -> TestHost {
    let host = TestHost::new();
    host.set("base_url", "http://bank");
    host.set("service_token", "token");
    host
}

fn bank(host: &TestHost, coins: Option<u64>) {
    *host.neighbour.borrow_mut() = Some(Box::new(move |asked| {
        assert_eq!(asked.url, "http://bank/intent/-/bank/coins");
        match coins {
            Some(coins) => Ok(Answered {
                status: 200,
                body: coins.to_string().into_bytes(),
                ..Answered::default()
            }),
            None => Err("timed out".to_owned()),
        }
    }));
}

const DEADLINE: Duration = Duration::from_secs(20);

#[test]
fn a_call_carries_the_token_the_key_and_the_saga() {
    let host = host();
    *host.neighbour.borrow_mut() = Some(Box::new(|asked| {
        let header = |name| asked.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str());
        assert_eq!(header("authorization"), Some("Bearer token"));
        assert!(header("idempotency-key").unwrap().starts_with("purses/"));
        assert_eq!(header("x-correlation-id"), Some("saga-1"));
        assert_eq!(asked.limits.whole, Duration::from_millis(1000));
        assert_eq!(header("x-request-deadline"), Some("2026-11-21T00:00:01.000Z"));
        Ok(Answered { status: 200, body: b"3".to_vec(), ..Answered::default() })
    }));
    let request =
        Asked::post("/intent/purses", json!({"owner": "a"})).header("x-correlation-id", "saga-1");
    let answer = ask::<Purses>(&host, request);
    assert_eq!((answer.status, answer.body["coins"].as_u64()), (201, Some(3)));
}

#[test]
fn an_intent_that_could_not_be_settled_is_seen_by_nobody_until_ready_settles_it() {
    let host = host();
    bank(&host, None);
    let request = Asked::post("/intent/purses", json!({"owner": "late"}));
    let refused = ask::<Purses>(&host, request.header("x-correlation-id", "saga-7"));
    assert_eq!(refused.status, 503);
    let id = host.count(&["GET", "{intent}:purse:purses:next"]);
    let path = format!("/intent/purses/{id}");
    assert_eq!(ask::<Purses>(&host, Asked::get(&path)).status, 404);

    *host.neighbour.borrow_mut() = Some(Box::new(|asked| {
        assert!(asked.headers.contains(&("x-correlation-id", "saga-7".to_owned())));
        Ok(Answered { status: 200, body: b"9".to_vec(), ..Answered::default() })
    }));
    host.ask(&["ZADD", "{intent}:purse:purses:intents", "1", &id.to_string()]);
    assert_eq!(ask::<Purses>(&host, Asked::get("/intent/-/purse/health/ready")).status, 200);
    assert_eq!(ask::<Purses>(&host, Asked::get(&path)).body["coins"], 9);
    assert_eq!(host.count(&["ZSCORE", "{intent}:purse:purses:intents", &id.to_string()]), 0);
}

#[test]
fn an_intent_is_left_alone_while_its_request_may_still_run() {
    let host = host();
    bank(&host, None);
    ask::<Purses>(&host, Asked::post("/intent/purses", json!({"owner": "fresh"})));
    let id = host.count(&["GET", "{intent}:purse:purses:next"]);
    bank(&host, Some(1));
    ask::<Purses>(&host, Asked::get("/intent/-/purse/health/ready"));
    assert_eq!(ask::<Purses>(&host, Asked::get(&format!("/intent/purses/{id}"))).status, 404);
    // Its time comes by Redis's clock, without anybody's doing.
    eventually(DEADLINE, || {
        ask::<Purses>(&host, Asked::get("/intent/-/purse/health/ready"));
        (ask::<Purses>(&host, Asked::get(&format!("/intent/purses/{id}"))).status == 200)
            .then_some(())
    });
}

#[test]
fn a_key_whose_request_crashed_is_answered_with_the_intent_it_left() {
    let host = host();
    bank(&host, None);
    let post = || {
        Asked::post("/intent/purses", json!({"owner": "key"}))
            .header("idempotency-key", "intent-key")
    };
    assert_eq!(ask::<Purses>(&host, post()).status, 503);
    let id = host.count(&["GET", "{intent}:purse:purses:next"]);
    bank(&host, Some(4));
    let answer = ask::<Purses>(&host, post());
    assert_eq!((answer.status, answer.body["id"].as_u64()), (201, Some(id)));
    let again = ask::<Purses>(&host, post());
    assert_eq!((again.status, again.body), (201, answer.body));
}
