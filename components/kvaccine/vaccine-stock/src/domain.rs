//! vaccine-stock (백신 창고): a ledger of what came in and went out, and what there is.

use std::collections::BTreeMap;

use madang::{Aggregate, Decision, Rejection, Value, text_within};
use serde::{Deserialize, Serialize};

use crate::contract::exports::madang::kvaccine::vaccine_stocks::{
    Arrival, Balance, VaccineStock as Resource,
};

/// What is written in a ledger stays.
pub const WRITTEN: Rejection = Rejection::state("an entry of the ledger stays as it is");
/// So that whoever may post cannot fill the store with names.
pub const TOO_MANY_TYPES: Rejection = Rejection::state("there are 100 types already");
/// Nobody has so much vaccine.
pub const TOO_MUCH: Rejection = Rejection::state("that is more than can be counted");

/// The most that arrives at once.
const MOST: u64 = 1_000_000_000;
/// The most types of vaccine.
const MOST_TYPES: usize = 100;

/// An entry of the ledger (백신 입출고 이력).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VaccineStock {
    id: u64,
    /// The vaccine.
    pub vaccine_type: String,
    /// What came in; below zero what went out.
    pub vaccine_count: i64,
    time: String,
}

/// What can be written in the ledger.
#[derive(Debug, Clone)]
pub enum Command {
    /// Vaccine arrives.
    Arrive {
        /// The entry's id.
        id: u64,
        /// What arrives.
        arrival: Arrival,
        /// The time that it is.
        time: String,
    },
    /// A dose is reserved, or left over.
    Move {
        /// The entry's id.
        id: u64,
        /// The vaccine.
        vaccine_type: String,
        /// −1 or 1.
        vaccine_count: i64,
        /// The time that it is.
        time: String,
    },
}

madang::events! {
    /// Nothing is told of stocks: nobody listens (the seed dropped 백신이 출고됨 for that).
    pub enum Nothing {}
}

impl Aggregate for VaccineStock {
    const COLLECTION: &'static str = "vaccineStocks";
    const ENTITY: &'static str = "VaccineStock";
    type Command = Command;
    type Event = Nothing;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        if state.is_some() {
            return Err(WRITTEN);
        }
        Ok(Decision::quiet(match command {
            Command::Arrive { id, arrival, time } => {
                let Arrival { vaccine_type, vaccine_count } = arrival;
                text_within("vaccineType", &vaccine_type, 1, 50)?;
                // A resident registration number (주민번호) that got here by mistake is not kept.
                if vaccine_type.chars().filter(|c| c.is_numeric()).count() >= 13 {
                    let must = "must have fewer than 13 digits";
                    return Err(Rejection::invalid("vaccineType", Value::Null, must));
                }
                let count = i64::try_from(vaccine_count).ok();
                let count = count.filter(|_| (1..=MOST).contains(&vaccine_count));
                let vaccine_count = count.ok_or_else(|| {
                    Rejection::invalid("vaccineCount", vaccine_count, "must be 1 to 1000000000")
                })?;
                VaccineStock { id, vaccine_type, vaccine_count, time }
            }
            Command::Move { id, vaccine_type, vaccine_count, time } => {
                VaccineStock { id, vaccine_type, vaccine_count, time }
            }
        }))
    }

    fn resource(&self) -> Option<Resource> {
        let VaccineStock { id, vaccine_type, vaccine_count, time } = self.clone();
        Some(Resource { id, vaccine_type, vaccine_count, time })
    }
}

/// The sums of the ledger, kept with it. Clients see them as balances.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Stock {
    counts: BTreeMap<String, i64>,
}

/// Something is written in the ledger.
#[derive(Debug, Clone)]
pub struct Count {
    /// The vaccine.
    pub vaccine_type: String,
    /// How much more there is; below zero, less.
    pub vaccine_count: i64,
}

impl Stock {
    /// The id of the one stock that there is.
    pub const ID: u64 = 1;

    /// What there is of each type.
    pub fn balances(self) -> Vec<Balance> {
        let counts = self.counts.into_iter();
        counts
            .map(|(vaccine_type, vaccine_count)| Balance { vaccine_type, vaccine_count })
            .collect()
    }
}

