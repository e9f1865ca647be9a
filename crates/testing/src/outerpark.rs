//! OuterPark as a client and its operator use it, and the truth behind it.

mod truth;

pub use truth::Truth;

use crate::system::{Intents, SETTLING, System, id_in};
use crate::{Answer, Host};
use serde_json::{Value, json};
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The contexts; each hears events.
pub const CONTEXTS: [&str; 5] = ["musical", "reservation", "payment", "notice", "customer-center"];

/// What one seat costs here, in won.
pub const PRICE: u64 = 50_000;

/// Where the reservations are that wait for their musical, by when they are to be taken up.
pub const INTENTS: Intents = Intents { context: "reservation", collection: "reservations" };

/// The saga of those who correct a musical's seats, by which [`Truth`] knows them.
const CORRECTION: &str = "correction";

/// OuterPark on a host.
#[derive(Debug)]
pub struct OuterPark<'h>(System<'h>);

impl<'h> Deref for OuterPark<'h> {
    type Target = System<'h>;

    fn deref(&self) -> &System<'h> {
        &self.0
    }
}

/// A musical that was registered.
#[derive(Clone, Copy, Debug)]
pub struct Musical {
    /// Its id.
    pub id: u64,
    /// Its `musicalId`.
    pub number: u64,
}

impl Musical {
    /// Where it is.
    pub fn path(&self) -> String {
        format!("/outerpark/musicals/{}", self.id)
    }
}

impl<'h> OuterPark<'h> {
    /// OuterPark on this host, as it runs now: after a restart it is to be made anew.
    pub fn of(host: &'h Host) -> Self {
        Self(System::of("outerpark", host))
    }

    /// Registers a musical with so many seats, under a number that no other has.
    #[track_caller]
    pub fn register(&self, seats: u64) -> Musical {
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let body = json!({"musicalId": number, "name": "영웅", "reservableSeat": seats});
        Musical { id: id_in(&self.client.post("/outerpark/musicals", body).expect(201)), number }
    }

    /// Corrects the seats that can be reserved now.
    #[track_caller]
    pub fn correct(&self, musical: Musical, seats: u64) {
        let client = self.client.with("x-correlation-id", CORRECTION);
        let _ = client.patch(&musical.path(), json!({"reservableSeat": seats})).expect(200);
    }

    /// Asks for seats, whatever comes of it.
    #[track_caller]
    pub fn ask(&self, musical: Musical, seats: u64) -> Answer {
        self.client.post("/outerpark/reservations", asking(musical.number, seats))
    }

    /// Reserves seats that are there and gives the reservation's id.
    #[track_caller]
    pub fn reserve(&self, musical: Musical, seats: u64) -> u64 {
        let answer = self.ask(musical, seats).expect(201);
        assert_eq!(answer.json()["status"], "SeatsReserved", "{answer}");
        id_in(&answer)
    }

    /// Has musical take seats for the reservation that will be made next, so that making it changes no
    /// seats.
    #[track_caller]
    pub fn hold_for_next(&self, musical: Musical, seats: u64) {
        let last = "{outerpark}:reservation:reservations:next";
        let next = number(&mut self.host.redis(), last).expect("the last id") + 1;
        let key = format!("reservations/{next}");
        let body = json!({"musicalId": musical.number, "seats": seats, "reservationId": next});
        let client = self.internal().with("idempotency-key", key);
        let taken = client.post("/outerpark/-/musical/check-and-modify-seat", body).expect(200);
        assert_eq!(taken.json(), true, "{taken}");
    }

    /// Cancels a reservation.
    #[track_caller]
    pub fn cancel(&self, reservation: u64) {
        let _ = self.client.delete(&format!("/outerpark/reservations/{reservation}")).expect(204);
    }

    /// How many seats of a musical can be reserved.
    #[track_caller]
    pub fn seats(&self, musical: Musical) -> u64 {
        let answer = self.client.get(&musical.path()).expect(200);
        answer.json()["reservableSeat"].as_u64().unwrap_or_else(|| panic!("no seats\n{answer}"))
    }

    /// The status of a reservation; null where there is none of that id.
    #[track_caller]
    pub fn status(&self, reservation: u64) -> Value {
        let answer = self.client.get(&format!("/outerpark/reservations/{reservation}"));
        if answer.status == 404 { Value::Null } else { answer.expect(200).json()["status"].clone() }
    }

    /// The payments of a reservation.
    #[track_caller]
    pub fn payments_of(&self, reservation: u64) -> Vec<Value> {
        self.search("payments", "findByReservationId", reservation)
    }

    /// How a reservation stands on My Page; null where it does not.
    #[track_caller]
    pub fn page_of(&self, reservation: u64) -> Value {
        self.search("myPages", "findByReservationId", reservation).pop().unwrap_or_default()
    }

    /// Takes contexts down once nothing is owed: an instance at work goes on when its component is
    /// taken down, and would hear what is told next.
    #[track_caller]
    pub fn down(&self, contexts: &[&str]) {
        self.settle();
        self.down_now(contexts);
    }

    /// [`OuterPark::settle`], without the pause in which nobody takes up a reservation that waits for its
    /// musical: somebody may be at work on it, and here nobody is any more.
    ///
    /// # Panics
    /// With what is owed, when it does not get there within [`SETTLING`].
    #[track_caller]
    pub fn settle_now(&self) {
        self.take_up(INTENTS);
        self.settle();
    }

    /// Waits until nothing is owed: every context has handled the whole log, and no reservation waits
    /// for its musical.
    ///
    /// # Panics
    /// With what is owed, when it does not get there within [`SETTLING`].
    #[track_caller]
    pub fn settle(&self) {
        self.settle_within(SETTLING);
    }

    /// [`OuterPark::settle`] after a load, which may take its time.
    ///
    /// # Panics
    /// With what is owed, when it does not get there.
    #[track_caller]
    pub fn settle_within(&self, limit: Duration) {
        self.settle_contexts(limit, &CONTEXTS, |redis| self.none_waits(redis, INTENTS));
    }
}

/// The body that asks for seats of a musical, by its number.
pub fn asking(number: u64, seats: u64) -> Value {
    json!({"musicalId": number, "price": seats * PRICE, "seats": seats})
}

/// A number that Redis holds; 0 where there is none.
fn number(redis: &mut redis::Connection, key: &str) -> Result<u64, String> {
    let number: Option<u64> =
        redis::cmd("GET").arg(key).query(redis).map_err(|error| error.to_string())?;
    Ok(number.unwrap_or(0))
}
