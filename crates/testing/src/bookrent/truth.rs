//! What is always true of BookRent once it has settled (`Always true` in its specification), checked
//! against the log, which forgets nothing.

use super::{BookRent, CONTEXTS};
use crate::log::{self, Entry, without};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// All that BookRent holds, once it has settled.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// The whole log.
    pub log: Vec<Entry>,
    /// All books.
    pub books: Vec<Value>,
    /// All rents that can be seen.
    pub rents: Vec<Value>,
    /// All deliveries.
    pub deliveries: Vec<Value>,
    /// All rows of the view.
    pub views: Vec<Value>,
    /// How many events went to the dead letters of all contexts together.
    pub dead_letters: u64,
}

impl BookRent<'_> {
    /// Settles, and reads all there is.
    ///
    /// # Panics
    /// When it does not settle.
    #[track_caller]
    pub fn truth(&self) -> Truth {
        self.settle();
        Truth {
            log: self.log(),
            books: self.all("books"),
            rents: self.all("rents"),
            deliveries: self.all("deliveries"),
            views: self.all("views"),
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
}

impl Truth {
    /// What is not as it must be, a line each: of each rent everything was told exactly once, in
    /// order; there is one delivery for it and one row of the view, which agree with the log; a
    /// book is not free exactly when one running rent holds it; the log has no gaps.
    ///
    /// All books must have been registered as free, and the log must hold no foreign events.
    pub fn contradictions(&self) -> Vec<String> {
        let told = self.told();
        let mut wrong = log::contradictions(&self.log);
        for (rent, told) in &told {
            told.check(*rent, &mut wrong);
        }
        self.check_rents(&told, &mut wrong);
        let delivery = told.iter().map(|(rent, told)| (*rent, told.delivery())).collect();
        check_rows("delivery", &self.deliveries, &delivery, &mut wrong);
        self.check_books(&told, &mut wrong);
        wrong.extend(self.unlike_the_log());
        wrong
    }

    /// Where the view is not what the log makes of it, a line each.
    pub fn unlike_the_log(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let rows: Vec<Value> = self.views.iter().map(|row| without(row, &["id"])).collect();
        let view = self.told().iter().map(|(rent, told)| (*rent, told.row(*rent))).collect();
        check_rows("row of the view", &rows, &view, &mut wrong);
        wrong
    }

    /// The numbers that events of one type have in a field, in the log's order.
    pub fn told_of(&self, kind: &str, field: &str) -> Vec<u64> {
        log::told_of(&self.log, kind, field)
    }

    fn told(&self) -> BTreeMap<u64, Told> {
        let mut rents: BTreeMap<u64, Told> = BTreeMap::new();
        for entry in &self.log {
            let (field, list): (_, fn(&mut Told) -> &mut Vec<Entry>) = match entry.kind.as_str() {
                "BookRented" => ("id", |told| &mut told.rented),
                "BookCancelled" => ("id", |told| &mut told.cancelled),
                "DeliveryStarted" => ("rentId", |told| &mut told.started),
                "DeliveryCancelled" => ("rentId", |told| &mut told.delivery_cancelled),
                _ => continue,
            };
            list(rents.entry(entry.number_of(field)).or_default()).push(entry.clone());
        }
        rents
    }

    fn check_rents(&self, told: &BTreeMap<u64, Told>, wrong: &mut Vec<String>) {
        for rent in &self.rents {
            let expected = match told.get(&number(&rent["id"])) {
                None => "Fail",
                Some(told) if told.cancelled.is_empty() => "Rent",
                Some(_) => "Cancel",
            };
            if rent["status"] != expected {
                wrong.push(format!("{rent}, where the log tells of {expected}"));
            }
        }
        let there: BTreeSet<u64> = self.rents.iter().map(|rent| number(&rent["id"])).collect();
        let running = told.iter().filter(|(_, told)| told.cancelled.is_empty());
        let missing = running.filter(|(rent, _)| !there.contains(rent));
        wrong.extend(missing.map(|(rent, _)| format!("rent {rent} was told and is not there")));
    }

    fn check_books(&self, told: &BTreeMap<u64, Told>, wrong: &mut Vec<String>) {
        let mut holders: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for (rent, told) in told.iter().filter(|(_, told)| told.cancelled.is_empty()) {
            if let Some(rented) = told.rented.first() {
                holders.entry(rented.number_of("bookId")).or_default().push(*rent);
            }
        }
        for book in &self.books {
            let holders = holders.remove(&number(&book["id"])).unwrap_or_default();
            if holders.len() > 1 || book["status"] != holders.is_empty() {
                wrong.push(format!("{book}, held by the rents {holders:?}"));
            }
        }
        wrong.extend(holders.into_iter().map(|(book, rents)| {
            format!("book {book} is not there and is held by the rents {rents:?}")
        }));
    }
}

/// What the log tells of one rent.
#[derive(Debug, Default)]
struct Told {
    rented: Vec<Entry>,
    cancelled: Vec<Entry>,
    started: Vec<Entry>,
    delivery_cancelled: Vec<Entry>,
}

impl Told {
    fn check(&self, rent: u64, wrong: &mut Vec<String>) {
        let Told { rented, cancelled, started, delivery_cancelled } = self;
        let is_once = rented.len() == 1
            && started.len() == 1
            && cancelled.len() <= 1
            && delivery_cancelled.len() == cancelled.len();
        let precede =
            |a: &[Entry], b: &[Entry]| b.iter().all(|b| a.iter().all(|a| a.number < b.number));
        let in_order = precede(rented, started)
            && precede(rented, cancelled)
            && precede(started, delivery_cancelled)
            && precede(cancelled, delivery_cancelled);
        if !(is_once && in_order) {
            wrong.push(format!("rent {rent} was not told once and in order: {self:#?}"));
        }
    }

    fn delivery(&self) -> Value {
        let mut data = last(&self.started, |entry| fields(&entry.event["data"]));
        if let Some(cancelled) = self.delivery_cancelled.first() {
            data["status"] = cancelled.event["data"]["status"].clone();
        }
        data
    }

    fn row(&self, rent: u64) -> Value {
        let field = |entries: &[Entry], name| last(entries, |e| e.event["data"][name].clone());
        let or = |first: Value, second: Value| if first.is_null() { second } else { first };
        json!({
            "rentId": rent,
            "bookId": field(&self.rented, "bookId"),
            "userId": field(&self.rented, "userId"),
            "rentStatus": or(field(&self.cancelled, "status"), field(&self.rented, "status")),
            "deliveryId": field(&self.started, "id"),
            "deliveryStatus":
                or(field(&self.delivery_cancelled, "status"), field(&self.started, "status")),
        })
    }
}

/// Compares rows with those that the log makes expected, by rent.
fn check_rows(
    what: &str,
    rows: &[Value],
    expected: &BTreeMap<u64, Value>,
    wrong: &mut Vec<String>,
) {
    let mut found: BTreeMap<u64, Value> = BTreeMap::new();
    for row in rows {
        if let Some(first) = found.insert(number(&row["rentId"]), fields(row)) {
            wrong.push(format!("a second {what} for one rent: {row}, after {first}"));
        }
    }
    for rent in found.keys().chain(expected.keys()).collect::<BTreeSet<_>>() {
        let (found, expected) = (found.get(rent), expected.get(rent));
        if found != expected {
            wrong.push(format!("{what} of rent {rent}: {found:?}, and the log tells {expected:?}"));
        }
    }
}

fn last(entries: &[Entry], of: impl Fn(&Entry) -> Value) -> Value {
    entries.last().map_or(Value::Null, of)
}

/// The fields of a resource or of an event, without what each adds around them.
fn fields(value: &Value) -> Value {
    without(value, &["_links", "eventType", "timestamp"])
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u64, kind: &str, data: Value) -> Entry {
        let event = json!({"id": number.to_string(), "source": "/test", "data": data});
        Entry { number, kind: kind.to_owned(), text: event.to_string(), event }
    }

    /// One book, rented and delivered.
    fn settled() -> Truth {
        let rented = json!({"id": 7, "bookId": 1, "userId": 2, "status": "Rent"});
        let delivery = json!({"id": 3, "rentId": 7, "bookId": 1, "status": "Delivery Started"});
        Truth {
            log: vec![
                entry(1, "Registered", json!({"id": 1})),
                entry(2, "BookRented", rented.clone()),
                entry(3, "DeliveryStarted", delivery.clone()),
            ],
            books: vec![json!({"id": 1, "status": false})],
            rents: vec![rented],
            deliveries: vec![delivery],
            views: vec![json!({"id": 1, "rentId": 7, "bookId": 1, "userId": 2,
                "rentStatus": "Rent", "deliveryId": 3, "deliveryStatus": "Delivery Started"})],
            dead_letters: 0,
        }
    }

    #[test]
    fn what_agrees_is_no_contradiction() {
        assert_eq!(settled().contradictions(), Vec::<String>::new());
        assert_eq!(settled().told_of("DeliveryStarted", "rentId"), [7]);
    }

    type Change = fn(&mut Truth);

    #[test]
    fn each_thing_that_is_not_true_is_found() {
        let changes: [(&str, Change); 8] = [
            ("the log has 4 where 3", |t| t.log[2].number = 4),
            ("two events have the id", |t| t.log[1].event["id"] = json!("1")),
            ("was not told once", |t| t.log.truncate(2)),
            ("where the log tells of Rent", |t| t.rents[0]["status"] = json!("Fail")),
            ("is not there", |t| t.rents.clear()),
            ("held by the rents [7]", |t| t.books[0]["status"] = json!(true)),
            ("a second delivery", |t| t.deliveries.push(t.deliveries[0].clone())),
            ("row of the view of rent 7", |t| t.views[0]["deliveryStatus"] = Value::Null),
        ];
        for (expected, change) in changes {
            let mut truth = settled();
            change(&mut truth);
            let wrong = truth.contradictions().join("\n");
            assert!(wrong.contains(expected), "{expected:?} is not in {wrong:?}");
        }
    }
}