impl Aggregate for Stock {
    const COLLECTION: &'static str = "stocks";
    const ENTITY: &'static str = "Stock";
    type Command = Count;
    type Event = Nothing;
    type Resource = ();

    fn decide(state: Option<Self>, counted: Count) -> Result<Decision<Self>, Rejection> {
        let Stock { mut counts } = state.unwrap_or_default();
        let Count { vaccine_type, vaccine_count } = counted;
        if counts.len() >= MOST_TYPES && !counts.contains_key(&vaccine_type) {
            return Err(TOO_MANY_TYPES);
        }
        let count = counts.entry(vaccine_type).or_default();
        *count = count.checked_add(vaccine_count).ok_or(TOO_MUCH)?;
        Ok(Decision::quiet(Stock { counts }))
    }

    fn resource(&self) -> Option<()> {
        None
    }
}

#[cfg(test)]
mod tests {
    use madang::spec::given;

    use super::*;

    const NOON: &str = "2026-11-21 12:00:00";

    fn arrive(vaccine_type: &str, vaccine_count: u64) -> Command {
        let arrival = Arrival { vaccine_type: vaccine_type.to_owned(), vaccine_count };
        Command::Arrive { id: 1, arrival, time: NOON.to_owned() }
    }

    fn count(vaccine_type: &str, vaccine_count: i64) -> Count {
        Count { vaccine_type: vaccine_type.to_owned(), vaccine_count }
    }

    #[test]
    fn what_arrives_and_what_goes_out_is_written_down_for_good() {
        let entry = |vaccine_count| {
            let vaccine_type = "Pfizer".to_owned();
            Some(Resource { id: 1, vaccine_type, vaccine_count, time: NOON.to_owned() })
        };
        let written = given::<VaccineStock>([]).when(arrive("Pfizer", 5)).then_silence();
        assert_eq!(written.resource(), entry(5));
        written.when(arrive("Pfizer", 6)).then_rejected(WRITTEN);
        let (vaccine_type, time) = ("Pfizer".to_owned(), NOON.to_owned());
        let out = Command::Move { id: 1, vaccine_type, vaccine_count: -1, time };
        assert_eq!(given::<VaccineStock>([out]).resource(), entry(-1));
    }

    #[test]
    fn what_arrives_has_a_name_and_is_at_least_one() {
        let refused = |command, property: &'static str, value: Value, must: &'static str| {
            let why = Rejection::invalid(property, value, must);
            given::<VaccineStock>([]).when(command).then_rejected(why);
        };
        let (long, longest) = ("백".repeat(51), "백".repeat(50));
        for name in ["", long.as_str()] {
            refused(arrive(name, 1), "vaccineType", name.into(), "must be 1 to 50 characters");
        }
        let must = "must have fewer than 13 digits";
        refused(arrive("890309-2766876", 1), "vaccineType", Value::Null, must);
        for many in [0, 1_000_000_001, u64::MAX] {
            let must = "must be 1 to 1000000000";
            refused(arrive("Pfizer", many), "vaccineCount", many.into(), must);
        }
        for most in [1, 1_000_000_000] {
            given::<VaccineStock>([]).when(arrive(&longest, most)).then_silence();
        }
    }

    #[test]
    fn balances_are_the_sums_of_each_type_in_order() {
        let counted = [count("Pfizer", 5), count("Janssen", -1), count("Pfizer", -2)];
        let stock =
            counted.into_iter().fold(None, |stock, one| Stock::decide(stock, one).unwrap().state);
        let balance = |vaccine_type: &str, vaccine_count| Balance {
            vaccine_type: vaccine_type.to_owned(),
            vaccine_count,
        };
        let balances = stock.unwrap().balances();
        assert_eq!(balances, [balance("Janssen", -1), balance("Pfizer", 3)]);
        assert_eq!(given::<Stock>([count("Pfizer", 1)]).resource(), None);
    }

    #[test]
    fn a_stock_has_bounds() {
        let many: Vec<_> = (0..100).map(|n| count(&format!("type {n}"), 1)).collect();
        given::<Stock>(many.clone()).when(count("one more", 1)).then_rejected(TOO_MANY_TYPES);
        given::<Stock>(many).when(count("type 99", 1)).then_silence();
        given::<Stock>([count("a", i64::MAX)]).when(count("a", 1)).then_rejected(TOO_MUCH);
    }
}
