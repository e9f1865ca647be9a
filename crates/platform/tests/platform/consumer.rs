//! Consumers: each event once, in order, whatever is repeated, broken or late.
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use crate::support::TestHost;
use crate::support::purse::{Command, Paid, Purse};
use madang::consumer::{Drained, dead_letters, drain, drop_letter, position, replay};
use madang::env::Host as _;
use madang::{Env, Error, Policies, Rejection, Work};
use madang_testing::eventually;

const DEADLINE: Duration = Duration::from_secs(20);

/// Pays coins into purse 1 of context `giver`, one event each.
fn pay(host: &TestHost, system: &'static str, coins: &[u64]) {
    let env = host.env(system, "giver");
    Work::transact(&env, |work| {
        if work.load::<Purse>(1)?.is_none() {
            work.create::<Purse>(|id| Ok(Command::Open { id, owner: "giver".into() }))?;
        }
        coins
            .iter()
            .try_for_each(|coins| work.decide::<Purse>(1, Command::Pay { coins: *coins }).map(drop))
    })
    .unwrap();
}

/// Opens a purse of context `taker` and answers policies that put into it what was paid to the giver.
fn taking(env: &Env, policy: impl Fn(&Paid) -> Result<(), Error> + 'static) -> Policies {
    let open = |id| Ok(Command::Open { id, owner: "taker".into() });
    Work::transact(env, |work| work.create::<Purse>(open)).unwrap();
    Policies::new().on(move |paid: Paid, work| {
        policy(&paid)?;
        work.decide::<Purse>(1, Command::Receive { coins: paid.coins }).map(drop)
    })
}

fn coins(env: &Env) -> u64 {
    Work::new(env).load::<Purse>(1).unwrap().unwrap().coins
}

#[test]
fn each_event_has_its_effect_once_however_often_it_is_drained() {
    let host = TestHost::new();
    pay(&host, "repeat", &[1, 2, 4]);
    let env = host.env("repeat", "taker");
    let policies = taking(&env, |_| Ok(()));
    for _ in 0..3 {
        assert_eq!(drain(&env, &policies), Ok(Drained::CaughtUp));
        assert_eq!((coins(&env), position(&env).unwrap()), (7, 3));
    }
}

#[test]
fn an_effect_and_its_step_are_one_commit() {
    let host = TestHost::new();
    pay(&host, "atomic", &[1]);
    let env = host.env("atomic", "taker");
    let policies = taking(&env, |_| Ok(()));
    // Cut off after every number of Redis commands in turn: the effect is there exactly when the
    // cursor has moved.
    for commands in 0.. {
        host.redis_left.set(Some(commands));
        let drained = drain(&env, &policies);
        host.redis_left.set(None);
        let cursor = position(&env).unwrap();
        assert_eq!(coins(&env), cursor, "after {commands} commands");
        if drained == Ok(Drained::CaughtUp) {
            assert!(commands > 2 && cursor == 1);
            break;
        }
        host.ask(&["DEL", "{atomic}:taker:lease"]);
    }
}

#[test]
fn a_consumer_with_an_old_cursor_is_overtaken_and_does_nothing() {
    let host: &'static TestHost = Box::leak(Box::new(TestHost::new()));
    pay(host, "overtaken", &[1, 2]);
    let env = host.env("overtaken", "taker");
    let first = Cell::new(true);
    let policies = taking(&env, move |_| {
        if first.replace(false) {
            // While this one handles the event, its lease runs out and another handles it all.
            host.ask(&["DEL", "{overtaken}:taker:lease"]);
            let faster = Policies::new().on(|paid: Paid, work| {
                work.decide::<Purse>(1, Command::Receive { coins: paid.coins }).map(drop)
            });
            assert_eq!(drain(&host.env("overtaken", "taker"), &faster), Ok(Drained::CaughtUp));
        }
        Ok(())
    });
    assert_eq!(drain(&env, &policies), Ok(Drained::Busy));
    assert_eq!((coins(&env), position(&env).unwrap()), (3, 2));
}

