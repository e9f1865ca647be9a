//! What is always true of K-Vaccine once it has settled (`Always true` in its specification), checked
//! against the log, which forgets nothing.

mod told;

use self::told::Told;
use super::{CONTEXTS, KVaccine, Places};
use crate::log::{self, Entry};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// All that K-Vaccine holds, once it has settled.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// The whole log.
    pub log: Vec<Entry>,
    /// All users.
    pub users: Vec<Value>,
    /// The users under whom the reservation of a person is running.
    pub running: Vec<u64>,
    /// All reservations.
    pub reservations: Vec<Value>,
    /// All reservations at the hospital.
    pub hospitals: Vec<Value>,
    /// The whole ledger.
    pub ledger: Vec<Value>,
    /// What there is of each vaccine.
    pub stock: Vec<Value>,
    /// All rows of the dashboard.
    pub rows: Vec<Value>,
    /// What is left of the next days.
    pub left: Vec<Value>,
    /// How many places a day has.
    pub capacity: u64,
    /// How many events went to the dead letters of all contexts together.
    pub dead_letters: u64,
}

impl KVaccine<'_> {
    /// Settles, and reads all there is.
    ///
    /// # Panics
    /// When it does not settle.
    #[track_caller]
    pub fn truth(&self) -> Truth {
        self.settle();
        let stock = self.client.get("/kvaccine/stock").expect(200).json();
        Truth {
            log: self.log(),
            users: self.all("users"),
            running: self.running(),
            reservations: self.all("reservations"),
            hospitals: self.all("hospitals"),
            ledger: self.all("vaccineStocks"),
            stock: stock.as_array().cloned().unwrap_or_default(),
            rows: self.all("dashboards"),
            left: self.left(),
            capacity: self.capacity,
            dead_letters: self.dead_letters(&CONTEXTS),
        }
    }

    /// Settles, and checks that nothing contradicts the log and nothing went to the dead letters.
    ///
    /// # Panics
    /// With what is not true.
    #[track_caller]
    pub fn check(&self) {
        let truth = self.truth();
        log::hold(&truth.contradictions(), truth.dead_letters);
    }

    /// The users whom the people's hashes lead to, as no client sees them.
    fn running(&self) -> Vec<u64> {
        let mut redis = self.host.redis();
        let people = redis::cmd("KEYS").arg("{kvaccine}:user:people:*").to_owned();
        let people: Vec<String> = people.query(&mut redis).expect("the people");
        let mut running = Vec::new();
        for person in people {
            let state = redis::cmd("HGET").arg(person).arg("d").to_owned();
            let state: String = state.query(&mut redis).expect("a person");
            let state: Value = serde_json::from_str(&state).expect("JSON");
            let users = state["running"].as_object().expect("who is running").values();
            running.extend(users.filter_map(Value::as_u64));
        }
        running
    }
}

