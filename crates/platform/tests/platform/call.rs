//! Calls to a neighbour: tried again, cut off, and within the time that whoever asks waits.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};

use madang::call::Answered;
use madang::env::Host;
use madang::{Context, Definition, Env, Error};
use serde_json::json;

use crate::rest::{Asked, ask};
use crate::support::TestHost;

/// The times in milliseconds after which a neighbour was asked, and its answers one after the other;
/// the last goes on.
fn bank(answers: &[Result<u16, &'static str>]) -> (TestHost, Rc<Cell<usize>>) {
    let host = TestHost::new();
    host.set("base_url", "http://bank");
    host.set("service_token", "token");
    let asked = Rc::new(Cell::new(0));
    let (count, answers) = (asked.clone(), answers.to_vec());
    *host.neighbour.borrow_mut() = Some(Box::new(move |_| {
        let answer = answers[count.get().min(answers.len() - 1)];
        count.set(count.get() + 1);
        let body = b"7".to_vec();
        answer.map(|status| Answered { status, body, retry_after: None }).map_err(str::to_owned)
    }));
    (host, asked)
}

fn env(host: &TestHost) -> Env<'_> {
    let mut env = host.env("call", "purse");
    env.neighbours = &["bank"];
    env
}

fn call(env: &Env) -> Result<u64, Error> {
    env.call("bank", "coins", "key", &1)
}

fn elapsed(host: &TestHost) -> u128 {
    host.clock.get().as_millis()
}

#[test]
fn a_try_that_fails_is_repeated_twice_at_most() {
    let (host, asked) = bank(&[Err("connection refused"), Ok(502), Ok(200)]);
    assert_eq!(call(&env(&host)), Ok(7));
    assert_eq!(asked.get(), 3);
    assert!(elapsed(&host) <= 25 + 50, "the pauses are short");

    let (host, asked) = bank(&[Ok(500)]);
    assert_eq!(call(&env(&host)), Err(Error::Unavailable("bank/coins: answered 500".into())));
    assert_eq!(asked.get(), 3);

    let (host, asked) = bank(&[Ok(500)]);
    host.set("call_retries", "0");
    assert!(call(&env(&host)).is_err());
    assert_eq!(asked.get(), 1);
}

#[test]
fn what_a_neighbour_refuses_is_not_repeated() {
    for status in [404, 409, 400, 401] {
        let (host, asked) = bank(&[Ok(status)]);
        assert!(matches!(call(&env(&host)), Err(Error::Rejected(_) | Error::Fault(_))));
        assert_eq!(asked.get(), 1, "{status}");
    }
}

#[test]
fn a_neighbour_that_says_when_to_come_back_is_not_asked_before() {
    let (host, _) = bank(&[]);
    let asked = Rc::new(Cell::new(0));
    let count = asked.clone();
    *host.neighbour.borrow_mut() = Some(Box::new(move |_| {
        count.set(count.get() + 1);
        let status = if count.get() < 2 { 503 } else { 200 };
        let retry_after = Some(Duration::from_secs(1));
        Ok(Answered { status, retry_after, body: b"7".to_vec() })
    }));
    // It would be over the limit of 1 s.
    assert!(call(&env(&host)).is_err());
    assert_eq!((asked.get(), elapsed(&host)), (1, 0));
    asked.set(0);
    host.set("call_timeout_ms", "3000");
    assert_eq!(call(&env(&host)), Ok(7));
    assert_eq!((asked.get(), elapsed(&host)), (2, 1000));
}

#[test]
fn all_tries_together_keep_the_limit() {
    let (host, asked) = bank(&[Ok(500)]);
    host.latency.set(Duration::from_millis(400));
    assert!(call(&env(&host)).is_err());
    assert_eq!(asked.get(), 2, "the third try has no answer in the time that is left");
    assert_eq!(elapsed(&host), 1000);
}

#[test]
fn slow_calls_open_the_breaker_and_nothing_is_sent_then() {
    let (host, asked) = bank(&[Ok(200)]);
    host.latency.set(Duration::from_millis(1001));
    host.set("breaker_window_ms", "60000");
    for _ in 0..10 {
        assert!(matches!(call(&env(&host)), Err(Error::Unavailable(_))));
    }
    host.latency.set(Duration::ZERO);
    let cut_off = Error::Unasked("bank/coins: cut off by the breaker".into());
    let before = elapsed(&host);
    assert_eq!(call(&env(&host)), Err(cut_off));
    assert_eq!((asked.get(), elapsed(&host)), (0, before), "at once, and unasked");

    host.pause(Duration::from_secs(5));
    for _ in 0..3 {
        assert_eq!(call(&env(&host)), Ok(7));
    }
    assert_eq!(breaker(&host)["state"], "closed");
}

#[test]
fn a_breaker_that_opens_ends_the_tries() {
    let (host, asked) = bank(&[Ok(500)]);
    host.set("breaker_calls", "2");
    let error = call(&env(&host)).unwrap_err();
    assert_eq!(error, Error::Unavailable("bank/coins: answered 500".into()));
    assert_eq!(asked.get(), 2);
    let told = breaker(&host);
    assert_eq!(
        (&told["state"], &told["retries"], &told["cutOff"]),
        (&json!("open"), &json!(2), &json!(1))
    );
}