#[test]
fn a_rejection_is_recorded_and_the_next_event_is_handled() {
    let host = TestHost::new();
    pay(&host, "refusing", &[1, 2]);
    let env = host.env("refusing", "taker");
    let policies = Policies::new().on(|paid: Paid, _| {
        if paid.coins == 1 { Err(Rejection::state("one is too few").into()) } else { Ok(()) }
    });
    assert_eq!(drain(&env, &policies), Ok(Drained::CaughtUp));
    assert_eq!(position(&env).unwrap(), 2);
    let notes = host.ask(&["XRANGE", "{refusing}:taker:refusals", "-", "+"]);
    let notes: Vec<_> = notes.into_iter().filter_map(madang::redis::Reply::text).collect();
    assert!(notes.contains(&r#"{"event":1,"reason":"one is too few"}"#.to_owned()), "{notes:?}");
}

#[test]
fn an_unavailable_neighbour_is_waited_for_without_limit_and_in_order() {
    let host = TestHost::new();
    host.set("max_attempts", "1");
    pay(&host, "waiting", &[1, 2]);
    let env = host.env("waiting", "taker");
    let (away, heard) = (Rc::new(Cell::new(true)), Rc::new(Cell::new(0)));
    let (is_away, hear) = (Rc::clone(&away), Rc::clone(&heard));
    let policies = Policies::new().on(move |paid: Paid, _| {
        if is_away.get() {
            return Err(Error::Unavailable("the bank".into()));
        }
        hear.set(hear.get() * 10 + paid.coins);
        Ok(())
    });
    for _ in 0..5 {
        assert!(
            matches!(drain(&env, &policies), Ok(Drained::Stuck(reason)) if reason.contains("bank"))
        );
        host.ask(&["HDEL", "{waiting}:taker:tries", "after"]);
    }
    assert_eq!(dead_letters(&env).unwrap().len(), 0);
    away.set(false);
    assert_eq!(drain(&env, &policies), Ok(Drained::CaughtUp));
    assert_eq!(heard.get(), 12);
}

#[test]
fn pauses_after_a_failure_grow_and_end_by_themselves() {
    let host = TestHost::new();
    pay(&host, "pauses", &[1]);
    let env = host.env("pauses", "taker");
    let away = Rc::new(Cell::new(true));
    let is_away = Rc::clone(&away);
    let policies = Policies::new().on(move |_: Paid, _| {
        if is_away.get() { Err(Error::Unavailable("the bank".into())) } else { Ok(()) }
    });
    let pause = || {
        drain(&env, &policies).unwrap();
        let after = host.count(&["HGET", "{pauses}:taker:tries", "after"]);
        let time: Vec<u64> = host.ask(&["TIME"]).iter().filter_map(|part| part.number()).collect();
        host.ask(&["HDEL", "{pauses}:taker:tries", "after"]);
        after.saturating_sub(time[0] * 1000 + time[1] / 1000)
    };
    let pauses = [pause(), pause(), pause()];
    assert!(pauses[0] < pauses[1] && pauses[1] < pauses[2], "{pauses:?}");
    drain(&env, &policies).unwrap();
    away.set(false);
    eventually(DEADLINE, || (drain(&env, &policies) == Ok(Drained::CaughtUp)).then_some(()));
}

#[test]
fn a_fault_is_tried_again_and_then_goes_to_the_dead_letters() {
    let host = TestHost::new();
    host.set("max_attempts", "3");
    pay(&host, "faulty", &[1, 2]);
    let env = host.env("faulty", "taker");
    let broken = Rc::new(Cell::new(true));
    let (is_broken, tries) = (Rc::clone(&broken), Rc::new(Cell::new(0)));
    let tried = Rc::clone(&tries);
    let policies = taking(&env, move |paid| {
        if paid.coins == 1 && is_broken.get() {
            tried.set(tried.get() + 1);
            return Err(Error::fault("a bug"));
        }
        Ok(())
    });
    for _ in 0..3 {
        assert!(
            matches!(drain(&env, &policies), Ok(Drained::Stuck(reason)) if reason.contains("a bug"))
        );
        host.ask(&["HDEL", "{faulty}:taker:tries", "after"]);
    }
    drain(&env, &policies).unwrap();
    assert_eq!(tries.get(), 3);
    let letters = dead_letters(&env).unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0]["number"].as_u64(), letters[0]["tries"].as_u64()), (Some(1), Some(3)));
    assert!(letters[0]["reason"].as_str().unwrap().contains("a bug"));

    let before = coins(&env);
    assert!(replay(&env, &policies, 1).is_err(), "it stays while it cannot be handled");
    assert_eq!(dead_letters(&env).unwrap().len(), 1);
    broken.set(false);
    assert_eq!(replay(&env, &policies, 1), Ok(true));
    assert_eq!(replay(&env, &policies, 1), Ok(false), "it has its effect once");
    assert_eq!(coins(&env), before + 1);
}

