//! Students who register for classes, and cancel; teachers who choose another book.

use super::{Facts, Found, Hand, Trade, found};
use crate::ledger::Ask;
use crate::rng::Rng;
use madang_testing::lecture::{CLASSES, CONTEXTS, HEARING, INTENTS, Lecture, asking};
use madang_testing::{Answer, Client, Host};
use serde_json::json;
use std::collections::BTreeSet;

/// How many courses there are.
const COURSES: usize = 5;

/// Those who register.
#[derive(Debug)]
pub struct Lectures {
    courses: Vec<u64>,
}

impl Lectures {
    /// Offers courses.
    #[track_caller]
    pub fn open(host: &Host) -> Self {
        let school = Lecture::of(host);
        Self { courses: (0..COURSES).map(|n| school.offer(&format!("course {n}"))).collect() }
    }
}

impl Trade for Lectures {
    fn facts(&self) -> Facts {
        Facts {
            name: "lecture",
            contexts: &CONTEXTS,
            hearing: &HEARING,
            asked: &["gift"],
            intents: Some(INTENTS),
            follows: &[
                ("PaymentApproved", &["DeliveryStarted"]),
                ("PaymentApproved", &["PointGiven"]),
                ("PaymentCanceled", &["DeliveryCanceled"]),
                ("PaymentCanceled", &["PointCanceled"]),
                ("PointCanceled", &["GiftCanceled"]),
                ("ClassCanceled", &["PaymentCanceled"]),
            ],
            commanded: &["ClassRegistered", "ClassCanceled", "CourseModified"],
        }
    }

    fn next(&self, hand: &mut Hand, rng: &mut Rng, _: &Client) -> Option<Ask> {
        if rng.percent(35)
            && let Some(class) = hand.draw(rng)
        {
            return Some(Ask::new("DELETE", format!("{CLASSES}/{class}"), None, "ClassCanceled"));
        }
        if rng.percent(5) {
            let path = format!("/lecture/courses/{}", rng.pick(&self.courses));
            let body = json!({"textBook": format!("book {}", rng.below(1_000_000))});
            return Some(Ask::new("PATCH", path, Some(body), "CourseModified"));
        }
        let mut body = asking(&format!("student {}", rng.below(20)), 1000 + 10 * rng.below(900));
        body["courseId"] = json!(rng.pick(&self.courses));
        Some(Ask::new("POST", CLASSES, Some(body), "ClassRegistered"))
    }

    fn heard(&self, hand: &mut Hand, ask: &Ask, answer: &Answer) {
        if ask.tells == "ClassRegistered" {
            hand.0.push(answer.json()["id"].clone());
        }
    }

    fn found(&self, host: &Host, without: &BTreeSet<u64>) -> Found {
        found!(Lecture::of(host).truth(), without)
    }
}
