//! What follows from what was told of one user.

use crate::log::{Entry, without};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What the log tells of one user: each event once.
#[derive(Debug, Default)]
pub(super) struct Told<'l>(pub(super) BTreeMap<&'l str, &'l Entry>);

impl<'l> Told<'l> {
    fn at(&self, kind: &str) -> Option<u64> {
        self.0.get(kind).map(|entry| entry.number)
    }

    fn field(&self, kind: &str, field: &str) -> Value {
        self.0.get(kind).map_or(Value::Null, |entry| entry.event["data"][field].clone())
    }

    /// An event's fields, without what it adds around them.
    fn fields(&self, kind: &str) -> Option<Value> {
        Some(without(&self.0.get(kind)?.event["data"], &["eventType", "timestamp"]))
    }

    pub(super) fn check(&self, user: u64, wrong: &mut Vec<String>) {
        let asked = self.at("UserReservationRequested");
        let (placed, rejected) = (self.at("ReservationRequested"), self.at("ReservationRejected"));
        let (cancelled, freed) =
            (self.at("UserReservationCancelled"), self.at("ReservationCancelled"));
        let (received, canceled) =
            (self.at("HospitalReservationReceived"), self.at("HospitalReservationCancelled"));
        let injected = self.at("VaccineInjected");
        // Who was injected before the cancel was told has used the place.
        let is_used = injected.is_some() && injected < cancelled;
        let follows = asked.is_some()
            && placed.is_some() != rejected.is_some()
            && received.is_some() == placed.is_some()
            && freed.is_some() == (cancelled.is_some() && placed.is_some() && !is_used)
            && canceled.is_some() == (freed.is_some() && injected.is_none());
        let precedes = |a: Option<u64>, b: Option<u64>| b.is_none() || (a.is_some() && a < b);
        let is_in_order = [
            (asked, placed),
            (asked, rejected),
            (asked, cancelled),
            (cancelled, freed),
            (placed, freed),
            (placed, received),
            (received, canceled),
            (freed, canceled),
            (received, injected),
        ];
        if !follows || !is_in_order.into_iter().all(|(a, b)| precedes(a, b)) {
            let kinds: Vec<_> = self.0.iter().map(|(kind, entry)| (entry.number, *kind)).collect();
            wrong.push(format!("user {user} was not told as it must be: {kinds:?}"));
        }
    }

    pub(super) fn user(&self) -> Option<Value> {
        let mut user = self.fields("UserReservationRequested")?;
        if let Some(cancelled) = self.fields("UserReservationCancelled") {
            user = cancelled;
        } else if self.at("ReservationRejected").is_some() {
            user["reserveStatus"] = json!("REJECT");
            // When user heard of it, which nobody tells.
            user["modifyDate"] = Value::Null;
        }
        if self.at("VaccineInjected").is_some() {
            user["reserveStatus"] = json!("INJECT");
            user["modifyDate"] = self.field("VaccineInjected", "injectDate");
            user["injectDate"] = user["modifyDate"].clone();
            user["vaccineType"] = self.field("VaccineInjected", "vaccineType");
        }
        Some(user)
    }

    pub(super) fn reservation(&self) -> Option<Value> {
        if let Some(freed) = self.fields("ReservationCancelled") {
            let since = self.field("UserReservationCancelled", "modifyDate");
            assert_eq!(freed["cancelDate"], since, "when the user cancelled");
            return Some(freed);
        }
        let mut reservation =
            self.fields("ReservationRequested").or(self.fields("ReservationRejected"))?;
        if self.at("VaccineInjected").is_some() {
            reservation["reserveStatus"] = json!("INJECT");
        }
        Some(reservation)
    }

    pub(super) fn hospital(&self) -> Option<Value> {
        self.fields("VaccineInjected")
            .or(self.fields("HospitalReservationCancelled"))
            .or(self.fields("HospitalReservationReceived"))
    }

    pub(super) fn row(&self) -> Option<Value> {
        let begun = self.fields("ReservationRequested").or(self.fields("ReservationRejected"))?;
        let (injected, freed) = (self.at("VaccineInjected"), self.at("ReservationCancelled"));
        let is_freed = freed.is_some() && injected.is_none_or(|injected| freed < Some(injected));
        let status = match (injected, is_freed) {
            (Some(_), _) => json!("INJECT"),
            (None, true) => json!("CANCEL"),
            (None, false) => begun["reserveStatus"].clone(),
        };
        let cancel_date = self.field("ReservationCancelled", "cancelDate");
        Some(json!({
            "userId": begun["userId"],
            "userName": begun["userName"],
            "userRegNumber": begun["userRegNumber"],
            "reserveStatus": status,
            "reserveDate": begun["reserveDate"],
            "cancelDate": if is_freed { cancel_date } else { Value::Null },
            "injectDate": self.field("VaccineInjected", "injectDate"),
            "vaccineType": self.field("HospitalReservationReceived", "vaccineType"),
        }))
    }
}
