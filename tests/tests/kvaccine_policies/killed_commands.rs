//! Each command killed between its steps: it is done as a whole, or not at all and can be repeated.

use super::{host, kill_at};
use madang_testing::{Answer, Trigger, in_parallel};
use madang_tests::kvaccine::{KVaccine, Person};
use serde_json::json;

/// Kills a context at each step of a command, on a host of its own.
fn kill<T>(context: &str, before: impl Fn(&KVaccine) -> T, act: impl Fn(&KVaccine, T)) {
    let Some(host) = host() else { return };
    kill_at(&KVaccine::of(&host), context, Trigger::Http, 3, before, act);
}

/// That a command was done, or cut off with nothing to tell whether it was.
fn check_either(answer: &Answer, done: u16) {
    assert!([done, 500].contains(&answer.status), "{answer}");
}

#[test]
fn each_command_killed_at_each_step() {
    in_parallel(4, |i| match i {
        0 => kill(
            "user",
            |_| Person::new(),
            |kv, person| {
                let first = kv.ask(&person, kv.day());
                check_either(&first, 200);
                // Killed after its commit it is done, and refused from then on.
                let again = kv.ask(&person, kv.day()).status;
                assert!(if first.status == 200 {
                    again == 409
                } else {
                    [200, 409].contains(&again)
                });
                let users = kv.all("users");
                let of_it = users.iter().filter(|user| user["userName"] == person.name.as_str());
                assert_eq!(of_it.count(), 1);
            },
        ),
        1 => kill(
            "user",
            |kv| kv.reserved(),
            |kv, (person, user)| {
                check_either(&kv.ask_to_cancel(&person), 200);
                let again = kv.ask_to_cancel(&person).status;
                assert!([200, 404].contains(&again), "{again}");
                assert_eq!(kv.user(user)["reserveStatus"], "CANCEL");
            },
        ),
        2 => kill(
            "hospital",
            |kv| kv.reserved(),
            |kv, (_, user)| {
                check_either(&kv.inject(user), 200);
                let again = kv.inject(user).status;
                assert!([200, 409].contains(&again), "{again}");
            },
        ),
        _ => kill(
            "vaccine-stock",
            |kv| kv.stock("Pfizer"),
            |kv, before| {
                let body = json!({"vaccineType": "Pfizer", "vaccineCount": 10});
                let answer = kv.client.post("/kvaccine/vaccineStocks", body);
                check_either(&answer, 201);
                let arrived = kv.stock("Pfizer") - before;
                let done =
                    if answer.status == 201 { arrived == 10 } else { [0, 10].contains(&arrived) };
                assert!(done, "{arrived} after {answer}");
            },
        ),
    });
}

#[test]
fn a_client_that_repeats_its_request_after_a_crash_reserves_once() {
    let Some(host) = host() else { return };
    let kv = KVaccine::of(&host);
    kv.reserved();
    for call in 1..6 {
        let person = Person::new();
        let keyed = kv.client.with("idempotency-key", format!("asked-twice-{call}"));
        host.crash("kvaccine-user", call, Trigger::Http);
        let path = "/kvaccine/user/reserve";
        check_either(&keyed.post(path, person.wants(kv.day())), 200);
        kv.heal("user");
        // Where it is not known what became of the first, its claim ends by itself, later than here.
        let record = format!("{{kvaccine}}:user:idempotency:user/reserve:asked-twice-{call}");
        let lapse = redis::cmd("HDEL").arg(&[record.as_str(), "until"]).to_owned();
        let _: u64 = lapse.query(&mut host.redis()).unwrap();
        let again = keyed.post(path, person.wants(kv.day()));
        assert_eq!(again.expect(200).json()["userName"], person.name);
        kv.check();
    }
    assert_eq!(kv.all("users").len(), 6);
}
