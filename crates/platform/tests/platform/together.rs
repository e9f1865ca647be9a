//! Events that come together are handled in one commit, and each as if it was alone.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use madang::consumer::{Drained, dead_letters, drain, position};
use madang::redis::Reply;
use madang::{Aggregate, Decision, Env, Error, Policies, Rejection, Work};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::TestHost;
use crate::support::purse::{Command as Purses, Paid, Purse};

/// A name that nobody shares, and how often it was called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Tag {
    id: u64,
    name: String,
    count: u64,
}

enum Command {
    Open { id: u64, name: String },
    Call,
    Rename(String),
    Remove,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Called {
    name: String,
    count: u64,
}

madang::events! {
    /// What happens to a tag.
    enum Event { Called }
}

const NO_TAG: Rejection = Rejection::state("there is no such tag");
const TAKEN_BACK: Rejection = Rejection::state("it is called and taken back");

impl Aggregate for Tag {
    const COLLECTION: &'static str = "tags";
    const ENTITY: &'static str = "Tag";
    const UNIQUE: &'static [&'static str] = &["name"];
    type Command = Command;
    type Event = Event;
    type Resource = Tag;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        match (state, command) {
            (None, Command::Open { id, name }) => Ok(Decision::quiet(Tag { id, name, count: 0 })),
            (Some(tag), Command::Call) => {
                let tag = Tag { count: tag.count + 1, ..tag };
                let called = Called { name: tag.name.clone(), count: tag.count };
                Ok(Decision::told(tag, called))
            }
            (Some(tag), Command::Rename(name)) => Ok(Decision::quiet(Tag { name, ..tag })),
            (Some(_), Command::Remove) => Ok(Decision::removed()),
            _ => Err(NO_TAG),
        }
    }

    fn resource(&self) -> Option<Tag> {
        Some(self.clone())
    }
}

/// What the coins say is done to the tags of four names.
fn policies() -> Policies {
    Policies::new().on(|paid: Paid, work| {
        let name = |plus| format!("name{}", (paid.coins / 6 + plus) % 4);
        let open = |id| Ok(Command::Open { id, name: name(0) });
        let decide = |work: &mut Work, command| {
            let found = work.find::<Tag>("name", name(0))?;
            work.decide::<Tag>(*found.first().ok_or(NO_TAG)?, command).map(drop)
        };
        match paid.coins % 6 {
            0 | 1 => work.create::<Tag>(open).map(drop),
            2 => decide(work, Command::Call),
            3 => decide(work, Command::Rename(name(1))),
            4 => decide(work, Command::Remove),
            _ => {
                decide(work, Command::Call)?;
                Err(TAKEN_BACK.into())
            }
        }
    })
}

/// Tells so many events of purse 1.
fn pay(host: &TestHost, system: &'static str, coins: impl IntoIterator<Item = u64>) {
    let env = host.env(system, "giver");
    Work::transact(&env, |work| {
        work.create::<Purse>(|id| Ok(Purses::Open { id, owner: "giver".into() })).map(drop)
    })
    .unwrap();
    for coins in coins {
        let pay = |work: &mut Work| work.decide::<Purse>(1, Purses::Pay { coins }).map(drop);
        Work::transact(&env, pay).unwrap();
    }
}

/// What a context has come to.
#[derive(Debug, PartialEq)]
struct Outcome {
    /// In order, numbered anew: ids may have gaps, which depend on what was taken at once.
    tags: Vec<Tag>,
    /// What it has told, and of which cause.
    told: Vec<(String, Value)>,
    refused: Vec<String>,
}

