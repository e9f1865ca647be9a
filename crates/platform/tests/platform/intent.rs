//! Intents: what was promised to a client before a crash is finished or undone, once.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use madang::call::Answered;
use madang::env::Host;
use madang::{Collection, Context, Definition, Env, Error};
use madang_testing::eventually;
use serde_json::json;

use crate::rest::{Asked, ask};
use crate::support::TestHost;
use crate::support::purse::{Command, Purse};

struct Purses;

fn settle(purse: &Purse, env: &Env) -> Result<Command, Error> {
    match env.call("bank", "coins", &format!("purses/{}", purse.id), &purse.id) {
        Err(Error::Unasked(_)) => Ok(Command::BankSays { coins: 0 }),
        answer => Ok(Command::BankSays { coins: answer? }),
    }
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

/// A host, and the right to be alone: one test's `ready` would settle another's intents.
fn host() -> (TestHost, MutexGuard<'static, ()>) {
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let host = TestHost::new();
    host.set("base_url", "http://bank");
    host.set("service_token", "token");
    (host, alone)
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
    let (host, _alone) = host();
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
    let (host, _alone) = host();
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
    let (host, _alone) = host();
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
    let (host, _alone) = host();
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

#[test]
fn an_intent_that_may_have_been_asked_before_is_not_settled_as_if_it_never_was() {
    let (host, _alone) = host();
    bank(&host, None);
    host.set("breaker_calls", "1");
    let asked = ask::<Purses>(&host, Asked::post("/intent/purses", json!({"owner": "asked"})));
    assert_eq!(asked.status, 503);
    let id = host.count(&["GET", "{intent}:purse:purses:next"]);
    // The breaker is open by now: whoever comes new is settled without the bank.
    let new = ask::<Purses>(&host, Asked::post("/intent/purses", json!({"owner": "cut off"})));
    assert_eq!((new.status, new.body["coins"].as_u64()), (201, Some(0)));

    host.ask(&["ZADD", "{intent}:purse:purses:intents", "1", &id.to_string()]);
    ask::<Purses>(&host, Asked::get("/intent/-/purse/health/ready"));
    let path = format!("/intent/purses/{id}");
    assert_eq!(ask::<Purses>(&host, Asked::get(&path)).status, 404);
    bank(&host, Some(5));
    host.pause(Duration::from_secs(5));
    host.ask(&["ZADD", "{intent}:purse:purses:intents", "1", &id.to_string()]);
    ask::<Purses>(&host, Asked::get("/intent/-/purse/health/ready"));
    assert_eq!(ask::<Purses>(&host, Asked::get(&path)).body["coins"], 5);
}
