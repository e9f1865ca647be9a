//! No registration number stands in the clear anywhere but in the request that brought it (`Always true`),
//! whatever goes wrong: not in Redis, its files, the stores, the logs, an event or an answer.

mod wrong;

use madang_testing::{Answer, Client, Trigger, eventually};
use madang_tests::kvaccine::{self, KVaccine, Person, Places};
use madang_tests::{SETTLING, with_faults};
use std::cell::RefCell;

/// A run through K-Vaccine, with all that was answered and all the numbers that were sent.
struct Run<'h> {
    kv: KVaccine<'h>,
    seen: RefCell<Places>,
    numbers: RefCell<Vec<String>>,
}

impl Run<'_> {
    /// Somebody whose number is looked for in the end.
    fn somebody(&self) -> Person {
        let person = Person::new();
        self.send(&person.number);
        person
    }

    /// A number, right or wrong, that is looked for in the end.
    fn send(&self, number: &str) -> String {
        self.numbers.borrow_mut().push(number.to_owned());
        number.to_owned()
    }

    /// Looks at an answer, whatever it is, but not at what was asked.
    fn see(&self, answer: &Answer) -> u16 {
        let headers = format!("{:?}", answer.headers);
        self.seen.borrow_mut().add("an answer's headers".to_owned(), headers.into_bytes());
        self.seen.borrow_mut().add("an answer".to_owned(), answer.body.clone());
        answer.status
    }

    fn post(&self, client: &Client, path: &str, body: impl Into<madang_testing::Body>) -> u16 {
        self.see(&client.post(path, body))
    }

    fn reserve(&self, person: &Person) -> u64 {
        let answer = self.kv.ask(person, self.kv.day());
        assert_eq!(self.see(&answer), 200, "{answer}");
        answer.json()["id"].as_u64().expect("an id")
    }
}

#[test]
fn no_registration_number_is_left_anywhere() {
    let settings = kvaccine::settings().workers(1);
    let settings = settings.variable("request_log", "all").variable("max_attempts", "1");
    let Some(host) = with_faults(settings) else { return };
    let run =
        Run { kv: KVaccine::of(&host), seen: RefCell::default(), numbers: RefCell::default() };
    everything_that_works(&run);
    wrong::everything_that_is_refused(&run);
    killed(&run);
    dead_letters(&run);

    let (kv, numbers) = (&run.kv, run.numbers.borrow());
    for path in ["users", "reservations", "hospitals", "dashboards", "dashboard/list"] {
        run.see(&kv.client.get(&format!("/kvaccine/{path}?size=1000")));
    }
    for context in kvaccine::CONTEXTS {
        run.see(&kv.internal().get(&format!("/kvaccine/-/{context}/dead-letters")));
        run.see(&kv.client.get(&format!("/kvaccine/-/{context}/info")));
    }
    assert!(numbers.len() > 20, "{}", numbers.len());
    assert_eq!(run.seen.borrow().holding(&numbers), Vec::<String>::new());
    let places = kv.places();
    assert_eq!(places.holding(&numbers), Vec::<String>::new());

    // That one would be found: the masked forms are, wherever something is kept.
    for (place, least) in [("the key", 50), (".aof", 1), (".rdb", 1), (".db", 5), ("logs/", 1)] {
        assert!(places.named(place) >= least, "{} of {place}", places.named(place));
    }
    let masked = format!("{}******", &numbers[0][..8]);
    for place in ["the key {kvaccine}:log", ".aof", ".rdb", "sqlite_database-kvaccine-dashboard"] {
        let text = places.of(place);
        let is_there = text.windows(masked.len()).any(|window| window == masked.as_bytes());
        assert!(is_there, "{masked} is not in {place}");
    }
    let plant = redis::cmd("HSET").arg(&["planted", "a", &numbers[0].replace('-', "")]).to_owned();
    let _: u64 = plant.query(&mut host.redis()).unwrap();
    let found = kv.places().holding(&numbers[..1]);
    assert!(found.iter().any(|place| place.ends_with("the key planted")), "{found:?}");
    assert!(found.iter().any(|place| place.contains(".aof")), "{found:?}");
}

#[test]
fn without_a_secret_none_is_left_either() {
    let settings = kvaccine::settings().variable("kvaccine_register_key", "too short");
    let Some(host) = with_faults(settings.variable("request_log", "all")) else { return };
    let kv = KVaccine::of(&host);
    let person = Person::new();
    let keyed = kv.client.with("idempotency-key", "a-key");
    let mut seen = Places::default();
    for (path, body) in [
        ("/kvaccine/user/reserve", person.wants(kv.day())),
        ("/kvaccine/user/cancel", person.cancels()),
    ] {
        seen.add(path.to_owned(), keyed.post(path, body).expect(500).body);
    }
    let number = [person.number];
    assert_eq!(seen.holding(&number), Vec::<String>::new());
    assert_eq!(kv.places().holding(&number), Vec::<String>::new());
}

fn everything_that_works(run: &Run) {
    let kv = &run.kv;
    let [cancels, injected, keyed] = [(); 3].map(|()| run.somebody());
    run.reserve(&cancels);
    let user = run.reserve(&injected);
    run.post(&kv.client, "/kvaccine/user/date", run.somebody().asks());
    kv.settle();
    run.see(&kv.ask_to_cancel(&cancels));
    run.see(&kv.inject(user));
    kv.settle();
    // What was done, done again.
    for person in [&cancels, &injected] {
        run.see(&kv.ask_to_cancel(person));
        run.see(&kv.ask(person, kv.day()));
    }
    run.see(&kv.inject(user));
    let client = kv.client.with("idempotency-key", "a-key");
    for _ in 0..2 {
        assert_eq!(run.post(&client, "/kvaccine/user/reserve", keyed.wants(kv.day())), 200);
        assert_eq!(run.post(&client, "/kvaccine/user/cancel", keyed.cancels()), 200);
    }
    let other = run.somebody().wants(kv.day());
    assert_eq!(run.post(&client, "/kvaccine/user/reserve", other), 422);
}

/// Killed while the number is at hand.
fn killed(run: &Run) {
    let kv = &run.kv;
    for call in 0..5 {
        for path in ["/kvaccine/user/reserve", "/kvaccine/user/date", "/kvaccine/user/cancel"] {
            let person = run.somebody();
            let client = kv.client.with("idempotency-key", format!("killed-{call}"));
            kv.host.crash("kvaccine-user", call, Trigger::Http);
            run.post(&client, path, person.wants(kv.day()));
            kv.heal("user");
        }
    }
    kv.host.down("kvaccine-reservation");
    run.post(&kv.client, "/kvaccine/user/date", run.somebody().asks());
    kv.host.down("kvaccine-user");
    run.post(&kv.client, "/kvaccine/user/reserve", run.somebody().wants(kv.day()));
    kv.heal("user");
    kv.heal("reservation");
    kv.settle();
}

/// An event that kills who hears it, and so is put aside as a whole.
fn dead_letters(run: &Run) {
    let kv = &run.kv;
    // A question for readiness may be faster than the doorbell, and is not killed.
    eventually(SETTLING, || {
        kv.host.crash("kvaccine-reservation", 3, Trigger::Redis);
        run.reserve(&run.somebody());
        kv.follow("reservation");
        (kv.dead_letters(&["reservation"]) > 0).then_some(())
    });
    kv.heal("reservation");
    let letters = kv.internal().get("/kvaccine/-/reservation/dead-letters").expect(200).json();
    assert!(letters["deadLetters"][0].to_string().contains("******"), "{letters}");
    kv.settle();
}
