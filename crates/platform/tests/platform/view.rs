//! Read models: they follow the log, apply each event once, and say how far behind they are.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use madang::consumer::{Drained, dead_letters};
use madang::env::{Cell, Host as _};
use madang::{Change, Env, Error, Rejection, View, Work};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::support::TestHost;
use crate::support::purse::{Command, Paid, Purse};

const LIMIT: Duration = Duration::from_millis(200);

#[derive(Serialize, Deserialize)]
struct Row {
    id: u64,
    purse_id: u64,
    coins: Option<u64>,
}

fn view() -> View {
    View::new::<Row>("db", "rows", "Row", "purseId")
        .search("findByCoins", "coins")
        .on(|paid: Paid| Change::create(paid.id).set("coins", paid.coins))
}

fn pay(env: &Env, purses: u64, coins: u64) {
    Work::transact(env, |work| {
        for _ in 0..purses {
            let (id, _) = work.create::<Purse>(|id| Ok(Command::Open { id, owner: "a".into() }))?;
            work.decide::<Purse>(id, Command::Pay { coins })?;
        }
        Ok(())
    })
    .unwrap();
}

/// The rows that a view has after catching up, by their ids from 1 up.
fn rows(view: &View, env: &Env) -> Vec<serde_json::Value> {
    (1..).map_while(|id| view.find(env, id).ok()).map(|row| row.value).collect()
}

#[test]
fn a_view_follows_the_log_from_its_beginning() {
    let host = TestHost::new();
    let env = host.env("follow", "view");
    pay(&env, 300, 5);
    assert_eq!(view().catch_up(&env, LIMIT), Ok((Drained::CaughtUp, 0)));
    assert_eq!(view().position(&env), Ok(300));
    let last = view().find(&env, 300).unwrap();
    assert_eq!(last.value, json!({"id": 300, "purseId": 300, "coins": 5}));
    assert_eq!(view().find(&env, 301), Err(Error::Rejected(Rejection::MISSING)));
}

#[derive(Serialize, Deserialize)]
struct Pair {
    id: u64,
    purse_id: u64,
    coins: u64,
    last: Option<u64>,
}

#[test]
fn a_view_that_was_killed_while_it_was_made_follows_all_the_same() {
    let host = TestHost::new();
    pay(&host.env("made", "view"), 1, 5);
    for statements in 0..8 {
        let host = TestHost::new();
        let env = host.env("made", "view");
        host.sqlite_left.set(Some(statements));
        assert!(view().catch_up(&env, LIMIT).is_err(), "it takes more than {statements}");
        host.sqlite_left.set(None);
        // Whoever had the lease would not have given it back.
        host.clock.set(Duration::from_secs(2));
        assert_eq!(view().catch_up(&env, LIMIT), Ok((Drained::CaughtUp, 0)), "{statements}");
        assert_eq!(view().find(&env, 1).unwrap().value["coins"], 5);
    }
}

#[test]
fn a_row_can_be_found_by_two_values_together() {
    let host = TestHost::new();
    let env = host.env("two", "view");
    let view = View::by_two::<Pair>("db", "pairs", "Pair", ["purseId", "coins"])
        .on(|paid: Paid| Change::create((paid.id, paid.coins % 2)).set("last", paid.coins));
    pay(&env, 2, 5);
    for coins in [9, 4] {
        let pay = |work: &mut Work| work.decide::<Purse>(1, Command::Pay { coins }).map(drop);
        Work::transact(&env, pay).unwrap();
    }
    assert_eq!(view.catch_up(&env, LIMIT), Ok((Drained::CaughtUp, 0)));
    let rows: Vec<_> =
        (1..=3).map_while(|id| view.find(&env, id).ok()).map(|row| row.value).collect();
    assert_eq!(
        rows,
        [
            json!({"id": 1, "purseId": 1, "coins": 1, "last": 9}),
            json!({"id": 2, "purseId": 2, "coins": 1, "last": 5}),
            json!({"id": 3, "purseId": 1, "coins": 0, "last": 4}),
        ]
    );
    let host = TestHost::new();
    let wrong = View::by_two::<Pair>("wrong", "wrongs", "Pair", ["purseId", "coins"])
        .on(|paid: Paid| Change::create(paid.id));
    let Ok((Drained::Stuck(reason), _)) = wrong.catch_up(&host.env("two", "view"), LIMIT) else {
        panic!("it went on")
    };
    assert!(reason.contains("wrongs is found by purseId, coins"), "{reason}");
}

