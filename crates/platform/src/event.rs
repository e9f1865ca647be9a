//! Events: CloudEvents 1.0 in JSON, as they stand in the log and on the channel.

use std::time::SystemTime;

use humantime::format_rfc3339_millis;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::env::{Cause, Env};
use crate::error::Error;
use crate::json;

/// A WIT record that is an event, known by its type's name on the wire. Made by [`events!`](crate::events)
/// and [`heard!`](crate::heard).
pub trait Fact: DeserializeOwned {
    /// The name on the wire, letter for letter as the seed has it.
    const TYPE: &'static str;

    /// The record, from the fields that a former version of the event had; where it had others, none.
    fn formerly(_: &Envelope) -> Option<Self> {
        None
    }
}

/// What a context's aggregates tell: the sum of its events. Made by [`events!`](crate::events).
pub trait Event {
    /// The names of all of them.
    fn names() -> &'static [&'static str]
    where
        Self: Sized;

    /// The name on the wire.
    fn name(&self) -> &'static str;

    /// The fields, in camelCase.
    ///
    /// # Errors
    /// A fault where a record cannot be JSON.
    fn data(&self) -> Result<Value, Error>;
}

/// Makes the sum of a context's events from WIT records: the name of each record is its name on the
/// wire. Of a context that tells nothing it has no members.
#[macro_export]
macro_rules! events {
    ($(#[$doc:meta])* $vis:vis enum $sum:ident { $($event:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        $vis enum $sum {
            $(#[doc = concat!("`", stringify!($event), "`")] $event($event)),*
        }
        impl $crate::event::Event for $sum {
            fn names() -> &'static [&'static str] {
                &[$(stringify!($event)),*]
            }
            fn name(&self) -> &'static str {
                match *self { $($sum::$event(_) => stringify!($event)),* }
            }
            fn data(&self) -> Result<$crate::Value, $crate::Error> {
                match *self { $($sum::$event(ref record) => $crate::json::to_wire(record)),* }
            }
        }
        $(impl From<$event> for $sum {
            fn from(record: $event) -> Self { $sum::$event(record) }
        })*
    };
}

/// Names the events of other contexts that this one hears.
///
/// An event whose fields have changed is read in its former versions, too, as long as some may stand in a
/// log: `heard!(BookRented or BookRented1)`, where WIT keeps the former record and the hearer says by
/// `From<BookRented1> for BookRented` what it means today (`docs/EVENTS.md`).
#[macro_export]
macro_rules! heard {
    ($($event:ident $(or $former:ident)*),+ $(,)?) => {
        $(impl $crate::event::Fact for $event {
            const TYPE: &'static str = stringify!($event);
            $crate::heard!(@ $($former)*);
        })+
    };
    (@) => {};
    (@ $($former:ident)+) => {
        fn formerly(envelope: &$crate::event::Envelope) -> Option<Self> {
            None$(.or_else(|| envelope.read::<$former>().ok().map(Self::from)))+
        }
    };
}

/// An event in its envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Unique within `source`: the aggregate's version that the event led to.
    pub id: String,
    /// The context: `/bookrent/rent`.
    pub source: String,
    /// Always `1.0`.
    pub specversion: String,
    /// The event's name: `BookRented`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The aggregate: `rents/1`.
    pub subject: String,
    /// RFC 3339, UTC.
    pub time: String,
    /// Always `application/json`.
    pub datacontenttype: String,
    /// W3C trace context.
    pub traceparent: String,
    /// The saga: the id of its first command.
    pub correlationid: String,
    /// The event or command that caused this one.
    pub causationid: String,
    /// The fields, with the seeds' `eventType` and `timestamp`.
    pub data: Value,
}

impl Envelope {
    /// The envelope of an event that a piece of work tells.
    ///
    /// # Errors
    /// A fault where the event cannot be JSON.
    pub fn new(env: &Env, id: String, subject: String, event: &dyn Event) -> Result<Self, Error> {
        let time = rfc3339(env.host.now());
        let mut data = event.data()?;
        data["eventType"] = json!(event.name());
        data["timestamp"] = json!(timestamp(&time));
        Ok(Envelope {
            id,
            source: format!("/{}/{}", env.system, env.context),
            specversion: "1.0".to_owned(),
            kind: event.name().to_owned(),
            subject,
            time,
            datacontenttype: "application/json".to_owned(),
            traceparent: env.cause.traceparent.clone(),
            correlationid: env.cause.correlation.clone(),
            causationid: env.cause.id.clone(),
            data,
        })
    }

