//! What is always true of Lecture: everything that can be seen from outside, checked against the log,
//! which forgets nothing, and against each other.

use super::{CONTEXTS, Lecture};
use crate::log::{self, Entry, without};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// All that Lecture holds, once it has settled.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// The whole log.
    pub log: Vec<Entry>,
    /// All that is listed, by the name of its collection.
    pub listed: BTreeMap<&'static str, Vec<Value>>,
    /// The canceled classes, found by their ids.
    pub canceled: Vec<Value>,
    /// How many events went to the dead letters of all contexts together.
    pub dead_letters: u64,
}

/// What can be listed.
const COLLECTIONS: [&str; 8] =
    ["courses", "classes", "payments", "deliveries", "points", "gifts", "alerts", "inquiryMypages"];

impl Lecture<'_> {
    /// Settles, and reads all there is.
    ///
    /// # Panics
    /// When it does not settle.
    #[track_caller]
    pub fn truth(&self) -> Truth {
        self.settle();
        let log = self.log();
        let canceled = log::told_of(&log, "ClassCanceled", "id");
        Truth {
            listed: COLLECTIONS.map(|collection| (collection, self.all(collection))).into(),
            canceled: canceled
                .into_iter()
                .filter(|class| *class > 0)
                .map(|class| self.of_class("classes", class))
                .collect(),
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
    /// What is not as it must be, a line each: the log has no gaps; of each class everything was told
    /// exactly once, in order; each collection holds what the log tells of it and nothing else; a
    /// student was alerted of each event once, in order; and the three lines that are always true.
    pub fn contradictions(&self) -> Vec<String> {
        let mut wrong = log::contradictions(&self.log);
        let classes = self.classes();
        for (id, told) in &classes {
            told.check(*id, &mut wrong);
        }
        let rows = |of: fn(&Told) -> Option<Value>| classes.values().filter_map(of).collect();
        self.check_rows("courses", self.courses(), &mut wrong);
        self.check_rows("classes", rows(|told| told.class(false)), &mut wrong);
        self.check_rows("payments", rows(|told| told.last("Payment")), &mut wrong);
        self.check_rows("deliveries", rows(|told| told.last("Delivery")), &mut wrong);
        self.check_rows("points", rows(|told| told.last("Point")), &mut wrong);
        self.check_rows("gifts", rows(|told| told.last("Gift")), &mut wrong);
        compare("canceled classes", &self.canceled, rows(|told| told.class(true)), &mut wrong);
        self.check_alerts(&mut wrong);
        wrong.extend(self.untrue());
        wrong.extend(self.unlike_the_log());
        wrong
    }

    /// Where My Page is not what the log makes of it, a line each.
    pub fn unlike_the_log(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let pages = self.classes().values().filter_map(Told::page).collect();
        self.check_rows("inquiryMypages", pages, &mut wrong);
        wrong
    }

    /// What of the three lines that are always true is not, a line each: payments in `CONFIRM` = classes
    /// registered; points of a student = 10% of their confirmed payments; one gift per class with points.
    pub fn untrue(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let standing = |collection, status: &'static str| {
            self.listed[collection].iter().filter(move |row| row["status"] == status)
        };
        let ids = |rows: &mut dyn Iterator<Item = &Value>, id: &str| -> Vec<u64> {
            let mut ids: Vec<_> = rows.filter_map(|row| row[id].as_u64()).collect();
            ids.sort_unstable();
            ids
        };
        let paid = ids(&mut standing("payments", "CONFIRM"), "classId");
        let registered = ids(&mut standing("classes", "CLASS_REGISTERED"), "id");
        if paid != registered {
            wrong.push(format!("{paid:?} are paid, and {registered:?} are registered"));
        }
        let mut points: BTreeMap<String, u64> = BTreeMap::new();
        for row in &self.listed["points"] {
            *points.entry(row["student"].to_string()).or_default() += number(row, "point");
        }
        let mut tenths: BTreeMap<String, u64> =
            points.keys().map(|student| (student.clone(), 0)).collect();
        for row in standing("payments", "CONFIRM") {
            *tenths.entry(row["student"].to_string()).or_default() += number(row, "fee") / 10;
        }
        if points != tenths {
            wrong.push(format!("the points are {points:?}, and a tenth of the fees is {tenths:?}"));
        }
        let with_points = ids(&mut standing("points", "POINT_GIVEN"), "classId");
        let mut given = standing("gifts", "GIFT_GIVEN").filter(|gift| gift["count"] == 1);
        let with_gifts = ids(&mut given, "classId");
        if with_points != with_gifts {
            wrong.push(format!("{with_points:?} have points, and {with_gifts:?} have a gift"));
        }
        wrong
    }

    /// What the log tells of each class.
    fn classes(&self) -> BTreeMap<u64, Told> {
        let mut classes: BTreeMap<u64, Told> = BTreeMap::new();
        for entry in &self.log {
            if let Some(class) = class_of(entry) {
                classes.entry(class).or_default().0.push(entry.clone());
            }
        }
        classes
    }

    fn courses(&self) -> Vec<Value> {
        let mut courses = BTreeMap::new();
        for entry in self.log.iter().filter(|entry| entry.kind.starts_with("Course")) {
            if entry.kind == "CourseDeleted" {
                courses.remove(&entry.number_of("id"));
            } else {
                courses.insert(entry.number_of("id"), fields_of(entry));
            }
        }
        courses.into_values().collect()
    }

    /// Alerts have no other order than that of the events.
    fn check_alerts(&self, wrong: &mut Vec<String>) {
        let of_students = self.log.iter().filter(|entry| class_of(entry).is_some());
        let expected: Vec<_> = of_students
            .map(
                |entry| json!({"student": entry.event["data"]["student"], "eventType": entry.kind}),
            )
            .collect();
        let alerts = self.listed["alerts"].iter();
        let found: Vec<_> =
            alerts.map(|row| without(row, &["id", "message", "time", "_links"])).collect();
        if found != expected {
            wrong.push(format!("the alerts are {found:?}, and the log tells {expected:?}"));
        }
    }

    fn check_rows(&self, collection: &str, expected: Vec<Value>, wrong: &mut Vec<String>) {
        compare(collection, &self.listed[collection], expected, wrong);
    }
}