/// What a context has come to, which its indexes have to agree with.
fn outcome(host: &TestHost, env: &Env) -> Outcome {
    let texts = |words: &[&str]| -> Vec<String> {
        host.ask(words).into_iter().filter_map(Reply::text).collect()
    };
    let ids: Vec<u64> = texts(&["ZRANGE", &env.key("tags:ids"), "0", "-1"])
        .iter()
        .map(|id| id.parse().unwrap())
        .collect();
    let mut work = Work::new(env);
    let mut tags = Vec::new();
    for id in ids {
        let tag = work.load::<Tag>(id).unwrap().expect("a tag that is listed");
        assert_eq!(work.find::<Tag>("name", tag.name.as_str()), Ok(vec![id]));
        assert_eq!(work.find::<Tag>("count", tag.count).map(|ids| ids.contains(&id)), Ok(true));
        let holder = host.count(&["HGET", &env.key("tags:one:name"), &json!(tag.name).to_string()]);
        assert_eq!((tag.id, holder), (id, id));
        tags.push(tag);
    }
    for index in ["tags:by:name", "tags:by:count", "tags:ids"] {
        assert_eq!(host.count(&["ZCARD", &env.key(index)]), tags.len() as u64, "{index}");
    }
    assert_eq!(host.count(&["HLEN", &env.key("tags:one:name")]), tags.len() as u64);
    for (order, tag) in tags.iter_mut().enumerate() {
        tag.id = order as u64;
    }
    let source = format!("/{}/{}", env.system, env.context);
    let told = texts(&["XRANGE", &env.log_key(), "-", "+"]);
    let told = told.iter().filter_map(|text| serde_json::from_str::<Value>(text).ok());
    let told = told.filter(|event| event["source"] == source);
    let told = told.map(|event| {
        let cause = event["causationid"].as_str().expect("its cause").to_owned();
        (cause, json!([event["data"]["name"], event["data"]["count"], event["correlationid"]]))
    });
    let refused = texts(&["XRANGE", &env.key("refusals"), "-", "+"]);
    let refused = refused.into_iter().filter(|text| text.starts_with('{')).collect();
    Outcome { tags, told: told.collect(), refused }
}

#[test]
fn they_come_to_what_each_alone_comes_to_wherever_they_are_killed() {
    let host = TestHost::new();
    let draws: Vec<u64> =
        (0..50).map(|_| (madang::env::Host::random(&host) >> 33) % 24 + 24).collect();
    pay(&host, "joint", draws);
    let events = host.count(&["GET", "{joint}:log:head"]);
    // Whoever makes spans of each event has them handled one by one.
    let single = TestHost::new();
    single.hears_spans.set(true);
    let env = single.env("joint", "single");
    assert_eq!(drain(&env, &policies()), Ok(Drained::CaughtUp));
    let alone = outcome(&single, &env);
    let Outcome { tags, told, refused } = &alone;
    assert!(!tags.is_empty() && told.len() > 5 && refused.len() > 10, "{alone:?}");
    for killed_after in 0.. {
        let context = format!("killed{killed_after}").leak();
        let env = host.env("joint", context);
        host.redis_left.set(Some(killed_after));
        let is_done = drain(&env, &policies()) == Ok(Drained::CaughtUp);
        host.redis_left.set(None);
        host.ask(&["DEL", &env.key("lease")]);
        host.ask(&["HDEL", &env.key("tries"), "after"]);
        assert_eq!(drain(&env, &policies()), Ok(Drained::CaughtUp));
        assert_eq!(outcome(&host, &env), alone, "killed after {killed_after} commands");
        assert!(position(&env).unwrap() >= events);
        if is_done {
            assert!(u64::from(killed_after) > events / 16);
            return;
        }
    }
}

#[test]
fn many_of_them_are_few_commands_and_their_ids_have_no_gaps() {
    let host = TestHost::new();
    pay(&host, "few", [100]);
    let env = host.env("few", "taker");
    let policies = Policies::new().on(|paid: Paid, work| {
        let name = paid.coins.to_string();
        work.create::<Tag>(|id| Ok(Command::Open { id, name })).map(drop)
    });
    assert_eq!(drain(&env, &policies), Ok(Drained::CaughtUp));
    pay(&host, "few", 1..=64);
    // The name of each is looked up; sixteen have one INCRBY and one commit.
    assert!(host.commands(|| drain(&env, &policies).unwrap()) <= 64 + 2 * 4 + 2);
    let names: Vec<_> = (1..=65)
        .map(|id| Work::new(&env).load::<Tag>(id).unwrap().unwrap().name.parse::<u64>().unwrap())
        .collect();
    assert_eq!(names, [100].into_iter().chain(1..=64).collect::<Vec<_>>());
    assert_eq!(host.count(&["GET", "{few}:taker:tags:next"]), 65);
}

