//! The message port: messages are sent with the work that sends them, at least once, and hold nobody up.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use madang::call::{Answered, Outbound};
use madang::consumer::{Drained, drain, position};
use madang::{Context, Definition, Env, Error, Policies, Rejection, Work};
use serde_json::{Value, json};

use crate::rest::{Asked, ask};
use crate::support::TestHost;
use crate::support::purse::{Command, Paid, Purse};

/// Tells of each payment, but refuses 13 coins after it has told of them.
fn policies() -> Policies {
    Policies::new().on(|paid: Paid, work| {
        work.send("010-0000-0000", &format!("{} coins came in", paid.coins))?;
        if paid.coins == 13 { Err(Rejection::state("13 brings bad luck").into()) } else { Ok(()) }
    })
}

macro_rules! teller {
    ($name:ident, $system:literal) => {
        struct $name;

        impl Context for $name {
            fn define() -> Definition {
                Definition::new($system, "teller").policies(policies()).sends_messages()
            }
        }
    };
}

fn env<'h>(host: &'h TestHost, system: &'static str) -> Env<'h> {
    let mut env = host.env(system, "teller");
    env.sends_messages = true;
    env
}

fn pay(host: &TestHost, system: &'static str, coins: u64) {
    let env = host.env(system, "purse");
    Work::transact(&env, |work| {
        let (id, _) = work.create::<Purse>(|id| Ok(Command::Open { id, owner: "a".into() }))?;
        work.decide::<Purse>(id, Command::Pay { coins }).map(drop)
    })
    .unwrap();
}

/// A webhook that keeps what it gets and answers so.
fn webhook(host: &TestHost, answer: Result<u16, &'static str>) -> Rc<RefCell<Vec<Outbound>>> {
    host.set("message_webhook_url", "http://gateway/notices");
    let got = Rc::new(RefCell::new(Vec::new()));
    let kept = got.clone();
    *host.neighbour.borrow_mut() = Some(Box::new(move |sent| {
        kept.borrow_mut().push(sent.clone());
        answer.map(|status| Answered { status, ..Answered::default() }).map_err(str::to_owned)
    }));
    got
}

fn ready<C: Context>(host: &TestHost, system: &str) {
    let asked = Asked::get(&format!("/{system}/-/teller/health/ready"));
    assert_eq!(ask::<C>(host, asked).status, 200);
}

/// Lets the pauses between tries be over.
fn later(host: &TestHost, system: &str) {
    let key = format!("{{{system}}}:teller:messages");
    for id in host.ask(&["ZRANGE", &key, "0", "-1"]) {
        host.ask(&["ZADD", &key, "1", &id.text().unwrap()]);
    }
}

fn told<C: Context>(host: &TestHost, system: &str) -> Value {
    ask::<C>(host, Asked::get(&format!("/{system}/-/teller/info"))).body["messages"].clone()
}

fn internal<C: Context>(host: &TestHost, method: &str, path: &str) -> (u16, Value) {
    host.set("service_token", "token");
    let asked = Asked::with_body(method, path, Value::Null).header("authorization", "Bearer token");
    let answer = ask::<C>(host, asked);
    (answer.status, answer.body)
}

#[test]
fn a_message_goes_to_the_webhook_as_a_cloud_event() {
    teller!(Teller, "webhook");
    let host = TestHost::new();
    let got = webhook(&host, Ok(202));
    pay(&host, "webhook", 5);
    ready::<Teller>(&host, "webhook");
    let got = got.borrow();
    let [sent] = got.as_slice() else { panic!("{} messages", got.len()) };
    assert_eq!(sent.url, "http://gateway/notices");
    let event: Value = serde_json::from_slice(&sent.body).unwrap();
    let header =
        |name| sent.headers.iter().find(|(n, _)| *n == name).map(|(_, value)| value.clone());
    assert_eq!(header("content-type").as_deref(), Some("application/cloudevents+json"));
    assert_eq!(header("idempotency-key").as_deref(), event["id"].as_str());
    assert_eq!(event["data"], json!({"recipient": "010-0000-0000", "text": "5 coins came in"}));
    let kind = (&event["specversion"], &event["type"], &event["source"], &event["correlationid"]);
    assert_eq!(kind, (&json!("1.0"), &json!("Message"), &json!("/webhook/teller"), &json!("saga")));
    assert_eq!(told::<Teller>(&host, "webhook"), json!({"waiting": 0, "dead": 0}));
}

#[test]
fn without_a_webhook_a_message_goes_to_the_log() {
    teller!(Teller, "tolog");
    let host = TestHost::new();
    pay(&host, "tolog", 5);
    drain(&env(&host, "tolog"), &policies()).unwrap();
    assert_eq!(told::<Teller>(&host, "tolog"), json!({"waiting": 1, "dead": 0}));
    ready::<Teller>(&host, "tolog");
    assert_eq!(told::<Teller>(&host, "tolog"), json!({"waiting": 0, "dead": 0}));
}

