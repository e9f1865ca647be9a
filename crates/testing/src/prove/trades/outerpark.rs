//! People who reserve seats, and cancel.

use super::{Facts, Found, Hand, Trade, found};
use crate::ledger::Ask;
use crate::rng::Rng;
use madang_testing::outerpark::{CONTEXTS, INTENTS, Musical, OuterPark, asking};
use madang_testing::{Answer, Client, Host};
use std::collections::BTreeSet;

/// How many musicals there are, with so few seats each that some reservations are too big.
const MUSICALS: usize = 8;
const SEATS: u64 = 40;

/// Those who reserve.
#[derive(Debug)]
pub struct Seats {
    musicals: Vec<Musical>,
}

impl Seats {
    /// Registers musicals.
    #[track_caller]
    pub fn open(host: &Host) -> Self {
        let park = OuterPark::of(host);
        Self { musicals: (0..MUSICALS).map(|_| park.register(SEATS)).collect() }
    }
}

impl Trade for Seats {
    fn facts(&self) -> Facts {
        Facts {
            name: "outerpark",
            contexts: &CONTEXTS,
            hearing: &CONTEXTS,
            asked: &[],
            intents: Some(INTENTS),
            follows: &[
                ("Reserved", &["PaymentApproved"]),
                ("Canceled", &["PaymentCancelled"]),
                ("Canceled", &["SeatModified"]),
                ("PaymentApproved", &["Noticed"]),
                ("PaymentCancelled", &["Noticed"]),
            ],
            commanded: &["Reserved", "Canceled"],
        }
    }

    fn next(&self, hand: &mut Hand, rng: &mut Rng, _: &Client) -> Option<Ask> {
        if rng.percent(35)
            && let Some(reservation) = hand.draw(rng)
        {
            let path = format!("/outerpark/reservations/{reservation}");
            return Some(Ask::new("DELETE", path, None, "Canceled"));
        }
        let body = asking(rng.pick(&self.musicals).number, rng.below(4) + 1);
        Some(Ask::new("POST", "/outerpark/reservations", Some(body), "Reserved"))
    }

    fn heard(&self, hand: &mut Hand, ask: &Ask, answer: &Answer) {
        if ask.tells == "Reserved" {
            hand.0.push(answer.json()["id"].clone());
        }
    }

    fn found(&self, host: &Host, without: &BTreeSet<u64>) -> Found {
        found!(OuterPark::of(host).truth(), without)
    }
}