#[test]
fn a_handler_that_never_comes_back_counts_as_tried() {
    let host = TestHost::new();
    host.set("max_attempts", "2");
    pay(&host, "trapping", &[2]);
    let env = host.env("trapping", "taker");
    let trap = Policies::new().on(|paid: Paid, _| {
        assert_ne!(paid.coins, 1, "as if the component trapped");
        Ok(())
    });
    assert_eq!(drain(&env, &trap), Ok(Drained::CaughtUp));
    pay(&host, "trapping", &[1]);
    for _ in 0..2 {
        let drained = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drain(&env, &trap)));
        assert!(drained.is_err());
        host.ask(&["DEL", "{trapping}:taker:lease"]);
    }
    assert_eq!(drain(&env, &trap), Ok(Drained::CaughtUp));
    let letters = dead_letters(&env).unwrap();
    assert_eq!(letters[0]["reason"], "the component ended without an answer");
    assert_eq!(position(&env).unwrap(), 2);
    assert_eq!(drop_letter(&env, 2), Ok(true));
    assert_eq!(drop_letter(&env, 2), Ok(false));
}

#[test]
fn a_process_that_is_killed_again_and_again_uses_up_few_tries_of_an_innocent_event() {
    let host = TestHost::new();
    host.set("max_attempts", "2");
    host.knows_no_trap.set(true);
    pay(&host, "killed", &[1, 2]);
    let env = host.env("killed", "taker");
    let kills = Rc::new(Cell::new(10));
    let left = Rc::clone(&kills);
    let policies = taking(&env, move |_| {
        left.set(left.get() - 1);
        assert!(left.get() < 0, "as if the process was killed");
        Ok(())
    });
    let drained = || {
        host.ask(&["DEL", "{killed}:taker:lease"]);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drain(&env, &policies)))
    };
    while kills.get() > 0 {
        assert!(drained().is_err());
    }
    assert_eq!(drained().unwrap(), Ok(Drained::CaughtUp));
    assert_eq!((coins(&env), dead_letters(&env).unwrap().len()), (3, 0));

    // One that kills whoever handles it ends there, too.
    pay(&host, "killed", &[4]);
    kills.set(i32::MAX);
    let mut deaths = 0;
    while drained().is_err() {
        deaths += 1;
        assert!(deaths < 30, "that has no end");
    }
    assert_eq!((coins(&env), dead_letters(&env).unwrap().len()), (3, 1));
}

#[test]
fn what_is_not_heard_is_passed_over_in_one_command() {
    let host = TestHost::new();
    host.set("max_attempts", "2");
    let env = host.env("deaf", "taker");
    let tries = Rc::new(Cell::new(0));
    let tried = Rc::clone(&tries);
    let policies = Policies::new().on(move |paid: Paid, _| {
        tried.set(tried.get() + u32::from(paid.coins == 9));
        if paid.coins == 9 { Err(Error::fault("a bug")) } else { Ok(()) }
    });
    let unheard = || {
        let number = host.count(&["INCR", "{deaf}:log:head"]);
        host.ask(&["XADD", "{deaf}:log", &format!("{number}-0"), "t", "Lost", "e", "{}"]);
    };
    (0..3).for_each(|_| unheard());
    assert_eq!(host.commands(|| drain(&env, &policies).unwrap()), 1);
    assert_eq!(position(&env).unwrap(), 3);

    // What fails behind such a one is the same event at its next try.
    pay(&host, "deaf", &[1]);
    unheard();
    pay(&host, "deaf", &[9]);
    while drain(&env, &policies) != Ok(Drained::CaughtUp) {
        host.ask(&["HDEL", "{deaf}:taker:tries", "after"]);
        assert!(tries.get() <= 2, "it was tried too often");
    }
    assert_eq!((tries.get(), dead_letters(&env).unwrap().len()), (2, 1));
    assert_eq!(position(&env).unwrap(), 6);
}

