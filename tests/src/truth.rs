//! What is always true of BookRent once it has settled (`Always true` in its specification), checked
//! against the log, which forgets nothing.

use crate::bookrent::BookRent;
use crate::log::Entry;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What the log tells of one rent.
#[derive(Debug, Default)]
struct Told {
    rented: Vec<Entry>,
    cancelled: Vec<Entry>,
    started: Vec<Entry>,
    delivery_cancelled: Vec<Entry>,
}

impl BookRent<'_> {
    /// Settles, and checks all that is then true: of each rent everything was told exactly once, in
    /// order; there is one delivery for it and one row of the view, which agree with the log; a book
    /// is not free exactly when one running rent holds it; nothing went to the dead letters.
    ///
    /// All books must have been registered as free, and the log must hold no foreign events.
    ///
    /// # Panics
    /// With what is not true.
    #[track_caller]
    pub fn check(&self) {
        self.settle();
        let log = self.log();
        check_log(&log);
        let told = by_rent(&log);
        for (rent, told) in &told {
            check_order(*rent, told);
        }
        self.check_rents(&told);
        self.check_deliveries(&told);
        self.check_views(&told);
        self.check_books(&told);
        for context in ["book", "rent", "delivery", "view"] {
            assert_eq!(self.info(context)["deadLetters"], 0, "{context} has dead letters");
        }
    }

    #[track_caller]
    fn check_rents(&self, told: &BTreeMap<u64, Told>) {
        let rents = self.all("rents");
        for rent in &rents {
            let told = told.get(&number(&rent["id"]));
            let expected = match told {
                None => "Fail",
                Some(told) if told.cancelled.is_empty() => "Rent",
                Some(_) => "Cancel",
            };
            assert_eq!(rent["status"], expected, "{rent} but the log tells {told:#?}");
        }
        let running = told.iter().filter(|(_, told)| told.cancelled.is_empty());
        for (rent, _) in running {
            assert!(
                rents.iter().any(|r| r["id"] == *rent),
                "rent {rent} was told and is not there"
            );
        }
    }

    #[track_caller]
    fn check_deliveries(&self, told: &BTreeMap<u64, Told>) {
        let expected: BTreeMap<u64, Value> = told
            .iter()
            .map(|(rent, told)| {
                let mut data = told.started[0].event["data"].clone();
                if let Some(cancelled) = told.delivery_cancelled.first() {
                    data["status"] = cancelled.event["data"]["status"].clone();
                }
                (*rent, fields(&data))
            })
            .collect();
        let found = self.all("deliveries");
        let count = found.len();
        let found: BTreeMap<u64, Value> =
            found.into_iter().map(|d| (number(&d["rentId"]), fields(&d))).collect();
        assert_eq!(found.len(), count, "two deliveries for one rent");
        assert_eq!(found, expected, "the deliveries and those that the log tells of");
    }

    #[track_caller]
    fn check_views(&self, told: &BTreeMap<u64, Told>) {
        let expected: BTreeMap<u64, Value> = told
            .iter()
            .map(|(rent, told)| {
                let last = |entries: &[Entry], field: &str| {
                    entries.last().map(|entry| entry.event["data"][field].clone())
                };
                let rented = &told.rented[0].event["data"];
                let row = json!({
                    "rentId": rent,
                    "bookId": rented["bookId"],
                    "userId": rented["userId"],
                    "rentStatus": last(&told.cancelled, "status").unwrap_or(json!("Rent")),
                    "deliveryId": last(&told.started, "id"),
                    "deliveryStatus": last(&told.delivery_cancelled, "status")
                        .or(last(&told.started, "status")),
                });
                (*rent, row)
            })
            .collect();
        let found = self.all("views");
        let count = found.len();
        let found: BTreeMap<u64, Value> = found
            .into_iter()
            .map(|mut view| {
                let rent = number(&view["rentId"]);
                if let Some(view) = view.as_object_mut() {
                    view.remove("id");
                }
                (rent, fields(&view))
            })
            .collect();
        assert_eq!(found.len(), count, "two rows for one rent");
        assert_eq!(found, expected, "the view and what the log tells");
    }

    #[track_caller]
    fn check_books(&self, told: &BTreeMap<u64, Told>) {
        let mut holders: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for (rent, told) in told.iter().filter(|(_, told)| told.cancelled.is_empty()) {
            holders.entry(told.rented[0].number_of("bookId")).or_default().push(*rent);
        }
        let books = self.all("books");
        for book in &books {
            let holders = holders.remove(&number(&book["id"])).unwrap_or_default();
            assert!(holders.len() <= 1, "{book} is held by the rents {holders:?}");
            assert_eq!(book["status"], holders.is_empty(), "{book}, held by the rents {holders:?}");
        }
        assert!(holders.is_empty(), "books that are not there are held: {holders:?}");
    }
}

#[track_caller]
fn check_log(log: &[Entry]) {
    let numbers: Vec<u64> = log.iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, (1..=log.len() as u64).collect::<Vec<_>>(), "the log has gaps");
    let mut ids = BTreeSet::new();
    for entry in log {
        let id = (entry.text_of("source").to_owned(), entry.text_of("id").to_owned());
        assert!(!id.1.is_empty(), "an event without an id: {entry:?}");
        assert!(ids.insert(id.clone()), "two events have the id {id:?}");
    }
}

fn by_rent(log: &[Entry]) -> BTreeMap<u64, Told> {
    let mut rents: BTreeMap<u64, Told> = BTreeMap::new();
    for entry in log {
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

#[track_caller]
fn check_order(rent: u64, told: &Told) {
    let Told { rented, cancelled, started, delivery_cancelled } = told;
    let once = |entries: &[Entry]| entries.len() == 1;
    assert!(once(rented) && once(started), "rent {rent}: not exactly once: {told:#?}");
    assert!(cancelled.len() <= 1, "rent {rent}: cancelled twice: {told:#?}");
    assert_eq!(delivery_cancelled.len(), cancelled.len(), "rent {rent}: {told:#?}");
    let precede =
        |a: &[Entry], b: &[Entry]| b.iter().all(|b| a.iter().all(|a| a.number < b.number));
    let in_order = precede(rented, started)
        && precede(rented, cancelled)
        && precede(started, delivery_cancelled)
        && precede(cancelled, delivery_cancelled);
    assert!(in_order, "rent {rent}: not in order: {told:#?}");
}

/// The fields of a resource or of an event, without what each adds around them.
fn fields(value: &Value) -> Value {
    let mut fields = value.clone();
    if let Some(fields) = fields.as_object_mut() {
        for added in ["_links", "eventType", "timestamp"] {
            fields.remove(added);
        }
    }
    fields
}

#[track_caller]
fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}
