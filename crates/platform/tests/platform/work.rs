//! Commits: whole or not at all, seen by others only whole, and refused when they come too late.
use crate::support::TestHost;
use crate::support::purse::{Command, EMPTY, Purse};
use madang::{Env, Error, Rejection, Work};
use serde_json::{Value, json};

fn open(env: &Env, owner: &str) -> u64 {
    let create = |id| Ok(Command::Open { id, owner: owner.to_owned() });
    Work::transact(env, |work| work.create::<Purse>(create)).unwrap().0
}

fn pay(env: &Env, id: u64, coins: u64) -> Result<(), Error> {
    Work::transact(env, |work| work.decide::<Purse>(id, Command::Pay { coins }).map(drop))
}

fn purse(env: &Env, id: u64) -> Option<Purse> {
    Work::new(env).load::<Purse>(id).unwrap()
}

#[test]
fn ids_count_up_from_one() {
    let host = TestHost::new();
    let env = host.env("ids", "purse");
    assert_eq!([open(&env, "a"), open(&env, "b"), open(&env, "c")], [1, 2, 3]);
}

#[test]
fn state_event_and_message_are_one_commit() {
    let host = TestHost::new();
    let env = host.env("whole", "purse");
    let id = open(&env, "a");
    pay(&env, id, 5).unwrap();
    pay(&env, id, 7).unwrap();
    assert_eq!(purse(&env, id).unwrap().coins, 12);
    assert_eq!(host.count(&["GET", "{whole}:log:head"]), 2);
    let log: Vec<Value> = host
        .ask(&["XRANGE", "{whole}:log", "-", "+"])
        .into_iter()
        .filter_map(|reply| serde_json::from_str(&reply.text()?).ok())
        .filter(Value::is_object)
        .collect();
    assert_eq!(
        log[1],
        json!({
            "id": "purses/1@3", "source": "/whole/purse", "specversion": "1.0", "type": "Paid",
            "subject": "purses/1", "time": "2026-11-21T00:00:00.000Z",
            "datacontenttype": "application/json", "traceparent": "", "correlationid": "saga",
            "causationid": "command",
            "data": {"id": 1, "coins": 7, "eventType": "Paid", "timestamp": "20261121000000"},
        })
    );
}

#[test]
fn a_rejection_changes_nothing() {
    let host = TestHost::new();
    let env = host.env("rejected", "purse");
    let id = open(&env, "a");
    assert_eq!(pay(&env, id, 0), Err(Error::Rejected(EMPTY)));
    assert_eq!(pay(&env, 99, 1), Err(Error::Rejected(Rejection::MISSING)));
    assert_eq!(purse(&env, id).unwrap().coins, 0);
    assert_eq!(host.count(&["EXISTS", "{rejected}:log"]), 0);
}

#[test]
fn a_writer_that_was_overtaken_decides_anew() {
    let host = TestHost::new();
    let env = host.env("faster", "purse");
    let id = open(&env, "a");
    let mut attempts = 0;
    Work::transact(&env, |work| {
        work.load::<Purse>(id)?;
        attempts += 1;
        if attempts == 1 {
            pay(&env, id, 5)?;
        }
        work.decide::<Purse>(id, Command::Pay { coins: 7 }).map(drop)
    })
    .unwrap();
    assert_eq!((attempts, purse(&env, id).unwrap().coins), (2, 12));
    assert_eq!(host.count(&["GET", "{faster}:log:head"]), 2);
}

#[test]
fn what_was_only_read_must_still_hold() {
    let host = TestHost::new();
    let env = host.env("read", "purse");
    let (watched, paid) = (open(&env, "a"), open(&env, "b"));
    let mut attempts = 0;
    Work::transact(&env, |work| {
        let seen = work.load::<Purse>(watched)?.unwrap().coins;
        attempts += 1;
        if attempts == 1 {
            pay(&env, watched, 3)?;
        }
        work.decide::<Purse>(paid, Command::Pay { coins: seen + 1 }).map(drop)
    })
    .unwrap();
    assert_eq!((attempts, purse(&env, paid).unwrap().coins), (2, 4));
}

#[test]
fn endless_conflicts_end() {
    let host = TestHost::new();
    let env = host.env("endless", "purse");
    let id = open(&env, "a");
    let outcome = Work::transact(&env, |work| {
        work.load::<Purse>(id)?;
        pay(&env, id, 1)?;
        work.decide::<Purse>(id, Command::Pay { coins: 100 }).map(drop)
    });
    assert_eq!(outcome, Err(Error::Conflict));
    assert!(purse(&env, id).unwrap().coins < 100);
}

#[test]
fn indexes_follow_every_change() {
    let host = TestHost::new();
    let env = host.env("indexes", "purse");
    let (a, b) = (open(&env, "same"), open(&env, "same"));
    pay(&env, a, 5).unwrap();
    let find = |field: &str, value: Value| Work::new(&env).find::<Purse>(field, value).unwrap();
    assert_eq!(find("owner", json!("same")), [a, b]);
    assert_eq!(find("coins", json!(5)), [a]);
    assert_eq!(find("coins", json!(0)), [b]);
    Work::transact(&env, |work| work.decide::<Purse>(a, Command::Close).map(drop)).unwrap();
    assert_eq!(find("owner", json!("same")), [b]);
    assert_eq!(find("coins", json!(5)), Vec::<u64>::new());
    assert_eq!(purse(&env, a), None);
}

