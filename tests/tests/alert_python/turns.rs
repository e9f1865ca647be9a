//! Taking turns, and being killed.

use super::{COMPONENT, alert, approved, in_python, in_rust, once, settle, tell_approved};
use madang_testing::{Redis, Trigger};
use madang_tests::kills;
use serde_json::json;

/// More calls to the outside than it makes for one event.
const MOST_CALLS: u32 = 30;

#[test]
#[ignore = "needs Python: `cargo xtask example alert-python` runs it"]
fn each_goes_on_where_the_other_has_stopped() {
    let redis = Redis::start();
    let connection = &mut redis.connect();
    let students = ["가", "나", "다", "라", "마", "바"];
    for (turn, builder) in [in_rust, in_python, in_rust].into_iter().enumerate() {
        // One while nobody listens, one that is heard, and one that cannot be handled.
        tell_approved(connection, 3 * turn as u64 + 1, Some(students[2 * turn]));
        let mut host = once(builder()).redis_url(redis.url()).start();
        tell_approved(connection, 3 * turn as u64 + 2, Some(students[2 * turn + 1]));
        tell_approved(connection, 3 * turn as u64 + 3, None);
        let system = alert(&host);
        settle(&system);
        let told: Vec<_> = system.all("alerts").iter().map(|row| row["student"].clone()).collect();
        assert_eq!(told, students[..2 * turn + 2]);
        let letters = system.internal().get("/lecture/-/alert/dead-letters").expect(200).json();
        let numbers: Vec<_> = letters["deadLetters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|l| l["number"].clone())
            .collect();
        let expected: Vec<_> = (0..=turn).map(|turn| json!(3 * turn + 3)).collect();
        assert_eq!(numbers, expected);
        host.stop();
    }
    // What the one could not handle the other replays, once it is mended.
    let host = in_python().redis_url(redis.url()).start();
    let mended = json!({"number": 3, "event": approved(3, Some("사"))});
    let dead = ["{lecture}:dead:alert", "3", &mended.to_string()];
    redis::cmd("HSET").arg(&dead).exec(connection).unwrap();
    let system = alert(&host);
    let replay = "/lecture/-/alert/dead-letters/3/replay";
    let _ = system.internal().post(replay, json!({})).expect(204);
    let _ = system.internal().post(replay, json!({})).expect(404);
    settle(&system);
    assert_eq!(system.all("alerts").last().unwrap()["student"], "사");
}

#[test]
#[ignore = "needs Python: `cargo xtask example alert-python` runs it"]
fn killed_after_any_call_it_has_told_each_event_once() {
    let host = in_python().start();
    let system = alert(&host);
    let connection = &mut host.redis();
    let mut told = 0;
    for call in 0..MOST_CALLS {
        let before = kills(&host, COMPONENT);
        host.crash(COMPONENT, call, Trigger::Redis);
        told += 1;
        tell_approved(connection, told, Some("가"));
        settle(&system);
        let struck = kills(&host, COMPONENT) > before;
        host.heal(COMPONENT);
        settle(&system);
        let alerts = system.all("alerts");
        assert_eq!(alerts.len() as u64, told, "after call {call}");
        assert_eq!(system.info("alert")["deadLetters"], 0);
        if !struck && call > 0 {
            // Claim, an id, commit, release.
            assert!(call >= 4, "only {call} calls");
            return;
        }
    }
    panic!("it was killed at each of {MOST_CALLS} calls: that has no end");
}
