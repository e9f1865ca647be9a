//! What is always true of OuterPark once it has settled (`Always true` in its specification), checked
//! against the log, which forgets nothing.

use super::{CONTEXTS, CORRECTION, OuterPark};
use crate::log::{self, Entry, without};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// All that OuterPark holds, once it has settled.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// The whole log.
    pub log: Vec<Entry>,
    /// All musicals.
    pub musicals: Vec<Value>,
    /// All reservations that are listed.
    pub reservations: Vec<Value>,
    /// The canceled reservations, found by their ids.
    pub canceled: Vec<Value>,
    /// All payments.
    pub payments: Vec<Value>,
    /// All notices.
    pub notices: Vec<Value>,
    /// All rows of My Page.
    pub pages: Vec<Value>,
    /// How many events went to the dead letters of all contexts together.
    pub dead_letters: u64,
}

impl OuterPark<'_> {
    /// Settles, and reads all there is.
    ///
    /// # Panics
    /// When it does not settle.
    #[track_caller]
    pub fn truth(&self) -> Truth {
        self.settle();
        let log = self.log();
        let canceled = log::told_of(&log, "Canceled", "id").into_iter().filter(|id| *id > 0);
        let canceled = canceled.map(|id| {
            let path = format!("/outerpark/reservations/{id}");
            self.client.get(&path).expect(200).json()
        });
        Truth {
            canceled: canceled.collect(),
            musicals: self.all("musicals"),
            reservations: self.all("reservations"),
            payments: self.all("payments"),
            notices: self.all("notices"),
            pages: self.all("myPages"),
            dead_letters: self.dead_letters(&CONTEXTS),
            log,
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
}

impl Truth {
    /// What is not as it must be, a line each: of each reservation everything was told exactly once,
    /// in order; it has one payment, approved or canceled with it, a notice for each of the payment's
    /// events and one row of My Page, which agree with the log; a musical's seats and those that
    /// reservations hold are those that it was given; the log has no gaps.
    ///
    /// Seats must have been corrected by [`OuterPark::correct`] alone, and the log must hold no
    /// foreign events.
    pub fn contradictions(&self) -> Vec<String> {
        let told = self.told();
        let mut wrong = log::contradictions(&self.log);
        for (reservation, told) in &told {
            told.check(*reservation, &mut wrong);
        }
        let by = |field: &'static str| move |row: &Value| row[field].to_string();
        let standing = |is_canceled: bool| {
            let among = told.values().filter(move |told| is_canceled != told.canceled.is_empty());
            among.map(Told::reservation)
        };
        check_rows("reservation", &self.reservations, standing(false), by("id"), &mut wrong);
        check_rows("canceled reservation", &self.canceled, standing(true), by("id"), &mut wrong);
        let payments = told.values().map(Told::payment);
        check_rows("payment", &self.payments, payments, by("reservationId"), &mut wrong);
        let notices = told.values().flat_map(|told| &told.noticed).map(fields_of);
        check_rows("notice", &self.notices, notices, by("id"), &mut wrong);
        self.check_seats(&told, &mut wrong);
        wrong.extend(self.unlike_the_log());
        wrong
    }

    /// Where My Page is not what the log makes of it, a line each.
    pub fn unlike_the_log(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let pages: Vec<Value> = self.pages.iter().map(|row| without(row, &["id"])).collect();
        let told = self.told();
        let rows = told.values().map(Told::page);
        let reservation = |row: &Value| row["reservationId"].to_string();
        check_rows("row of My Page", &pages, rows, reservation, &mut wrong);
        wrong
    }

    /// The numbers that events of one type have in a field, in the log's order.
    pub fn told_of(&self, kind: &str, field: &str) -> Vec<u64> {
        log::told_of(&self.log, kind, field)
    }

    fn told(&self) -> BTreeMap<u64, Told> {
        let mut reservations: BTreeMap<u64, Told> = BTreeMap::new();
        let mut paid = BTreeMap::new();
        for entry in &self.log {
            type List = fn(&mut Told) -> &mut Vec<Entry>;
            let (reservation, list): (_, List) = match entry.kind.as_str() {
                "Reserved" => (entry.number_of("id"), |told| &mut told.reserved),
                "Canceled" => (entry.number_of("id"), |told| &mut told.canceled),
                "PaymentApproved" => {
                    paid.insert(entry.number_of("id"), entry.number_of("reservationId"));
                    (entry.number_of("reservationId"), |told| &mut told.approved)
                }
                "PaymentCancelled" => {
                    (entry.number_of("reservationId"), |told| &mut told.payment_cancelled)
                }
                "Noticed" => {
                    let reservation = paid.get(&entry.number_of("paymentId")).copied();
                    (reservation.unwrap_or_default(), |told| &mut told.noticed)
                }
                _ => continue,
            };
            list(reservations.entry(reservation).or_default()).push(entry.clone());
        }
        reservations
    }

    fn check_seats(&self, told: &BTreeMap<u64, Told>, wrong: &mut Vec<String>) {
        for musical in &self.musicals {
            let number = &musical["musicalId"];
            let (mut now, mut given) = (None, 0);
            for entry in &self.log {
                let is_told = ["MusicalRegistered", "SeatModified"].contains(&entry.kind.as_str());
                if !is_told || entry.event["data"]["musicalId"] != *number {
                    continue;
                }
                let Some(seats) = entry.event["data"]["reservableSeat"].as_u64() else {
                    wrong.push(format!("no number of seats: {entry:?}"));
                    continue;
                };
                let before = now.replace(seats).unwrap_or(0);
                if before == seats && entry.kind == "SeatModified" {
                    wrong.push(format!("nothing was modified: {entry:?}"));
                }
                if entry.kind == "MusicalRegistered" || entry.text_of("correlationid") == CORRECTION
                {
                    given += i128::from(seats) - i128::from(before);
                }
            }
            if musical["reservableSeat"].as_u64() != now {
                wrong.push(format!("{musical}, where the log tells of {now:?} seats"));
            }
            let running = told.values().filter(|told| told.canceled.is_empty());
            let of_it = running
                .filter_map(|told| told.reserved.first())
                .filter(|reserved| reserved.event["data"]["musicalId"] == *number);
            let held: u64 = of_it.map(|reserved| reserved.number_of("seats")).sum();
            if i128::from(now.unwrap_or(0)) + i128::from(held) != given {
                wrong.push(format!("{musical} was given {given} seats, and {held} are reserved"));
            }
        }
    }
}

/// What the log tells of one reservation.
#[derive(Debug, Default)]
struct Told {
    reserved: Vec<Entry>,
    canceled: Vec<Entry>,
    approved: Vec<Entry>,
    payment_cancelled: Vec<Entry>,
    noticed: Vec<Entry>,
}

impl Told {
    fn check(&self, reservation: u64, wrong: &mut Vec<String>) {
        let Told { reserved, canceled, approved, payment_cancelled, noticed } = self;
        let is_once = reserved.len() == 1
            && approved.len() == 1
            && canceled.len() <= 1
            && payment_cancelled.len() == canceled.len();
        let precede =
            |a: &[Entry], b: &[Entry]| b.iter().all(|b| a.iter().all(|a| a.number < b.number));
        let in_order = precede(reserved, approved)
            && precede(reserved, canceled)
            && precede(approved, payment_cancelled)
            && precede(canceled, payment_cancelled)
            && precede(approved, noticed);
        let of = |entry: &Entry| entry.event["data"]["status"].clone();
        let statuses: Vec<_> = approved.iter().chain(payment_cancelled).map(of).collect();
        let texts: Vec<_> =
            noticed.iter().map(|entry| entry.event["data"]["sendText"].clone()).collect();
        if !(is_once && in_order && statuses == texts) {
            wrong.push(format!("{reservation} was not told once and in order: {self:#?}"));
        }
    }

    fn reservation(&self) -> Value {
        let mut data = last(&self.reserved, fields_of);
        data["status"] =
            json!(if self.canceled.is_empty() { "ApprovedPayment" } else { "Canceled" });
        data
    }

    fn payment(&self) -> Value {
        let last = self.payment_cancelled.last().or(self.approved.last());
        last.map(fields_of).unwrap_or_default()
    }

    fn page(&self) -> Value {
        let reserved = |name| last(&self.reserved, |entry| entry.event["data"][name].clone());
        let payment = self.payment();
        json!({
            "reservationId": reserved("id"),
            "musicalId": reserved("musicalId"),
            "seats": reserved("seats"),
            "paymentId": payment["id"],
            "status": payment["status"],
        })
    }
}

/// Compares rows with those that the log makes expected.
fn check_rows(
    what: &str,
    rows: &[Value],
    expected: impl Iterator<Item = Value>,
    key: impl Fn(&Value) -> String,
    wrong: &mut Vec<String>,
) {
    let expected: BTreeMap<_, _> = expected.map(|row| (key(&row), row)).collect();
    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    for row in rows {
        if let Some(first) = found.insert(key(row), without(row, &["_links"])) {
            wrong.push(format!("a second {what}: {row}, after {first}"));
        }
    }
    for key in found.keys().chain(expected.keys()).collect::<BTreeSet<_>>() {
        let (found, expected) = (found.get(key), expected.get(key));
        if found != expected {
            wrong.push(format!("{what} {key}: {found:?}, and the log tells {expected:?}"));
        }
    }
}

fn last(entries: &[Entry], of: impl Fn(&Entry) -> Value) -> Value {
    entries.last().map_or(Value::Null, of)
}

/// An event's fields, without what it adds around them.
fn fields_of(entry: &Entry) -> Value {
    without(&entry.event["data"], &["eventType", "timestamp"])
}

#[cfg(test)]
mod tests;