#[test]
fn a_key_that_is_used_once_gives_its_first_answer_again() {
    let host = TestHost::new();
    let env = host.env("once", "purse");
    let id = open(&env, "a");
    let pay_once = |coins: u64| {
        Work::transact(&env, |work| {
            work.once("key", |work| {
                Ok(work.decide::<Purse>(id, Command::Pay { coins })?.unwrap().coins)
            })
        })
    };
    assert_eq!((pay_once(5), pay_once(7)), (Ok(5), Ok(5)));
    assert_eq!(purse(&env, id).unwrap().coins, 5);
}

#[test]
fn a_no_to_one_call_is_no_yes_to_its_twin() {
    let host = TestHost::new();
    let env = host.env("twins", "purse");
    let id = open(&env, "a");
    let pay = |work: &mut Work| {
        work.decide::<Purse>(id, Command::Pay { coins: 5 })?;
        Ok(true)
    };
    let mut is_first = true;
    let answer = Work::transact(&env, |work| {
        work.once("key", |work| {
            if std::mem::take(&mut is_first) {
                // Its twin is faster, after this one has looked whether there is an answer.
                Work::transact(&env, |work| work.once("key", pay))?;
            }
            // And by now it is paid, which this one would take for another's payment.
            Ok(work.load::<Purse>(id)?.unwrap().coins == 0)
        })
    });
    assert_eq!(answer, Ok(true));
    assert_eq!(purse(&env, id).unwrap().coins, 5);
}

#[test]
fn a_no_is_given_again_although_it_changed_nothing() {
    let host = TestHost::new();
    let env = host.env("no", "purse");
    let id = open(&env, "a");
    let ask = |answer| Work::transact(&env, |work| work.once("key", |_| Ok(answer)));
    assert_eq!((ask(false), ask(true)), (Ok(false), Ok(false)));
    assert_eq!(purse(&env, id).unwrap().coins, 0);
}

#[test]
fn a_call_that_is_repeated_is_given_its_first_answer_where_it_would_be_refused_by_now() {
    let host = TestHost::new();
    let env = host.env("repeated", "purse");
    let id = open(&env, "a");
    let close = || {
        Work::transact(&env, |work| {
            work.once("key", |work| {
                work.load::<Purse>(id)?.ok_or(Rejection::MISSING)?;
                work.decide::<Purse>(id, Command::Close).map(|_| "closed".to_owned())
            })
        })
    };
    assert_eq!((close(), close()), (Ok("closed".into()), Ok("closed".into())));
    let refuse = || -> Result<bool, Error> {
        Work::transact(&env, |work| work.once("other", |_| Err(Rejection::MISSING.into())))
    };
    assert_eq!(refuse(), Err(Rejection::MISSING.into()), "a refusal is no answer to be kept");
}

#[test]
fn the_first_call_of_a_key_costs_no_look_for_an_answer() {
    let host = TestHost::new();
    let env = host.env("look", "purse");
    let id = open(&env, "a");
    let pay = |work: &mut Work| {
        work.decide::<Purse>(id, Command::Pay { coins: 5 })?;
        Ok(true)
    };
    let commands = host.commands(|| Work::transact(&env, |work| work.once("key", pay)).unwrap());
    assert_eq!(commands, 2, "one to read the purse, one to commit");
}

#[test]
fn what_was_read_of_two_was_so_at_one_moment() {
    let host = TestHost::new();
    let env = host.env("moment", "purse");
    let (from, to) = (open(&env, "a"), open(&env, "b"));
    let pay = |work: &mut Work, id, coins| {
        work.decide::<Purse>(id, Command::Pay { coins }).map(|purse| purse.unwrap().coins)
    };
    let mut is_first = true;
    let seen = Work::transact(&env, |work| {
        let first = work.load::<Purse>(from)?.unwrap().coins;
        if std::mem::take(&mut is_first) {
            Work::transact(&env, |work| Ok((pay(work, from, 3)?, pay(work, to, 3)?)))?;
        }
        Ok((first, work.load::<Purse>(to)?.unwrap().coins))
    });
    assert_eq!(seen, Ok((3, 3)), "never (0, 3)");
}

#[test]
fn a_decree_stands_before_and_after_the_call() {
    let host = TestHost::new();
    let env = host.env("decree", "purse");
    let id = open(&env, "a");
    Work::transact(&env, |work| work.decree("key", &0_u64)).unwrap();
    let late = Work::transact(&env, |work| {
        work.once("key", |work| {
            Ok(work.decide::<Purse>(id, Command::Pay { coins: 5 })?.unwrap().coins)
        })
    });
    assert_eq!((late, purse(&env, id).unwrap().coins), (Ok(0), 0));
}

#[test]
fn without_redis_it_is_unavailable() {
    let host = TestHost::new();
    let env = host.env("away", "purse");
    let id = open(&env, "a");
    for commands in 0..2 {
        host.redis_left.set(Some(commands));
        assert!(matches!(pay(&env, id, 1), Err(Error::Unavailable(_))));
    }
    host.redis_left.set(None);
    assert_eq!(purse(&env, id).unwrap().coins, 0);
}
