//! The host is stopped and started again.

use madang_tests::kvaccine::{self, CONTEXTS, KVaccine, Person};
use serde_json::{Value, json};

#[test]
fn stopped_and_started_again_all_is_as_it_was_and_people_are_known() {
    let mut host = kvaccine::settings().env("MADANG_REDIS_FSYNC", "always").start();
    let kv = KVaccine::of(&host);
    kv.arrive("Pfizer", 50);
    let (stays, user) = kv.reserved();
    let (goes, _) = kv.reserved();
    kv.cancel(&goes);
    kv.check();
    let log = kv.log();
    drop(kv);
    host.restart();
    let kv = KVaccine::of(&host);
    kv.check();
    assert_eq!(kv.log(), log);
    assert_eq!(kv.ask(&stays, kv.day()).status, 409);
    kv.cancel(&stays);
    let again = kv.reserve(&Person::new());
    kv.check();
    assert_eq!(kv.statuses(user), ["CANCEL"; 4].map(Value::from));
    assert_eq!(kv.statuses(again), ["RESERVE"; 4].map(Value::from));
    for context in CONTEXTS {
        assert_eq!(kv.info(context)["deadLetters"], json!(0), "{context}");
    }
}
