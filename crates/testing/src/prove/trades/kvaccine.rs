//! People who reserve a day, cancel, and are injected.

use super::{Facts, Found, Hand, Trade, found};
use crate::ledger::Ask;
use crate::rng::Rng;
use madang_testing::kvaccine::{CAPACITY, CONTEXTS, KVaccine, Person};
use madang_testing::{Answer, Client, Host};
use serde_json::json;
use std::collections::BTreeSet;

/// What the hospital draws from.
const VACCINES: [&str; 4] = ["Pfizer", "Moderna", "Janssen", "AstraZeneca"];
/// What arrives of each.
const DOSES: u64 = 1000;

/// Those who reserve.
#[derive(Debug)]
pub struct Vaccinations {
    days: Vec<String>,
    capacity: u64,
}

impl Vaccinations {
    /// Has vaccine arrive.
    #[track_caller]
    pub fn open(host: &Host) -> Self {
        let clinic = KVaccine::with_capacity(host, CAPACITY);
        VACCINES.iter().for_each(|vaccine| clinic.arrive(vaccine, DOSES));
        // Not those at the edges: a campaign may go on over midnight.
        Self { days: clinic.days[3..7].to_vec(), capacity: CAPACITY }
    }

    /// The same where a day has so many places.
    pub fn with_capacity(self, capacity: u64) -> Self {
        Self { capacity, ..self }
    }
}

impl Trade for Vaccinations {
    fn facts(&self) -> Facts {
        Facts {
            name: "kvaccine",
            contexts: &CONTEXTS,
            hearing: &CONTEXTS,
            asked: &[],
            intents: None,
            follows: &[
                ("UserReservationRequested", &["ReservationRequested", "ReservationRejected"]),
                ("ReservationRequested", &["HospitalReservationReceived"]),
            ],
            commanded: &["UserReservationRequested", "UserReservationCancelled", "VaccineInjected"],
        }
    }

    fn next(&self, hand: &mut Hand, rng: &mut Rng, _: &Client) -> Option<Ask> {
        if rng.percent(40)
            && let Some(person) = hand.draw(rng)
        {
            let (path, body, tells) = if rng.percent(60) {
                let number = json!({"userRegNumber": person["number"]});
                ("/kvaccine/user/cancel", number, "UserReservationCancelled")
            } else {
                let user = json!({"userId": person["user"]});
                ("/kvaccine/hospital/inject", user, "VaccineInjected")
            };
            return Some(Ask::new("POST", path, Some(body), tells));
        }
        let day: &String = rng.pick(&self.days);
        let body = Person::new().wants(day);
        Some(Ask::new("POST", "/kvaccine/user/reserve", Some(body), "UserReservationRequested"))
    }

    fn heard(&self, hand: &mut Hand, ask: &Ask, answer: &Answer) {
        if ask.tells == "UserReservationRequested"
            && let Some(body) = &ask.body
        {
            let number = &body["userRegNumber"];
            hand.0.push(json!({"user": answer.json()["id"], "number": number}));
        }
    }

    fn found(&self, host: &Host, without: &BTreeSet<u64>) -> Found {
        found!(KVaccine::with_capacity(host, self.capacity).truth(), without)
    }
}
