//! Cancelling what is reserved.

use super::SHARED;
use madang_testing::in_parallel;
use madang_tests::kvaccine::{KVaccine, Person};
use madang_tests::{errors, problem};
use serde_json::{Value, json};

const CANCEL: &str = "/kvaccine/user/cancel";

#[test]
fn a_cancel_is_told_and_all_follow() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    let (person, user) = kv.reserved();
    let answer = kv.ask_to_cancel(&person).expect(200);
    let cancelled = answer.json();
    assert_eq!((&cancelled["id"], &cancelled["reserveStatus"]), (&json!(user), &json!("CANCEL")));
    assert_eq!(cancelled["userRegNumber"], person.masked());
    kv.settle();
    assert_eq!(kv.statuses(user), ["CANCEL"; 4].map(Value::from));
    let since = &cancelled["modifyDate"];
    assert_eq!(kv.of_user("reservations", user)["cancelDate"], *since);
    assert_eq!(kv.of_user("dashboards", user)["cancelDate"], *since);
}

#[test]
fn only_what_is_running_is_cancelled() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    let told = |person: &Person, status| {
        problem(&kv.ask_to_cancel(person), status, CANCEL)["detail"].clone()
    };
    let never = Person::new();
    assert_eq!(told(&never, 404), "no reservation of that person is running");
    let (twice, _) = kv.reserved();
    kv.cancel(&twice);
    assert_eq!(told(&twice, 404), "no reservation of that person is running");
    let (injected, user) = kv.reserved();
    let _ = kv.inject(user).expect(200);
    kv.settle();
    assert_eq!(told(&injected, 409), "the vaccine is injected already");
    // Once is enough.
    problem(&kv.ask(&injected, kv.day()), 409, "/kvaccine/user/reserve");
}

#[test]
fn of_many_cancels_at_once_one_is_done() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    let (person, user) = kv.reserved();
    let mut statuses = in_parallel(8, |_| kv.ask_to_cancel(&person).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404, 404, 404, 404, 404, 404, 404]);
    kv.settle();
    assert_eq!(kv.user(user)["reserveStatus"], "CANCEL");
}

#[test]
fn who_cancels_is_checked() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    for value in [json!(""), json!("890309-276687"), json!(8_903_092_766_876_u64), json!(null)] {
        let answer = kv.client.post(CANCEL, json!({"userRegNumber": value}));
        let expected = ("User".to_owned(), "userRegNumber".to_owned(), Value::Null);
        assert_eq!(errors(&answer, CANCEL), [expected]);
    }
    assert_eq!(errors(&kv.client.post(CANCEL, json!({})), CANCEL)[0].1, "userRegNumber");
}
