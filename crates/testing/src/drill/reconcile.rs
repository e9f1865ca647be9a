//! What BookRent holds after a drill, beside what it acknowledged.

use crate::report::Report;
use crate::siege::{Phase, Record};
use madang_testing::bookrent::{BookRent, Truth};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How many contradictions are shown in full.
const SHOWN: usize = 3;
/// Within this, everything that a load began has settled, or something is wrong.
const SETTLE_LIMIT: Duration = Duration::from_secs(300);

/// Waits until BookRent has settled and adds to the report how it stands after these loads, which
/// were all that it had: nothing that was acknowledged is lost, and nothing has happened twice.
#[track_caller]
pub fn reconcile(report: &mut Report, phases: &[Phase], shop: &BookRent) -> Truth {
    let truth = settled(shop);
    let records: Vec<&Record> = phases.iter().flat_map(|phase| &phase.records).collect();
    let lost = records.iter().filter(|r| r.book.is_some() && r.is_failed()).count();
    let rows = Rows::new(&truth, &records);
    let acknowledged = records.iter().filter(|record| record.kind == "201 Rent").count();
    let running = rows.running;

    let expected = match lost {
        0 => acknowledged.to_string(),
        // Whoever got no answer may have a rent all the same.
        _ => format!("{acknowledged} to {}", acknowledged + lost),
    };
    let fits = (acknowledged..=acknowledged + lost).contains(&running);
    report.row("rents in `Rent` (acknowledged ones)", expected, running, fits);
    report.same("acknowledged, and not as it was acknowledged", 0, rows.broken);
    if lost > 0 {
        report.same("unanswered, and neither `Rent` with the book nor without it", 0, rows.torn);
    }
    report.same("books that are not free (as rents in `Rent`)", running, rows.taken);
    report.same("deliveries (as rents in `Rent`)", running, truth.deliveries.len());
    let started = truth.told_of("DeliveryStarted", "rentId");
    report.same("events DeliveryStarted in the log", running, started.len());
    report.same("rows of the view with `Delivery Started`", running, rows.delivered);
    let wrong = truth.contradictions();
    report.same("contradictions of log, rents, books, deliveries, view", 0, wrong.len());
    for line in wrong.iter().take(SHOWN) {
        report.note(format!("contradiction: {line}"));
    }
    report.same("dead letters", 0, truth.dead_letters);
    truth
}

/// What BookRent holds once it has settled, however much it has to do until then.
#[track_caller]
pub fn settled(shop: &BookRent) -> Truth {
    shop.settle_within(SETTLE_LIMIT);
    shop.truth()
}

/// What of the truth goes into rows.
#[derive(Debug, Default, PartialEq)]
struct Rows {
    running: usize,
    taken: usize,
    delivered: usize,
    broken: usize,
    torn: usize,
}

impl Rows {
    fn new(truth: &Truth, records: &[&Record]) -> Self {
        let status = |rent: &Value| rent["status"].as_str().unwrap_or_default().to_owned();
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        let statuses: BTreeMap<u64, String> =
            truth.rents.iter().map(|rent| (number(&rent["id"]), status(rent))).collect();
        let mut of_book: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for rent in &truth.rents {
            of_book.entry(number(&rent["bookId"])).or_default().push(status(rent));
        }
        let free: BTreeSet<u64> = truth
            .books
            .iter()
            .filter(|book| book["status"] == true)
            .map(|book| number(&book["id"]))
            .collect();
        let is_broken = |record: &Record| {
            let expected = record.kind.strip_prefix("201 ");
            let held = record.id.and_then(|id| statuses.get(&id)).map(String::as_str);
            record.book.is_some() && expected.is_some() && held != expected
        };
        let is_torn = |record: &Record| {
            let Some(book) = record.book.filter(|_| record.is_failed()) else { return false };
            let rents = of_book.get(&book).map(Vec::as_slice).unwrap_or_default();
            match rents {
                [] => !free.contains(&book),
                [status] if status == "Fail" => !free.contains(&book),
                [status] if status == "Rent" => free.contains(&book),
                _ => true,
            }
        };
        let delivered = |row: &&Value| row["deliveryStatus"] == "Delivery Started";
        Self {
            running: statuses.values().filter(|status| *status == "Rent").count(),
            taken: truth.books.len() - free.len(),
            delivered: truth.views.iter().filter(delivered).count(),
            broken: records.iter().filter(|record| is_broken(record)).count(),
            torn: records.iter().filter(|record| is_torn(record)).count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Instant;

    fn record(book: u64, id: Option<u64>, kind: &str) -> Record {
        let status = kind.split(' ').next().and_then(|status| status.parse().ok());
        let (begin, time) = (Instant::now(), Duration::ZERO);
        Record::of(book, begin, time, kind, status, id)
    }

    fn rent(id: u64, book: u64, status: &str) -> Value {
        json!({"id": id, "bookId": book, "status": status})
    }

    #[test]
    fn what_was_acknowledged_must_be_there_as_it_was() {
        let truth = Truth {
            books: vec![json!({"id": 1, "status": false}), json!({"id": 2, "status": true})],
            rents: vec![rent(7, 1, "Rent"), rent(8, 2, "Fail")],
            views: vec![json!({"deliveryStatus": "Delivery Started"}), json!({})],
            ..Truth::default()
        };
        let good = [record(1, Some(7), "201 Rent"), record(2, Some(8), "201 Fail")];
        let rows = Rows { running: 1, taken: 1, delivered: 1, broken: 0, torn: 0 };
        assert_eq!(Rows::new(&truth, &good.iter().collect::<Vec<_>>()), rows);
        for bad in [record(2, Some(8), "201 Rent"), record(1, Some(9), "201 Rent")] {
            assert_eq!(Rows::new(&truth, &[&bad]).broken, 1, "{bad:?}");
        }
    }

    #[test]
    fn a_rent_without_an_answer_has_its_book_or_has_it_not() {
        let torn = |status: &str, is_free: bool| {
            let truth = Truth {
                books: vec![json!({"id": 1, "status": is_free})],
                rents: vec![rent(7, 1, status)],
                ..Truth::default()
            };
            Rows::new(&truth, &[&record(1, None, "no answer: reset")]).torn
        };
        assert_eq!([torn("Rent", false), torn("Fail", true)], [0, 0]);
        assert_eq!([torn("Rent", true), torn("Fail", false), torn("Pending", true)], [1, 1, 1]);
    }
}
