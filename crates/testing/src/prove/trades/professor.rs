//! Courses that are registered, changed and canceled, and professors who apply for them and are confirmed.

use super::{Facts, Found, Hand, Trade, found};
use crate::ledger::Ask;
use crate::rng::Rng;
use madang_testing::professor::{CONTEXTS, HEARING, INTENTS, Professor, applying, korean};
use madang_testing::{Answer, Client, Host};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

const COURSES: &str = "/professor/courseManagements";
const APPLYMENTS: &str = "/professor/professorApplyments";
const EVALUATIONS: &str = "/professor/professorEvaluations";

/// Those who register, apply and confirm.
#[derive(Debug)]
pub struct Professors;

impl Trade for Professors {
    fn facts(&self) -> Facts {
        Facts {
            name: "professor",
            contexts: &CONTEXTS,
            hearing: &HEARING,
            asked: &[],
            intents: Some(INTENTS),
            // What it answers events with are rows, which its truth compares.
            follows: &[],
            commanded: &[
                "CourseRegisted",
                "CourseModified",
                "CourseCanceled",
                "ProfessorApplyed",
                "ProfessorConfirmed",
            ],
        }
    }

    fn next(&self, hand: &mut Hand, rng: &mut Rng, client: &Client) -> Option<Ask> {
        let Some(held) = hand.draw(rng).filter(|_| !rng.percent(20)) else {
            static NUMBERS: AtomicU64 = AtomicU64::new(1);
            let course = korean(NUMBERS.fetch_add(1, Ordering::Relaxed));
            return Some(Ask::new("POST", COURSES, Some(course), "CourseRegisted"));
        };
        if held["professorNo"].is_null() {
            if rng.percent(10) {
                let path = format!("{COURSES}/{}", held["id"]);
                let body = json!({"title": format!("title {}", rng.below(1_000_000))});
                return Some(Ask::new("PATCH", path, Some(body), "CourseModified"));
            }
            if rng.percent(15) {
                let path = format!("{COURSES}/{}", held["id"]);
                return Some(Ask::new("DELETE", path, None, "CourseCanceled"));
            }
            static PROFESSORS: AtomicU64 = AtomicU64::new(1001);
            let mut body = applying(PROFESSORS.fetch_add(1, Ordering::Relaxed));
            body["courseNo"] = held["courseNo"].clone();
            return Some(Ask::new("POST", APPLYMENTS, Some(body), "ProfessorApplyed"));
        }
        let newest = client.send("GET", &format!("{EVALUATIONS}?sort=id,desc&size=50"), None);
        let newest = newest.ok().filter(Answer::is_success)?.json();
        let rows = newest["_embedded"]["professorEvaluations"].as_array()?;
        let is_it = |row: &&Value| {
            row["courseNo"] == held["courseNo"] && row["professorNo"] == held["professorNo"]
        };
        let path = format!("{EVALUATIONS}/{}", rows.iter().find(is_it)?["id"]);
        let body = json!({"successFlag": true, "score": rng.below(101)});
        Some(Ask::new("PATCH", path, Some(body), "ProfessorConfirmed"))
    }

    fn heard(&self, hand: &mut Hand, ask: &Ask, answer: &Answer) {
        if ["CourseRegisted", "CourseModified", "ProfessorApplyed"].contains(&ask.tells) {
            hand.0.push(answer.json());
        }
    }

    fn found(&self, host: &Host, without: &BTreeSet<u64>) -> Found {
        found!(Professor::of(host).truth(), without)
    }
}