#[test]
fn what_somebody_began_on_before_may_have_been_asked() {
    let (host, _) = bank(&[Ok(500)]);
    host.set("breaker_calls", "1");
    assert!(call(&env(&host)).is_err());
    let mut late = env(&host);
    assert!(matches!(call(&late), Err(Error::Unasked(_))));
    late.resumed = true;
    assert!(matches!(call(&late), Err(Error::Unavailable(_))));
}

#[test]
fn the_deadline_of_whoever_asks_bounds_the_call_and_says_nothing_about_the_neighbour() {
    let (host, _) = bank(&[Ok(200)]);
    host.latency.set(Duration::from_millis(500));
    host.set("breaker_calls", "1");
    let mut hurried = env(&host);
    hurried.deadline = Some(host.now() + Duration::from_millis(200));
    assert!(matches!(call(&hurried), Err(Error::Unavailable(_))));
    assert_eq!(elapsed(&host), 180, "a tenth is left to answer in");
    assert_eq!(breaker(&host)["calls"], 0);
    host.pause(Duration::from_millis(20));
    assert!(matches!(call(&hurried), Err(Error::Unasked(_))), "there is no time left");
    assert_eq!(elapsed(&host), 200);

    let mut patient = env(&host);
    patient.deadline = Some(host.now() + Duration::from_millis(551));
    assert_eq!(call(&patient), Ok(7));
}

#[test]
fn the_neighbour_learns_until_when_it_is_waited_for() {
    let (host, _) = bank(&[]);
    *host.neighbour.borrow_mut() = Some(Box::new(|asked| {
        let deadline = asked.headers.iter().find(|(name, _)| *name == "x-request-deadline");
        assert_eq!(deadline.unwrap().1, "2026-11-21T00:00:00.225Z");
        assert_eq!(asked.limits.whole, Duration::from_millis(225));
        Ok(Answered { status: 200, body: b"7".to_vec(), ..Answered::default() })
    }));
    let mut env = env(&host);
    env.deadline = Some(host.now() + Duration::from_millis(250));
    assert_eq!(call(&env), Ok(7));
}

#[test]
fn a_neighbour_that_is_not_declared_is_not_called() {
    let (host, asked) = bank(&[Ok(200)]);
    let Err(Error::Fault(why)) = call(&host.env("call", "purse")) else { panic!("it was called") };
    assert!(why.contains("add `.calls(&[\"bank\"])`"), "{why}");
    assert_eq!(asked.get(), 0);
}

#[test]
fn without_its_store_a_breaker_lets_calls_through() {
    let (host, asked) = bank(&[Ok(500)]);
    *host.numbers.borrow_mut() = None;
    for _ in 0..20 {
        assert!(matches!(call(&env(&host)), Err(Error::Unavailable(_))));
    }
    assert_eq!(asked.get(), 60);
}

struct Purse;

impl Context for Purse {
    fn define() -> Definition {
        Definition::new("call", "purse").calls(&["bank"])
    }
}

fn breaker(host: &TestHost) -> serde_json::Value {
    ask::<Purse>(host, Asked::get("/call/-/purse/info")).body["breakers"][0].clone()
}

#[test]
fn info_tells_of_breakers_and_of_what_the_host_shed() {
    let (host, _) = bank(&[Ok(200)]);
    call(&env(&host)).unwrap();
    let info = ask::<Purse>(&host, Asked::get("/call/-/purse/info").header("madang-shed", "3"));
    assert_eq!(info.body["shed"], 3);
    let untouched = json!({"target": "bank", "state": "closed", "since": null, "calls": 1,
        "failed": 0, "retries": 0, "cutOff": 0});
    assert_eq!(info.body["breakers"], json!([untouched]));
    assert_eq!(ask::<Purse>(&host, Asked::get("/call/-/purse/info")).body["shed"], 0);
}

#[test]
fn a_deadline_must_be_a_time_to_come() {
    let (host, _) = bank(&[Ok(200)]);
    let at = |deadline: &str| {
        let asked = Asked::get("/call/-/purse/health/live").header("x-request-deadline", deadline);
        ask::<Purse>(&host, asked)
    };
    assert_eq!(at("2026-11-21T00:00:00.001Z").status, 200);
    let passed = at("2026-11-21T00:00:00.000Z");
    assert_eq!(passed.status, 504);
    let detail = "the request's deadline, 2026-11-21T00:00:00.000Z, had passed when it arrived";
    assert_eq!(passed.body["detail"], detail);
    for none in ["", "soon", "1000", "2026-11-21T00:00:00+09:00"] {
        let refused = at(none);
        assert_eq!(refused.status, 400, "{none}");
        assert!(refused.body["detail"].as_str().unwrap().starts_with("X-Request-Deadline: "));
    }
    assert_eq!(host.now(), UNIX_EPOCH + Duration::from_secs(1_795_219_200));
}
