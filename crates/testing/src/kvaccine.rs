//! K-Vaccine as people, the hospital and an operator use it, and the truth behind it.

mod leaks;
mod truth;

pub use leaks::Places;
pub use truth::Truth;

use crate::system::{SETTLING, System, id_in, lease_of};
use crate::{Answer, Host, HostBuilder, eventually};
use serde_json::{Value, json};
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The contexts; each hears events.
pub const CONTEXTS: [&str; 5] = ["user", "reservation", "hospital", "vaccine-stock", "dashboard"];

/// The places of a day unless a test says otherwise.
pub const CAPACITY: u64 = 1000;

/// The secret under which registration numbers are hashed here.
const KEY: &str = "the secret of the tests of kvaccine";

/// Settings of a host that K-Vaccine can run on.
pub fn settings() -> HostBuilder {
    Host::builder().variable("kvaccine_register_key", KEY)
}

/// K-Vaccine on a host.
#[derive(Debug)]
pub struct KVaccine<'h> {
    system: System<'h>,
    /// The days that can be reserved, tomorrow first.
    pub days: Vec<String>,
    capacity: u64,
}

impl<'h> Deref for KVaccine<'h> {
    type Target = System<'h>;

    fn deref(&self) -> &System<'h> {
        &self.system
    }
}

/// Somebody with a registration number.
#[derive(Clone, Debug)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The number, in the clear.
    pub number: String,
}

impl Person {
    /// Somebody whose number nobody else has.
    pub fn new() -> Self {
        static PEOPLE: AtomicU64 = AtomicU64::new(0);
        let n = PEOPLE.fetch_add(1, Ordering::Relaxed);
        let (year, month, day) = (40 + n % 60, 1 + n / 60 % 12, 1 + n / 720 % 28);
        let serial = 100_000 + n * 7919 % 900_000;
        let number = format!("{year:02}{month:02}{day:02}-{}{serial}", 1 + n % 2);
        Person { name: format!("Kim {n}"), number }
    }

    /// The number as it may be seen.
    pub fn masked(&self) -> String {
        format!("{}******", &self.number[..8])
    }

    /// What this person sends to reserve a day.
    pub fn wants(&self, day: &str) -> Value {
        json!({"userName": self.name, "userRegNumber": self.number, "reserveDate": day})
    }

    /// What this person sends to ask for the days.
    pub fn asks(&self) -> Value {
        json!({"userName": self.name, "userRegNumber": self.number})
    }

    /// What this person sends to cancel.
    pub fn cancels(&self) -> Value {
        json!({"userRegNumber": self.number})
    }
}

impl Default for Person {
    fn default() -> Self {
        Person::new()
    }
}

impl<'h> KVaccine<'h> {
    /// K-Vaccine on this host, as it runs now: after a restart it is to be made anew.
    ///
    /// # Panics
    /// When it does not tell the days.
    #[track_caller]
    pub fn of(host: &'h Host) -> Self {
        Self::with_capacity(host, CAPACITY)
    }

    /// K-Vaccine on a host whose days have so many places.
    ///
    /// # Panics
    /// When it does not tell the days.
    #[track_caller]
    pub fn with_capacity(host: &'h Host, capacity: u64) -> Self {
        let system = System::of("kvaccine", host);
        let days = eventually(SETTLING, || {
            let answer =
                system.client.post("/kvaccine/user/date", Person::new().asks()).expect(200);
            let days = answer.json().as_array().cloned().unwrap_or_default();
            let dates: Option<Vec<_>> =
                days.iter().map(|day| day["date"].as_str().map(str::to_owned)).collect();
            dates.filter(|dates| !dates.is_empty()).ok_or_else(|| answer.to_string())
        });
        Self { system, days, capacity }
    }

    /// A day that is not near midnight's edge of what can be reserved.
    pub fn day(&self) -> &str {
        &self.days[4]
    }

    /// Asks for a day, whatever comes of it.
    #[track_caller]
    pub fn ask(&self, person: &Person, day: &str) -> Answer {
        self.client.post("/kvaccine/user/reserve", person.wants(day))
    }

    /// Reserves [`KVaccine::day`] and gives the user's id.
    #[track_caller]
    pub fn reserve(&self, person: &Person) -> u64 {
        let answer = self.ask(person, self.day()).expect(200);
        assert_eq!(answer.json()["reserveStatus"], "RESERVE", "{answer}");
        id_in(&answer)
    }

    /// Reserves for somebody new, and waits until all know of it.
    #[track_caller]
    pub fn reserved(&self) -> (Person, u64) {
        let person = Person::new();
        let user = self.reserve(&person);
        self.settle();
        (person, user)
    }