    /// The record within.
    ///
    /// # Errors
    /// A fault where the fields are not those of the record: the event goes to the dead letters.
    pub fn fact<F: Fact>(&self) -> Result<F, Error> {
        self.read().or_else(|error| F::formerly(self).ok_or(error))
    }

    /// The fields, as a record of whatever version.
    ///
    /// # Errors
    /// A fault where they are others.
    pub fn read<R: DeserializeOwned>(&self) -> Result<R, Error> {
        json::record(self.data.clone())
            .map_err(|error| Error::Fault(format!("{} {}: {error}", self.kind, self.id)))
    }

    /// What this event is the cause of, and where in the trace.
    pub fn cause(&self, traceparent: String) -> Cause {
        Cause { id: self.id.clone(), correlation: self.correlationid.clone(), traceparent }
    }
}

/// RFC 3339 in UTC, with milliseconds.
pub fn rfc3339(at: SystemTime) -> String {
    format_rfc3339_millis(at).to_string()
}

/// The seeds' form of a time, `yyyyMMddHHmmss`, from RFC 3339.
fn timestamp(rfc3339: &str) -> String {
    rfc3339.chars().take_while(|c| *c != '.').filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Paid {
        amount: u64,
        currency: String,
        note: Option<String>,
    }

    #[derive(Deserialize)]
    struct Paid1 {
        won: u64,
    }

    #[derive(Deserialize)]
    struct Paid2 {
        cents: u64,
    }

    impl From<Paid1> for Paid {
        fn from(paid: Paid1) -> Self {
            Paid { amount: paid.won, currency: "KRW".to_owned(), note: None }
        }
    }

    impl From<Paid2> for Paid {
        fn from(paid: Paid2) -> Self {
            Paid { amount: paid.cents, currency: "EUR".to_owned(), note: None }
        }
    }

    heard!(Paid or Paid1 or Paid2);

    #[derive(Debug, Deserialize)]
    struct Given {
        #[allow(dead_code, reason = "only read")]
        coins: u64,
    }

    heard!(Given);

    fn told(data: Value) -> Envelope {
        let text = String::new;
        Envelope {
            id: "1".to_owned(),
            source: text(),
            specversion: text(),
            kind: "Paid".to_owned(),
            subject: text(),
            time: text(),
            datacontenttype: text(),
            traceparent: text(),
            correlationid: text(),
            causationid: text(),
            data,
        }
    }

    #[test]
    fn every_former_version_of_an_event_is_read_as_what_it_means_today() {
        let paid = |amount, currency: &str| Paid { amount, currency: currency.into(), note: None };
        let read = |data| told(data).fact::<Paid>();
        assert_eq!(read(json!({"amount": 3, "currency": "USD"})), Ok(paid(3, "USD")));
        assert_eq!(read(json!({"won": 4000})), Ok(paid(4000, "KRW")));
        assert_eq!(read(json!({"cents": 5})), Ok(paid(5, "EUR")));
        // The first that fits: today's before any former one, and those in the order of `heard!`.
        assert_eq!(read(json!({"cents": 5, "won": 6})), Ok(paid(6, "KRW")));
        assert_eq!(read(json!({"won": 6, "amount": 7, "currency": "USD"})), Ok(paid(7, "USD")));
    }

    #[test]
    fn a_field_that_nobody_knows_does_no_harm() {
        let told = told(json!({"amount": 3, "currency": "USD", "eventType": "Paid", "new": [1]}));
        assert_eq!(told.fact::<Paid>().unwrap().amount, 3);
    }

    #[test]
    fn what_is_none_of_the_versions_is_a_fault_that_names_the_event_and_what_it_lacks_today() {
        let fault = told(json!({"dollars": 6})).fact::<Paid>().unwrap_err();
        let Error::Fault(why) = fault else { panic!("{fault:?}") };
        assert!(why.starts_with("Paid 1: ") && why.contains("amount"), "{why}");
        assert!(told(json!({"won": 1})).fact::<Given>().is_err());
    }
}