#[test]
fn a_message_is_sent_with_its_work_or_not_at_all() {
    teller!(Teller, "sentwhole");
    let host = TestHost::new();
    let got = webhook(&host, Ok(200));
    pay(&host, "sentwhole", 13);
    pay(&host, "sentwhole", 6);
    ready::<Teller>(&host, "sentwhole");
    let texts: Vec<Value> = got
        .borrow()
        .iter()
        .map(|sent| serde_json::from_slice::<Value>(&sent.body).unwrap()["data"]["text"].clone())
        .collect();
    assert_eq!(texts, [json!("6 coins came in")]);
}

#[test]
fn a_webhook_that_fails_holds_nobody_up_and_gets_the_same_message_again() {
    teller!(Teller, "failing");
    let host = TestHost::new();
    let got = webhook(&host, Err("connection refused"));
    host.set("message_attempts", "3");
    pay(&host, "failing", 5);
    ready::<Teller>(&host, "failing");
    assert_eq!(position(&env(&host, "failing")), Ok(1), "the policy is done");
    pay(&host, "failing", 6);
    assert_eq!(drain(&env(&host, "failing"), &policies()), Ok(Drained::CaughtUp));
    assert_eq!(got.borrow().len(), 1, "the first waits for its next try");
    later(&host, "failing");
    ready::<Teller>(&host, "failing");
    later(&host, "failing");
    ready::<Teller>(&host, "failing");
    let keys = |text: &str| -> Vec<String> {
        let got = got.borrow();
        let of = got.iter().filter(|sent| String::from_utf8_lossy(&sent.body).contains(text));
        of.map(|sent| sent.headers[1].1.clone()).collect()
    };
    let first = keys("5 coins");
    assert_eq!(first, [first[0].clone(), first[0].clone(), first[0].clone()]);
    assert_eq!(told::<Teller>(&host, "failing"), json!({"waiting": 1, "dead": 1}));
}

#[test]
fn a_dead_message_can_be_listed_replayed_and_dropped() {
    teller!(Teller, "sentdead");
    let host = TestHost::new();
    webhook(&host, Ok(400));
    host.set("message_attempts", "1");
    pay(&host, "sentdead", 5);
    pay(&host, "sentdead", 6);
    ready::<Teller>(&host, "sentdead");
    let (status, body) = internal::<Teller>(&host, "GET", "/sentdead/-/teller/dead-messages");
    let letters = body["deadMessages"].as_array().unwrap();
    assert_eq!((status, letters.len()), (200, 2));
    assert_eq!((&letters[0]["tries"], &letters[0]["reason"]), (&json!(1), &json!("answered 400")));
    let path = |n: usize| {
        format!("/sentdead/-/teller/dead-messages/{}", letters[n]["id"].as_str().unwrap())
    };
    let got = webhook(&host, Ok(200));
    assert_eq!(internal::<Teller>(&host, "POST", &format!("{}/replay", path(0))).0, 204);
    assert_eq!(internal::<Teller>(&host, "DELETE", &path(1)).0, 204);
    assert_eq!(internal::<Teller>(&host, "DELETE", &path(1)).0, 404);
    assert_eq!(internal::<Teller>(&host, "POST", &format!("{}/replay", path(0))).0, 404);
    ready::<Teller>(&host, "sentdead");
    assert_eq!(got.borrow().len(), 1);
    assert_eq!(told::<Teller>(&host, "sentdead"), json!({"waiting": 0, "dead": 0}));
}

#[test]
fn a_crash_after_the_delivery_delivers_again() {
    teller!(Teller, "sentcrash");
    let host = TestHost::new();
    let got = webhook(&host, Ok(200));
    pay(&host, "sentcrash", 5);
    drain(&env(&host, "sentcrash"), &policies()).unwrap();
    // PING, the drain's claim, the intents there are none of: up to where the delivery is written down.
    let mut calls = 3;
    while got.borrow().is_empty() {
        later(&host, "sentcrash");
        host.redis_left.set(Some(calls));
        ask::<Teller>(&host, Asked::get("/sentcrash/-/teller/health/ready"));
        host.redis_left.set(None);
        calls += 1;
    }
    assert_eq!(told::<Teller>(&host, "sentcrash"), json!({"waiting": 1, "dead": 0}));
    later(&host, "sentcrash");
    ready::<Teller>(&host, "sentcrash");
    let got = got.borrow();
    assert_eq!(got.len(), 2);
    assert_eq!(got[0], got[1]);
}

#[test]
fn a_webhook_that_is_away_is_left_alone_by_its_breaker() {
    teller!(Teller, "away");
    let host = TestHost::new();
    let got = webhook(&host, Err("connection refused"));
    host.set("breaker_calls", "2");
    for coins in 1..=5 {
        pay(&host, "away", coins);
    }
    ready::<Teller>(&host, "away");
    assert_eq!(got.borrow().len(), 2);
    assert_eq!(told::<Teller>(&host, "away"), json!({"waiting": 5, "dead": 0}));
    let got = webhook(&host, Ok(200));
    host.clock.set(host.clock.get() + Duration::from_secs(5));
    later(&host, "away");
    ready::<Teller>(&host, "away");
    assert_eq!(got.borrow().len(), 5);
}

#[test]
fn who_does_not_say_so_sends_no_messages() {
    let host = TestHost::new();
    let env = host.env("silent", "teller");
    let Err(Error::Fault(why)) = Work::new(&env).send("a", "b") else { panic!("it was sent") };
    assert!(why.contains("add `.sends_messages()`"), "{why}");
}