#[test]
fn a_log_that_lacks_an_event_is_told() {
    let host = TestHost::new();
    pay(&host, "lacking", &[1]);
    host.ask(&["INCR", "{lacking}:log:head"]);
    let env = host.env("lacking", "taker");
    let policies = taking(&env, |_| Ok(()));
    assert_eq!(drain(&env, &policies), Ok(Drained::Stuck("the log has no event 2".into())));
    assert_eq!((coins(&env), position(&env).unwrap()), (1, 1));
}

#[test]
fn an_event_that_cannot_be_read_goes_to_the_dead_letters() {
    let host = TestHost::new();
    host.set("max_attempts", "1");
    host.ask(&["INCR", "{poison}:log:head"]);
    host.ask(&["XADD", "{poison}:log", "1-0", "t", "Paid", "e", "{not json"]);
    let env = host.env("poison", "taker");
    let policies = Policies::new().on(|_: Paid, _| Ok(()));
    assert!(matches!(drain(&env, &policies), Ok(Drained::Stuck(_))));
    host.ask(&["HDEL", "{poison}:taker:tries", "after"]);
    assert_eq!(drain(&env, &policies), Ok(Drained::CaughtUp));
    assert_eq!(dead_letters(&env).unwrap()[0]["event"], "{not json");
}

#[test]
fn while_somebody_is_at_work_nobody_else_begins() {
    let host = TestHost::new();
    pay(&host, "lease", &[1]);
    let env = host.env("lease", "taker");
    host.ask(&["SET", "{lease}:taker:lease", "somebody"]);
    let policies = Policies::new().on(|_: Paid, _| Ok(()));
    assert_eq!(drain(&env, &policies), Ok(Drained::Busy));
    host.ask(&["DEL", "{lease}:taker:lease"]);
    assert_eq!(drain(&env, &policies), Ok(Drained::CaughtUp));
}

#[test]
fn what_comes_while_it_works_is_not_left_behind() {
    let host: &'static TestHost = Box::leak(Box::new(TestHost::new()));
    pay(host, "wakeup", &[1]);
    let heard = Rc::new(Cell::new(0));
    let count = Rc::clone(&heard);
    let policies = Policies::new().on(move |_: Paid, _| {
        count.set(count.get() + 1);
        if count.get() == 1 {
            // Its doorbell finds the lease taken.
            pay(host, "wakeup", &[2]);
            let other = host.env("wakeup", "taker");
            let found = drain(&other, &Policies::new().on(|_: Paid, _| Ok(())));
            assert_eq!(found, Ok(Drained::Busy));
        }
        Ok(())
    });
    assert_eq!(drain(&host.env("wakeup", "taker"), &policies), Ok(Drained::CaughtUp));
    assert_eq!(heard.get(), 2);
}

#[test]
fn a_long_log_is_read_to_its_end() {
    let host = TestHost::new();
    pay(&host, "long", &(1..=200).collect::<Vec<_>>());
    let env = host.env("long", "taker");
    let sum = Rc::new(Cell::new(0));
    let add = Rc::clone(&sum);
    let policies = Policies::new().on(move |paid: Paid, _| {
        add.set(add.get() + paid.coins);
        Ok(())
    });
    assert_eq!(drain(&env, &policies), Ok(Drained::CaughtUp));
    assert_eq!((sum.get(), position(&env).unwrap()), (20_100, 200));
}

#[test]
fn a_drain_that_stops_in_time_leaves_the_rest_to_the_next_at_once() {
    let host: &'static TestHost = Box::leak(Box::new(TestHost::new()));
    pay(host, "budget", &(1..=100).collect::<Vec<_>>());
    let env = host.env("budget", "taker");
    let policies = Policies::new().on(|_: Paid, _| {
        host.pause(Duration::from_secs(1));
        Ok(())
    });
    assert_eq!(drain(&env, &policies), Ok(Drained::Busy));
    let first = position(&env).unwrap();
    assert!((1..100).contains(&first), "{first}");
    let state = ["lease", "tries"].map(|key| env.key(key));
    assert_eq!(host.count(&["EXISTS", &state[0]]), 0);
    assert_eq!(host.count(&["HEXISTS", &state[1], "position"]), 0);
    assert_eq!(drain(&env, &policies), Ok(Drained::Busy));
    assert_eq!(drain(&env, &policies), Ok(Drained::CaughtUp));
    assert_eq!(position(&env), Ok(100));
}
