//! Many who want the same day at once.

use madang_testing::in_parallel;
use madang_tests::kvaccine::{self, KVaccine, Person};
use std::time::Duration;

const CLIENTS: usize = 100;
const PEOPLE: usize = 3_000;

/// How long those who wait may wait, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(180);

#[test]
fn of_three_thousand_who_want_one_day_a_thousand_have_it() {
    // As many requests at once as there are clients.
    let host = kvaccine::settings().variable("max_requests", "256").start();
    let kv = KVaccine::of(&host);
    let people = in_parallel(CLIENTS, |_| {
        let people = (0..PEOPLE / CLIENTS).map(|_| {
            let person = Person::new();
            kv.reserve(&person);
            person
        });
        people.collect::<Vec<_>>()
    });
    kv.settle_within(PATIENCE);
    kv.check();
    let count = |collection: &str, status: &str| {
        let rows = kv.all(collection);
        rows.iter().filter(|row| row["reserveStatus"] == status).count()
    };
    for collection in ["users", "reservations", "dashboards"] {
        let counts = (count(collection, "RESERVE"), count(collection, "REJECT"));
        assert_eq!(counts, (1_000, 2_000), "{collection}");
    }
    assert_eq!(count("hospitals", "RESERVE"), 1_000);
    assert_eq!(kv.left()[4]["count"], 0);
    // Whoever was rejected may have another day, and whoever has this one may not.
    let statuses = in_parallel(CLIENTS, |i| {
        let asked = people[i].iter().take(3).map(|person| kv.ask(person, &kv.days[8]).status);
        asked.collect::<Vec<_>>()
    });
    let statuses = statuses.concat();
    assert!(statuses.iter().all(|status| [200, 409].contains(status)), "{statuses:?}");
    kv.check();
}
