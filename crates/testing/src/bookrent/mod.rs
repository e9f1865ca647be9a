//! BookRent as a client and its operator use it, and the truth behind it.

mod truth;

pub use truth::Truth;

use crate::system::{Intents, SETTLING, System, id_in};
use crate::{Answer, Host};
use serde_json::{Value, json};
use std::ops::Deref;
use std::time::Duration;

/// The contexts.
pub const CONTEXTS: [&str; 4] = ["book", "rent", "delivery", "view"];

/// Those that hear events.
pub const HEARING: [&str; 3] = ["book", "delivery", "view"];

/// Where the rents are that wait for their book, by when they are to be taken up.
pub const INTENTS: Intents = Intents { context: "rent", collection: "rents" };

/// BookRent on a host.
#[derive(Debug)]
pub struct BookRent<'h>(System<'h>);

impl<'h> Deref for BookRent<'h> {
    type Target = System<'h>;

    fn deref(&self) -> &System<'h> {
        &self.0
    }
}

impl<'h> BookRent<'h> {
    /// BookRent on this host, as it runs now: after a restart it is to be made anew.
    pub fn of(host: &'h Host) -> Self {
        Self(System::of("bookrent", host))
    }

    /// Registers a free book and gives its id.
    #[track_caller]
    pub fn register(&self, title: &str) -> u64 {
        let book = json!({"title": title, "status": true});
        id_in(&self.client.post("/bookrent/books", book).expect(201))
    }

    /// Asks for a book, whatever comes of it.
    #[track_caller]
    pub fn ask(&self, book: u64, user: u64) -> Answer {
        self.client.post("/bookrent/rents", asking(book, user))
    }

    /// Rents a free book and gives the rent's id.
    #[track_caller]
    pub fn rent(&self, book: u64, user: u64) -> u64 {
        let answer = self.ask(book, user).expect(201);
        assert_eq!(answer.json()["status"], "Rent", "{answer}");
        id_in(&answer)
    }

    /// Cancels a running rent.
    #[track_caller]
    pub fn cancel(&self, rent: u64) -> Answer {
        let path = format!("/bookrent/rents/{rent}");
        let answer = self.client.patch(&path, json!({"status": "Cancel"})).expect(200);
        assert_eq!(answer.json()["status"], "Cancel", "{answer}");
        answer
    }

    /// Whether a book can be rented.
    #[track_caller]
    pub fn is_free(&self, book: u64) -> bool {
        let answer = self.client.get(&format!("/bookrent/books/{book}")).expect(200);
        answer.json()["status"].as_bool().unwrap_or_else(|| panic!("no status\n{answer}"))
    }

    /// The status of a rent; null where there is none of that id.
    #[track_caller]
    pub fn rent_status(&self, rent: u64) -> Value {
        let answer = self.client.get(&format!("/bookrent/rents/{rent}"));
        if answer.status == 404 { Value::Null } else { answer.expect(200).json()["status"].clone() }
    }

    /// How a rent stands, as the view knows it; null where it does not.
    #[track_caller]
    pub fn view_of(&self, rent: u64) -> Value {
        let path = format!("/bookrent/views/search/findByRentId?rentId={rent}");
        self.client.get(&path).expect(200).json()["_embedded"]["views"][0].clone()
    }

    /// The deliveries of a rent.
    #[track_caller]
    pub fn deliveries_of(&self, rent: u64) -> Vec<Value> {
        let deliveries = self.all("deliveries").into_iter();
        deliveries.filter(|delivery| delivery["rentId"] == rent).collect()
    }

    /// Takes components down once nothing is owed: an instance at work goes on when its component is
    /// taken down, and would hear what is told next.
    #[track_caller]
    pub fn down(&self, components: &[&str]) {
        self.settle();
        for component in components {
            self.host.down(component);
        }
    }

    /// Waits until nothing is owed: every context has handled the whole log, and no rent waits for
    /// its book.
    ///
    /// # Panics
    /// With what is owed, when it does not get there within [`SETTLING`].
    #[track_caller]
    pub fn settle(&self) {
        self.settle_within(SETTLING);
    }

    /// [`BookRent::settle`] after a load, which may take its time.
    ///
    /// # Panics
    /// With what is owed, when it does not get there.
    #[track_caller]
    pub fn settle_within(&self, limit: Duration) {
        self.settle_contexts(limit, &HEARING, |redis| self.none_waits(redis, INTENTS));
    }
}

/// The body that asks for a book.
pub fn asking(book: u64, user: u64) -> Value {
    json!({"bookId": book, "userId": user, "address": format!("address {user}")})
}