#[test]
fn a_value_that_is_there_can_keep_a_row_as_it_is() {
    for (keeps, coins) in [(false, 9), (true, 5)] {
        let host = TestHost::new();
        let env = host.env(if keeps { "kept" } else { "changed" }, "view");
        let view = View::new::<Row>("db", "rows", "Row", "purseId");
        let view = if keeps {
            view.on(|paid: Paid| Change::create(paid.id).set("coins", paid.coins).unless("coins"))
        } else {
            view.on(|paid: Paid| Change::create(paid.id).set("coins", paid.coins))
        };
        pay(&env, 1, 5);
        Work::transact(&env, |work| work.decide::<Purse>(1, Command::Pay { coins: 9 }).map(drop))
            .unwrap();
        assert_eq!(view.catch_up(&env, LIMIT), Ok((Drained::CaughtUp, 0)));
        assert_eq!(view.find(&env, 1).unwrap().value["coins"], coins);
    }
}

/// Changes of every form, as the coins say.
fn mixed() -> View {
    View::new::<Pair>("db", "pairs", "Pair", "purseId").on(|paid: Paid| match paid.coins % 5 {
        0 => Change::create(paid.id).set("coins", paid.coins),
        1 => Change::create(paid.id).set("coins", paid.coins).set("last", paid.coins),
        2 => Change::update(paid.id).set("last", Cell::Null),
        3 => Change::update(paid.id).set("coins", paid.coins).unless("last"),
        _ => Change::update(paid.id).set("coins", paid.coins).set("last", paid.coins),
    })
}

#[test]
fn many_events_at_once_make_the_rows_that_they_make_one_by_one() {
    const PURSES: u64 = 40;
    let writer = TestHost::new();
    let env = writer.env("many", "view");
    Work::transact(&env, |work| {
        (0..PURSES).try_for_each(|_| {
            work.create::<Purse>(|id| Ok(Command::Open { id, owner: "a".into() })).map(drop)
        })
    })
    .unwrap();
    let draw = |below| (writer.random() >> 33) % below + 1;
    let payments: Vec<_> = (0..400).map(|_| (draw(PURSES), draw(1_000))).collect();
    for some in payments.chunks(100) {
        Work::transact(&env, |work| {
            some.iter().try_for_each(|&(id, coins)| {
                work.decide::<Purse>(id, Command::Pay { coins }).map(drop)
            })
        })
        .unwrap();
    }
    let begun: HashSet<_> =
        payments.iter().filter(|(_, coins)| coins % 5 < 2).map(|(id, _)| id).collect();
    // Whoever makes spans of each event has them handled one by one.
    let single = TestHost::new();
    single.hears_spans.set(true);
    let one_by_one = rows(&mixed(), &single.env("many", "view"));
    assert_eq!(one_by_one.len(), begun.len());
    for killed_after in 0..400 {
        let host = TestHost::new();
        let env = host.env("many", "view");
        host.sqlite_left.set(Some(killed_after));
        let is_done = mixed().catch_up(&env, LIMIT).is_ok();
        host.sqlite_left.set(None);
        host.clock.set(Duration::from_secs(2));
        assert_eq!(rows(&mixed(), &env), one_by_one, "killed after {killed_after} statements");
        if is_done {
            return;
        }
    }
    panic!("it takes a statement for each event");
}

