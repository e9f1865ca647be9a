//! A change that needs a neighbour's yes: an application that an office approves.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use madang::call::Answered;
use madang::{Aggregate, Collection, Context, Decision, Definition, Env, Error, Rejection};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::rest::{Asked, Told, ask};
use crate::support::TestHost;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Owing {
    Approval,
    Word,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Application {
    id: u64,
    score: u64,
    wanted: u64,
    owing: Option<Owing>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Resource {
    id: u64,
    score: u64,
}

#[derive(Deserialize)]
struct Score {
    score: u64,
}

enum Command {
    Apply { id: u64, score: u64 },
    Assess(u64),
    Withdraw,
    Approved,
    Refused,
    Unknown,
    Unasked,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Assessed {
    id: u64,
}

madang::events! {
    /// What happens to an application.
    enum Event { Assessed }
}

const NO: Rejection = Rejection::state("the office says no");
const LATER: Rejection = Rejection::later("the office does not answer; try again shortly");

impl Aggregate for Application {
    const COLLECTION: &'static str = "applications";
    const ENTITY: &'static str = "Application";
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        let Some(state) = state else {
            let Command::Apply { id, score } = command else { return Err(Rejection::MISSING) };
            return Ok(Decision::quiet(Application { id, score, wanted: score, owing: None }));
        };
        let settled = Application { owing: None, ..state.clone() };
        match command {
            Command::Assess(_) | Command::Withdraw if state.owing.is_some() => Err(LATER),
            Command::Assess(wanted) => {
                Ok(Decision::quiet(Application { wanted, owing: Some(Owing::Approval), ..state }))
            }
            Command::Withdraw => Ok(Decision::removed()),
            Command::Approved => {
                let told = Assessed { id: state.id };
                Ok(Decision::told(Application { score: state.wanted, ..settled }, told))
            }
            Command::Refused => Ok(Decision::quiet(settled).refusing(NO)),
            Command::Unasked => Ok(Decision::quiet(settled).refusing(LATER)),
            Command::Unknown => {
                let owing = Application { owing: Some(Owing::Word), ..state };
                Ok(Decision::quiet(owing).refusing(LATER))
            }
            Command::Apply { .. } => Err(NO),
        }
    }

    fn resource(&self) -> Option<Resource> {
        Some(Resource { id: self.id, score: self.score })
    }

    fn is_intent(&self) -> bool {
        self.owing.is_some()
    }
}

fn settle(application: &Application, env: &Env) -> Result<Command, Error> {
    let key = format!("applications/{}", application.id);
    if application.owing == Some(Owing::Word) {
        let done = env.call("office", "withdraw", &key, &application.wanted)?;
        return Ok(if done { Command::Approved } else { Command::Refused });
    }
    Ok(match env.call("office", "approve", &key, &application.wanted) {
        Ok(true) => Command::Approved,
        Ok(false) => Command::Refused,
        Err(Error::Unasked(_)) => Command::Unasked,
        Err(_) => Command::Unknown,
    })
}

struct Applications;

impl Context for Applications {
    fn define() -> Definition {
        let applications = Collection::<Application>::new()
            .on_post(|id, Score { score }| Command::Apply { id, score })
            .on_put(|Score { score }| Command::Assess(score))
            .on_delete(|| Command::Withdraw)
            .settled_by(settle);
        Definition::new("approval", "desk").calls(&["office"]).collection(applications)
    }
}

/// What the office does when it is asked a question; `None`: it does not answer.
type Office = Rc<RefCell<Vec<(&'static str, Option<bool>)>>>;

/// A host whose office answers these questions in this order, and no others.
fn host(script: &[(&'static str, Option<bool>)]) -> (TestHost, Office) {
    let host = TestHost::new();
    host.set("base_url", "http://office");
    host.set("service_token", "token");
    host.set("call_retries", "0");
    let office: Office = Rc::new(RefCell::new(script.to_vec()));
    let answers = office.clone();
    *host.neighbour.borrow_mut() = Some(Box::new(move |asked| {
        assert!(!answers.borrow().is_empty(), "asked {} unexpectedly", asked.url);
        let (question, answer) = answers.borrow_mut().remove(0);
        assert!(asked.url.ends_with(question), "{} is no {question}", asked.url);
        let body = answer.ok_or("no answer")?.to_string();
        Ok(Answered { status: 200, body: body.into_bytes(), ..Answered::default() })
    }));
    (host, office)
}

fn apply(host: &TestHost) -> String {
    let told =
        ask::<Applications>(host, Asked::post("/approval/applications", json!({"score": 1})));
    assert_eq!(told.status, 201);
    format!("/approval/applications/{}", told.body["id"])
}

fn patch(host: &TestHost, path: &str, score: u64) -> Told {
    ask::<Applications>(host, Asked::with_body("PATCH", path, json!({"score": score})))
}

fn score(host: &TestHost, path: &str) -> Value {
    ask::<Applications>(host, Asked::get(path)).body["score"].clone()
}

#[test]
fn a_yes_is_stored_before_the_answer() {
    let (host, _) = host(&[("/approve", Some(true))]);
    let path = apply(&host);
    let told = patch(&host, &path, 9);
    assert_eq!((told.status, &told.body["score"]), (200, &json!(9)));
    let etag = told.headers.iter().find(|(name, _)| name == "etag").unwrap().1.clone();
    let stale = Asked::with_body("PATCH", &path, json!({"score": 2})).header("if-match", "\"1\"");
    assert_eq!(ask::<Applications>(&host, stale).status, 412, "before anybody is asked");
    let known = ask::<Applications>(&host, Asked::get(&path).header("if-none-match", &etag));
    assert_eq!(known.status, 304, "the version is the one that was told");
}

#[test]
fn a_no_leaves_everything_as_it_was() {
    let (host, _) = host(&[("/approve", Some(false)), ("/approve", Some(true))]);
    let path = apply(&host);
    let refused = patch(&host, &path, 9);
    assert_eq!((refused.status, &refused.body["detail"]), (409, &json!("the office says no")));
    assert_eq!(score(&host, &path), 1);
    assert_eq!(patch(&host, &path, 8).body["score"], 8);
}

#[test]
fn what_is_not_known_is_found_out_before_the_next_change() {
    for (happened, then) in [(true, 9), (false, 1)] {
        let (host, office) = host(&[("/approve", None), ("/withdraw", None)]);
        let path = apply(&host);
        let told = patch(&host, &path, 9);
        assert_eq!((told.status, &told.body["detail"]), (503, &json!(LATER.detail)));
        assert_eq!(score(&host, &path), 1, "it is seen as it was");
        assert_eq!(patch(&host, &path, 7).status, 503, "it still is not known");
        office.borrow_mut().extend([("/withdraw", Some(happened)), ("/approve", Some(false))]);
        assert_eq!(patch(&host, &path, 7).status, 409);
        assert_eq!(score(&host, &path), then);
        let gone = ask::<Applications>(&host, Asked::with_body("DELETE", &path, Value::Null));
        assert_eq!(gone.status, 204);
    }
}

#[test]
fn who_waits_is_not_told_what_became_of_another() {
    let (host, _) = host(&[]);
    let path = apply(&host);
    // While the office thinks about the first, a second comes, settles it, and is approved itself.
    let (second, other) = (path.clone(), TestHost::new());
    for (name, value) in host.variables.borrow().iter() {
        other.set(name, value);
    }
    let answers = RefCell::new(vec!["false", "true"]);
    *other.neighbour.borrow_mut() = Some(Box::new(move |_| {
        let body = answers.borrow_mut().remove(0).to_owned().into_bytes();
        Ok(Answered { status: 200, body, ..Answered::default() })
    }));
    *host.neighbour.borrow_mut() = Some(Box::new(move |_| {
        let told = patch(&other, &second, 7);
        assert_eq!((told.status, &told.body["score"]), (200, &json!(7)));
        Ok(Answered { status: 200, body: b"false".to_vec(), ..Answered::default() })
    }));
    let told = patch(&host, &path, 9);
    assert_eq!(told.status, 503, "{}", told.body);
    assert_eq!(score(&host, &path), 7);
}

#[test]
fn what_was_begun_is_ended_for_whoever_comes_next_and_keeps_its_cause() {
    let (host, office) = host(&[("/approve", Some(true))]);
    let path = apply(&host);
    assert_eq!(patch(&host, &path, 5).status, 200);
    *host.neighbour.borrow_mut() = Some(Box::new(|_| panic!("the component is killed")));
    let crash = || {
        let patch = Asked::with_body("PATCH", &path, json!({"score": 9}));
        ask::<Applications>(&host, patch.header("x-correlation-id", "the-one-that-crashed"))
    };
    assert!(catch_unwind(AssertUnwindSafe(crash)).is_err());
    let answers = office.clone();
    *host.neighbour.borrow_mut() = Some(Box::new(move |asked| {
        let body = answers.borrow_mut().remove(0).1.unwrap().to_string();
        let brought = asked.headers.iter().find(|(name, _)| *name == "x-correlation-id");
        assert_eq!(brought.map(|(_, id)| id.as_str()), Some("the-one-that-crashed"));
        Ok(Answered { status: 200, body: body.into_bytes(), ..Answered::default() })
    }));
    office.borrow_mut().push(("/approve", Some(true)));
    let gone = ask::<Applications>(&host, Asked::with_body("DELETE", &path, Value::Null));
    assert_eq!(gone.status, 204, "the approval was settled first");
    assert!(office.borrow().is_empty());
}