/// What the log tells of one class, in order.
#[derive(Debug, Default)]
struct Told(Vec<Entry>);

impl Told {
    fn check(&self, class: u64, wrong: &mut Vec<String>) {
        let mut expected = vec!["PaymentApproved", "DeliveryStarted", "GiftGiven", "PointGiven"];
        let (is_registered, is_canceled) = (self.is("ClassRegistered"), self.is("ClassCanceled"));
        if is_registered || is_canceled {
            expected.push("ClassRegistered");
        }
        if is_canceled {
            expected.push("ClassCanceled");
        }
        // What is not registered in the end was paid for nothing, and is taken back.
        if is_canceled || !is_registered {
            expected.extend(["PaymentCanceled", "DeliveryCanceled", "PointCanceled"]);
            expected.push("GiftCanceled");
        }
        expected.sort_unstable();
        let kinds: Vec<_> = self.0.iter().map(|entry| entry.kind.as_str()).collect();
        let mut sorted = kinds.clone();
        sorted.sort_unstable();
        let orders: [&[&str]; 5] = [
            &["PaymentApproved", "ClassRegistered", "ClassCanceled", "PaymentCanceled"],
            &["PaymentApproved", "DeliveryStarted", "DeliveryCanceled"],
            &["PaymentApproved", "GiftGiven", "PointGiven", "PointCanceled", "GiftCanceled"],
            &["PaymentCanceled", "DeliveryCanceled"],
            &["PaymentCanceled", "PointCanceled"],
        ];
        let at = |kind: &&str| kinds.iter().position(|told| told == kind);
        let in_order = orders.iter().all(|order| order.iter().filter_map(at).is_sorted());
        if sorted != expected || !in_order {
            wrong.push(format!("{class} was not told once and in order: {kinds:?}"));
        }
    }

    fn is(&self, kind: &str) -> bool {
        self.0.iter().any(|entry| entry.kind == kind)
    }

    /// The fields of the last event whose name begins so, as far as a resource has them.
    fn last(&self, name: &str) -> Option<Value> {
        let last = self.0.iter().rfind(|entry| entry.kind.starts_with(name))?;
        let but = if name == "Payment" { "textBook" } else { "courseName" };
        Some(without(&fields_of(last), &[but]))
    }

    fn class(&self, is_canceled: bool) -> Option<Value> {
        self.last("Class").filter(|class| (class["status"] == "CLASS_CANCEL") == is_canceled)
    }

    fn page(&self) -> Option<Value> {
        let field = |kind: &str, name: &str| {
            let last = self.0.iter().rfind(|entry| entry.kind.starts_with(kind));
            last.map_or(Value::Null, |entry| entry.event["data"][name].clone())
        };
        let paid = |name| field("PaymentApproved", name);
        Some(json!({
            "classId": paid("classId"),
            "courseId": paid("courseId"),
            "courseName": field("DeliveryStarted", "courseName"),
            "student": paid("student"),
            "fee": paid("fee"),
            "textBook": paid("textBook"),
            "classStatus": field("Class", "status"),
            "paymentStatus": field("Payment", "status"),
            "deliveryStatus": field("Delivery", "status"),
            "point": field("Point", "point"),
            "giftCount": field("Gift", "count"),
        }))
    }
}

/// The class that an event is of, if it is of one.
pub(super) fn class_of(entry: &Entry) -> Option<u64> {
    match entry.kind.as_str() {
        "ClassRegistered" | "ClassCanceled" => Some(entry.number_of("id")),
        kind if kind.starts_with("Course") => None,
        _ => Some(entry.number_of("classId")),
    }
}

/// Compares rows with those that the log makes expected. A row of My Page has an id that nobody tells.
fn compare(what: &str, rows: &[Value], expected: Vec<Value>, wrong: &mut Vec<String>) {
    let names: &[&str] = if what == "inquiryMypages" { &["_links", "id"] } else { &["_links"] };
    let mut rest = expected;
    for row in rows.iter().map(|row| without(row, names)) {
        match rest.iter().position(|expected| *expected == row) {
            Some(at) => drop(rest.swap_remove(at)),
            None => wrong.push(format!("{what} have {row}, of which the log does not tell")),
        }
    }
    for row in rest {
        wrong.push(format!("{what} do not have {row}, of which the log tells"));
    }
}

fn number(row: &Value, field: &str) -> u64 {
    row[field].as_u64().unwrap_or_default()
}

/// An event's fields, without what it adds around them.
fn fields_of(entry: &Entry) -> Value {
    without(&entry.event["data"], &["eventType", "timestamp"])
}

#[cfg(test)]
mod tests;