#[test]
fn an_event_that_is_applied_again_changes_nothing() {
    let host = TestHost::new();
    let env = host.env("again", "view");
    pay(&env, 1, 5);
    view().catch_up(&env, LIMIT).unwrap();
    Work::transact(&env, |work| work.decide::<Purse>(1, Command::Pay { coins: 9 }).map(drop))
        .unwrap();
    view().catch_up(&env, LIMIT).unwrap();
    let newest = view().find(&env, 1).unwrap();
    // As after a crash between the rows and the cursor: everything is read once more.
    host.sqlite_of("UPDATE madang_follower SET position = 0");
    host.sqlite_of("UPDATE rows SET madang_event = madang_event");
    view().catch_up(&env, LIMIT).unwrap();
    assert_eq!(view().find(&env, 1), Ok(newest));
}

#[test]
fn a_view_whose_database_is_gone_is_built_anew() {
    let host = TestHost::new();
    let env = host.env("anew", "view");
    pay(&env, 3, 5);
    view().catch_up(&env, LIMIT).unwrap();
    let before = view().find(&env, 2).unwrap();
    host.sqlite_of("DROP TABLE rows");
    host.sqlite_of("DROP TABLE madang_follower");
    assert_eq!(view().find(&env, 2), Ok(before));
}

#[test]
fn while_somebody_else_follows_it_waits_and_says_how_far_behind_it_is() {
    let host = TestHost::new();
    let env = host.env("behind", "view");
    pay(&env, 2, 5);
    view().position(&env).unwrap();
    let now = host.now_ms();
    host.sqlite_of(&format!("UPDATE madang_follower SET busy_until = {}", now + 900));
    assert_eq!(view().catch_up(&env, LIMIT), Ok((Drained::Busy, 2)));
    assert_eq!(view().catch_up(&env, Duration::from_secs(2)), Ok((Drained::CaughtUp, 0)));
}

#[test]
fn a_lease_from_a_clock_that_has_jumped_since_is_none() {
    let host = TestHost::new();
    let env = host.env("jump", "view");
    pay(&env, 1, 5);
    view().position(&env).unwrap();
    let hour = host.now_ms() + 3_600_000;
    host.sqlite_of(&format!("UPDATE madang_follower SET busy_until = {hour}"));
    assert_eq!(view().catch_up(&env, LIMIT), Ok((Drained::CaughtUp, 0)));
}

#[test]
fn an_event_that_cannot_be_applied_goes_to_the_dead_letters_alone() {
    let host = TestHost::new();
    host.set("max_attempts", "3");
    let env = host.env("poisoned", "view");
    pay(&env, 1, 5);
    host.ask(&["INCR", "{poisoned}:log:head"]);
    host.ask(&["XADD", "{poisoned}:log", "2-0", "t", "Paid", "e", "{not json"]);
    pay(&env, 1, 6);
    let mut tries = 0;
    while view().catch_up(&env, LIMIT) != Ok((Drained::CaughtUp, 0)) {
        tries += 1;
        assert!(tries < 10);
    }
    let letters = dead_letters(&env).unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0]["number"].as_u64(), letters[0]["tries"].as_u64()), (Some(2), Some(3)));
    assert_eq!(view().find(&env, 2).unwrap().value["coins"], 6);
    assert!(view().replay(&env, 2).is_err(), "it stays while it cannot be applied");
    assert_eq!(view().replay(&env, 7), Ok(false));
}

#[test]
fn of_several_events_one_that_never_comes_back_is_to_blame_alone() {
    let host = TestHost::new();
    host.set("max_attempts", "1");
    let env = host.env("trapped", "view");
    for coins in 1..=5 {
        pay(&env, 1, coins);
    }
    let view = View::new::<Row>("db", "rows", "Row", "purseId").on(|paid: Paid| {
        assert_ne!(paid.coins, 3, "as if the component trapped");
        Change::create(paid.id).set("coins", paid.coins)
    });
    let mut deaths = 0;
    while catch_unwind(AssertUnwindSafe(|| view.catch_up(&env, LIMIT).unwrap())).is_err() {
        // Whoever had the lease has not given it back.
        host.pause(Duration::from_secs(2));
        deaths += 1;
        assert!(deaths < 10, "that has no end");
    }
    let letters = dead_letters(&env).unwrap();
    assert_eq!((letters.len(), letters[0]["number"].as_u64()), (1, Some(3)));
    assert_eq!(letters[0]["tries"].as_u64(), Some(1));
    // Once together with others, and once alone.
    assert_eq!(deaths, 2);
    assert_eq!(rows(&view, &env).len(), 4);
}