#[test]
fn of_those_one_that_never_comes_back_is_to_blame_alone() {
    for (attempts, runs_expected) in [("1", 2), ("3", 4)] {
        let host = TestHost::new();
        host.set("max_attempts", attempts);
        let system = if attempts == "1" { "blamed" } else { "blamed3" };
        pay(&host, system, 1..=40);
        let env = host.env(system, "taker");
        let runs = Cell::new(0);
        let runs: &'static Cell<u32> = Box::leak(Box::new(runs));
        let trap = Policies::new().on(|paid: Paid, work| {
            runs.set(runs.get() + u32::from(paid.coins == 23));
            assert_ne!(paid.coins, 23, "as if the component trapped");
            work.create::<Tag>(|id| Ok(Command::Open { id, name: paid.coins.to_string() }))
                .map(drop)
        });
        let mut deaths = 0;
        while catch_unwind(AssertUnwindSafe(|| drain(&env, &trap).unwrap())).is_err() {
            host.ask(&["DEL", &env.key("lease")]);
            deaths += 1;
            assert!(deaths < 10, "that has no end");
        }
        let letters = dead_letters(&env).unwrap();
        let letter = &letters[0];
        assert_eq!(
            (letters.len(), letter["number"].as_u64(), letter["tries"].to_string().as_str()),
            (1, Some(23), attempts)
        );
        // Once together with others, which says nothing of which it was, and then as often as it may be tried.
        assert_eq!(runs.get(), runs_expected);
        assert_eq!(host.count(&["ZCARD", &env.key("tags:ids")]), 39);
        assert_eq!(position(&env), Ok(40));
    }
}

#[test]
fn one_that_fails_is_tried_again_alone_and_those_before_it_are_done() {
    let host = TestHost::new();
    host.set("max_attempts", "2");
    pay(&host, "breaking", 1..=10);
    let env = host.env("breaking", "taker");
    let runs: &'static Cell<u32> = Box::leak(Box::default());
    let policies = Policies::new().on(|paid: Paid, work| {
        if paid.coins == 5 {
            runs.set(runs.get() + 1);
            return Err(Error::fault("a bug"));
        }
        work.create::<Tag>(|id| Ok(Command::Open { id, name: paid.coins.to_string() })).map(drop)
    });
    for run in 1..=2 {
        let drained = drain(&env, &policies);
        assert_eq!(drained, Ok(Drained::Stuck("on Paid: fault: a bug".into())));
        assert_eq!((runs.get(), position(&env)), (run, Ok(4)));
        host.ask(&["HDEL", "{breaking}:taker:tries", "after"]);
    }
    assert_eq!(drain(&env, &policies), Ok(Drained::CaughtUp));
    let letters = dead_letters(&env).unwrap();
    assert_eq!((letters.len(), letters[0]["tries"].as_u64(), runs.get()), (1, Some(2), 2));
    assert_eq!((position(&env), host.count(&["ZCARD", &env.key("tags:ids")])), (Ok(10), 9));
}

#[test]
fn another_writer_in_between_has_them_decided_anew() {
    let host: &'static TestHost = Box::leak(Box::new(TestHost::new()));
    pay(host, "between", [2; 20]);
    let env = host.env("between", "taker");
    let call = |work: &mut Work| work.decide::<Tag>(1, Command::Call).map(drop);
    let open = |id| Ok(Command::Open { id, name: "name0".into() });
    Work::transact(&env, |work| work.create::<Tag>(open).map(drop)).unwrap();
    let runs: &'static Cell<u32> = Box::leak(Box::default());
    let policies = Policies::new().on(move |_: Paid, work| {
        runs.set(runs.get() + 1);
        work.decide::<Tag>(1, Command::Call)?;
        if [3, 30].contains(&runs.get()) {
            Work::transact(&host.env("between", "taker"), call)?;
        }
        Ok(())
    });
    assert_eq!(drain(&env, &policies), Ok(Drained::CaughtUp));
    assert_eq!(Work::new(&env).load::<Tag>(1).unwrap().unwrap().count, 22);
    let told = outcome(host, &env).told;
    assert_eq!(told.len(), 22);
    assert!(runs.get() > 20 && runs.get() < 60, "{}", runs.get());
}

#[test]
fn who_calls_a_neighbour_has_them_one_by_one() {
    let host = TestHost::new();
    pay(&host, "caller", 1..=3);
    let mut env = host.env("caller", "taker");
    env.neighbours = &["bank"];
    let cursors: &'static std::cell::RefCell<Vec<u64>> = Box::leak(Box::default());
    let policies = Policies::new().on(|_: Paid, work| {
        cursors.borrow_mut().push(position(work.env)?);
        Ok(())
    });
    assert_eq!(drain(&env, &policies), Ok(Drained::CaughtUp));
    assert_eq!(*cursors.borrow(), [0, 1, 2]);
}

#[test]
fn a_policy_that_asks_for_a_key_is_told_that_it_needs_none() {
    let host = TestHost::new();
    pay(&host, "keyed", [1]);
    let env = host.env("keyed", "taker");
    let policies = Policies::new().on(|_: Paid, work| work.once("key", |_| Ok(())));
    let Ok(Drained::Stuck(reason)) = drain(&env, &policies) else { panic!("it went on") };
    assert!(reason.contains("it needs no key"), "{reason}");
}