impl Truth {
    /// What is not as it must be, a line each: of each user everything was told at most once and in order,
    /// and what follows from it was told and is held by all five contexts; nobody has two running
    /// reservations; no day is over its capacity; the ledger's sums are the stock, and what is missing of
    /// what arrived is reserved at the hospital; no registration number is in the clear; the log has no gaps.
    ///
    /// Vaccine must have arrived by [`KVaccine::arrive`] alone, and the log must hold no foreign events.
    pub fn contradictions(&self) -> Vec<String> {
        let mut wrong = log::contradictions(&self.log);
        let told = self.told(&mut wrong);
        told.iter().for_each(|(user, told)| told.check(*user, &mut wrong));
        type Expected<'t> = fn(&Told<'t>) -> Option<Value>;
        let held: [(&str, &str, &[Value], Expected); 3] = [
            ("user", "id", &self.users, Told::user),
            ("reservation", "userId", &self.reservations, Told::reservation),
            ("hospital", "userId", &self.hospitals, Told::hospital),
        ];
        for (what, key, rows, expected) in held {
            let expected = told.iter().filter_map(|(user, told)| Some((*user, expected(told)?)));
            compare(what, key, rows, expected.collect(), &mut wrong);
        }
        self.check_people(&mut wrong);
        self.check_days(&mut wrong);
        self.check_stock(&mut wrong);
        // A trace's hexadecimal digits may look like one.
        let texts = self.log.iter().map(|entry| &entry.event["data"]);
        let rows = [&self.users, &self.reservations, &self.hospitals, &self.rows];
        for seen in texts.chain(rows.into_iter().flatten()) {
            if Places::holds_a_number(&seen.to_string()) {
                wrong.push(format!("a registration number is in the clear: {seen}"));
            }
        }
        wrong.extend(self.unlike_the_log());
        wrong
    }

    /// Where the dashboard is not what the log makes of it, a line each.
    pub fn unlike_the_log(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let told = self.told(&mut Vec::new());
        let rows = told.iter().filter_map(|(user, told)| Some((*user, told.row()?)));
        compare("row", "userId", &self.rows, rows.collect(), &mut wrong);
        wrong
    }

    fn told(&self, wrong: &mut Vec<String>) -> BTreeMap<u64, Told<'_>> {
        let mut told: BTreeMap<u64, Told> = BTreeMap::new();
        for entry in &self.log {
            let is_users = entry.kind.starts_with("User");
            let user = entry.number_of(if is_users { "id" } else { "userId" });
            let before = told.entry(user).or_default().0.insert(&entry.kind, entry);
            if before.is_some() {
                wrong.push(format!("a second {} of user {user}", entry.kind));
            }
        }
        told
    }

    fn check_people(&self, wrong: &mut Vec<String>) {
        let running: BTreeSet<_> = self.running.iter().copied().collect();
        if running.len() != self.running.len() {
            wrong.push(format!("two people share a user: {:?}", self.running));
        }
        for user in &self.users {
            let id = user["id"].as_u64().unwrap_or_default();
            let is_running = running.contains(&id);
            // Who was injected in spite of a cancel may have reserved again by then.
            let fits = match user["reserveStatus"].as_str() {
                Some("RESERVE") => is_running,
                Some("INJECT") => true,
                _ => !is_running,
            };
            if !fits {
                wrong.push(format!("of the person it is not told right who is running: {user}"));
            }
        }
        let known = self.users.iter().filter_map(|user| user["id"].as_u64());
        if !running.is_subset(&known.collect()) {
            wrong.push(format!("somebody is running who is no user: {running:?}"));
        }
    }

    fn check_days(&self, wrong: &mut Vec<String>) {
        let mut taken: BTreeMap<&str, u64> = BTreeMap::new();
        for row in &self.reservations {
            if row["reserveStatus"] == "RESERVE" || row["reserveStatus"] == "INJECT" {
                *taken.entry(row["reserveDate"].as_str().unwrap_or_default()).or_default() += 1;
            }
        }
        for (day, taken) in taken.iter().filter(|(_, taken)| **taken > self.capacity) {
            wrong.push(format!("{day} has {taken}, over its capacity"));
        }
        for day in &self.left {
            let of_it = taken.get(day["date"].as_str().unwrap_or_default()).unwrap_or(&0);
            if day["count"].as_u64() != Some(self.capacity.saturating_sub(*of_it)) {
                wrong.push(format!("{day} is left, and {of_it} are taken"));
            }
        }
    }

    fn check_stock(&self, wrong: &mut Vec<String>) {
        let mut of: BTreeMap<&str, Count> = BTreeMap::new();
        for entry in &self.ledger {
            let count = of.entry(entry["vaccineType"].as_str().unwrap_or_default()).or_default();
            match entry["vaccineCount"].as_i64().unwrap_or_default() {
                -1 => count.out += 1,
                1 => count.back += 1,
                arrived if arrived > 1 => count.arrived += arrived,
                _ => wrong.push(format!("nothing comes in or goes out so: {entry}")),
            }
        }
        for row in &self.hospitals {
            let count = of.entry(row["vaccineType"].as_str().unwrap_or_default()).or_default();
            count.received += 1;
            count.canceled += i64::from(row["reserveStatus"] == "CANCEL");
        }
        for (vaccine, count) in &of {
            let here = self.stock.iter().find(|balance| balance["vaccineType"] == **vaccine);
            let here = here.and_then(|balance| balance["vaccineCount"].as_i64()).unwrap_or(0);
            let Count { arrived, out, back, received, canceled } = *count;
            let is_true = (out, back) == (received, canceled)
                && here == arrived - out + back
                && arrived - here == received - canceled;
            if !is_true {
                wrong.push(format!("there are {here} of {vaccine}, and it was told: {count:?}"));
            }
        }
        if self.stock.len() != of.len() {
            wrong.push(format!("the stock has others than the ledger: {:?}", self.stock));
        }
    }
}

/// What is known of a vaccine.
#[derive(Debug, Default)]
struct Count {
    arrived: i64,
    out: i64,
    back: i64,
    received: i64,
    canceled: i64,
}

/// Compares the rows of one collection, one for each user, with those that the log makes expected.
fn compare(
    what: &str,
    key: &str,
    rows: &[Value],
    mut expected: BTreeMap<u64, Value>,
    wrong: &mut Vec<String>,
) {
    for row in rows {
        let user = row[key].as_u64().unwrap_or_default();
        let Some(expected) = expected.remove(&user) else {
            wrong.push(format!("a {what} that nobody told of: {row}"));
            continue;
        };
        let members = expected.as_object().expect("a record");
        let differs = members.iter().any(|(name, value)| {
            // What the log does not tell is told as null for a time that must be there.
            let is_unknown = name == "modifyDate" && value.is_null();
            if is_unknown { row[name].is_null() } else { row[name] != *value }
        });
        if differs {
            wrong.push(format!("{what} {row}, and the log tells {expected}"));
        }
    }
    for (user, expected) in expected {
        wrong.push(format!("no {what} of user {user}: {expected}"));
    }
}

#[cfg(test)]
mod tests;