    /// Asks to cancel what a person has reserved, whatever comes of it.
    #[track_caller]
    pub fn ask_to_cancel(&self, person: &Person) -> Answer {
        self.client.post("/kvaccine/user/cancel", person.cancels())
    }

    /// Cancels what a person has reserved.
    #[track_caller]
    pub fn cancel(&self, person: &Person) {
        let answer = self.ask_to_cancel(person).expect(200);
        assert_eq!(answer.json()["reserveStatus"], "CANCEL", "{answer}");
    }

    /// Asks the hospital to inject a user's vaccine, whatever comes of it.
    #[track_caller]
    pub fn inject(&self, user: u64) -> Answer {
        self.client.post("/kvaccine/hospital/inject", json!({"userId": user}))
    }

    /// What is left of each day.
    ///
    /// # Panics
    /// Where reservation does not answer.
    #[track_caller]
    pub fn left(&self) -> Vec<Value> {
        let answer = self.client.post("/kvaccine/user/date", Person::new().asks()).expect(200);
        assert_eq!(answer.header("x-fallback"), None, "{answer}");
        answer.json().as_array().cloned().unwrap_or_default()
    }

    /// Has vaccine arrive: two or more, by which [`Truth`] tells it from a dose that comes back.
    #[track_caller]
    pub fn arrive(&self, vaccine: &str, count: u64) {
        assert!(count > 1, "one that arrives cannot be told from one that comes back");
        let body = json!({"vaccineType": vaccine, "vaccineCount": count});
        let _ = self.client.post("/kvaccine/vaccineStocks", body).expect(201);
    }

    /// What there is of a vaccine.
    #[track_caller]
    pub fn stock(&self, vaccine: &str) -> i64 {
        let balances = self.client.get("/kvaccine/stock").expect(200).json();
        let of_it = balances.as_array().into_iter().flatten();
        let mut of_it = of_it.filter(|balance| balance["vaccineType"] == vaccine);
        of_it.next().map_or(0, |balance| balance["vaccineCount"].as_i64().expect("a number"))
    }

    /// How a user stands.
    #[track_caller]
    pub fn user(&self, user: u64) -> Value {
        self.client.get(&format!("/kvaccine/users/{user}")).expect(200).json()
    }

    /// What a collection has of a user; null where it has nothing.
    #[track_caller]
    pub fn of_user(&self, collection: &str, user: u64) -> Value {
        self.all(collection).into_iter().find(|row| row["userId"] == user).unwrap_or_default()
    }

    /// How a user stands with user, reservation, hospital and on the dashboard.
    #[track_caller]
    pub fn statuses(&self, user: u64) -> [Value; 4] {
        let of_user = |collection| self.of_user(collection, user)["reserveStatus"].clone();
        let known = self.user(user)["reserveStatus"].clone();
        [known, of_user("reservations"), of_user("hospitals"), of_user("dashboards")]
    }

    /// Takes a context down once nothing is owed: what is told from then on it does not hear, not even by an
    /// instance that is at work still.
    #[track_caller]
    pub fn down(&self, context: &str) {
        self.deafen(context);
        self.host.down(&format!("kvaccine-{context}"));
    }

    /// Ends every fault of a context.
    #[track_caller]
    pub fn heal(&self, context: &str) {
        let free = redis::cmd("DEL").arg(lease_of("kvaccine", context)).to_owned();
        let _: u64 = free.query(&mut self.host.redis()).expect("the lease is free");
        self.host.heal(&format!("kvaccine-{context}"));
    }

    /// Keeps a context with policies from hearing anything, while it answers requests: as one that is behind.
    #[track_caller]
    pub fn deafen(&self, context: &str) {
        self.settle();
        let lease = lease_of("kvaccine", context);
        let take = redis::cmd("SET").arg(&[lease.as_str(), "a test", "PX", "60000"]).to_owned();
        let _: () = take.query(&mut self.host.redis()).expect("the lease is taken");
    }

    /// Waits until nothing is owed: every context has handled the whole log.
    ///
    /// # Panics
    /// With what is owed, when it does not get there within [`SETTLING`].
    #[track_caller]
    pub fn settle(&self) {
        self.settle_within(SETTLING);
    }

    /// [`KVaccine::settle`] after a load, which may take its time.
    ///
    /// # Panics
    /// With what is owed, when it does not get there.
    #[track_caller]
    pub fn settle_within(&self, limit: Duration) {
        self.settle_contexts(limit, &CONTEXTS, |_| Ok(()));
    }
}
