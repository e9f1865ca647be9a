//! People who rent books, and bring them back.

use super::{Facts, Found, Hand, Trade, found};
use crate::ledger::Ask;
use crate::rng::Rng;
use madang_testing::bookrent::{BookRent, CONTEXTS, HEARING, INTENTS, asking};
use madang_testing::{Answer, Client, Host};
use serde_json::json;
use std::collections::BTreeSet;

/// So few books that some are wanted twice.
const BOOKS: usize = 40;

/// Those who rent.
#[derive(Debug)]
pub struct BookRentals {
    books: Vec<u64>,
}

impl BookRentals {
    /// Registers books.
    #[track_caller]
    pub fn open(host: &Host) -> Self {
        let shop = BookRent::of(host);
        Self { books: (0..BOOKS).map(|n| shop.register(&format!("title {n}"))).collect() }
    }
}

impl Trade for BookRentals {
    fn facts(&self) -> Facts {
        Facts {
            name: "bookrent",
            contexts: &CONTEXTS,
            hearing: &HEARING,
            asked: &[],
            intents: Some(INTENTS),
            follows: &[
                ("BookRented", &["DeliveryStarted"]),
                ("BookCancelled", &["DeliveryCancelled"]),
            ],
            commanded: &["BookRented", "BookCancelled"],
        }
    }

    fn next(&self, hand: &mut Hand, rng: &mut Rng, _: &Client) -> Option<Ask> {
        if rng.percent(35)
            && let Some(rent) = hand.draw(rng)
        {
            let path = format!("/bookrent/rents/{rent}");
            return Some(Ask::new(
                "PATCH",
                path,
                Some(json!({"status": "Cancel"})),
                "BookCancelled",
            ));
        }
        let (book, user) = (*rng.pick(&self.books), rng.below(1000) + 1);
        let ask = Ask::new("POST", "/bookrent/rents", Some(asking(book, user)), "BookRented");
        Some(Ask { is_told: |answer| answer.json()["status"] == "Rent", ..ask })
    }

    fn heard(&self, hand: &mut Hand, ask: &Ask, answer: &Answer) {
        let rent = answer.json();
        if ask.tells == "BookRented" && rent["status"] == "Rent" {
            hand.0.push(rent["id"].clone());
        }
    }

    fn found(&self, host: &Host, without: &BTreeSet<u64>) -> Found {
        found!(BookRent::of(host).truth(), without)
    }
}