#[test]
fn without_redis_no_try_is_counted() {
    let host = TestHost::new();
    host.set("max_attempts", "1");
    let env = host.env("away", "view");
    pay(&env, 1, 5);
    for commands in [0, 1, 0, 1] {
        host.redis_left.set(Some(commands));
        assert!(matches!(view().catch_up(&env, LIMIT), Err(Error::Unavailable(_))));
    }
    host.redis_left.set(None);
    assert_eq!(view().catch_up(&env, LIMIT), Ok((Drained::CaughtUp, 0)));
    assert_eq!(dead_letters(&env).unwrap().len(), 0);
}

#[test]
fn a_dead_letter_whose_row_has_moved_on_stays() {
    let host = TestHost::new();
    let env = host.env("late-letter", "view");
    pay(&env, 1, 5);
    let event = host.ask(&["XRANGE", "{late-letter}:log", "1-0", "1-0"]).pop();
    let event: serde_json::Value = serde_json::from_str(&event.unwrap().text().unwrap()).unwrap();
    Work::transact(&env, |work| work.decide::<Purse>(1, Command::Pay { coins: 9 }).map(drop))
        .unwrap();
    let newest = view().find(&env, 1).unwrap();
    let letter = json!({"number": 1, "type": "Paid", "event": event}).to_string();
    host.ask(&["HSET", "{late-letter}:dead:view", "1", &letter]);
    assert!(matches!(view().replay(&env, 1), Err(Error::Rejected(_))));
    assert_eq!(dead_letters(&env).unwrap().len(), 1);
    assert_eq!(view().find(&env, 1), Ok(newest));
}

/// Puts the log back to where it was after so many events, as a power cut may under `appendfsync everysec`.
fn cut_back(host: &TestHost, env: &Env, to: u64, from: u64) {
    let log = env.log_key();
    for number in to + 1..=from {
        host.ask(&["XDEL", &log, &format!("{number}-0")]);
    }
    host.ask(&["XSETID", &log, &format!("{to}-0")]);
    host.ask(&["SET", &format!("{log}:head"), &to.to_string()]);
}

#[test]
fn a_view_begins_anew_where_the_log_has_lost_its_end() {
    let host = TestHost::new();
    let env = host.env("lost", "view");
    pay(&env, 3, 5);
    assert_eq!(rows(&view(), &env).len(), 3);
    cut_back(&host, &env, 2, 3);
    assert_eq!(view().catch_up(&env, LIMIT), Ok((Drained::CaughtUp, 0)));
    assert_eq!(view().position(&env), Ok(2));
    assert_eq!(rows(&view(), &env).len(), 2, "what the log has lost never was");
    cut_back(&host, &env, 0, 2);
    assert_eq!(rows(&view(), &env), [json!(null); 0]);
}

#[test]
fn a_view_begins_anew_where_others_have_the_numbers_of_events_that_were_lost() {
    let host = TestHost::new();
    let env = host.env("other", "view");
    pay(&env, 3, 5);
    assert_eq!(rows(&view(), &env).len(), 3);
    cut_back(&host, &env, 1, 3);
    // Purses go on counting here, so that these are others.
    pay(&env, 3, 7);
    assert_eq!(view().catch_up(&env, LIMIT), Ok((Drained::CaughtUp, 0)));
    let coins: Vec<_> = rows(&view(), &env).iter().map(|row| row["coins"].clone()).collect();
    assert_eq!(coins, [5, 7, 7, 7], "each event of the log once, and no other");
}
