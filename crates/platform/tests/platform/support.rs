//! The host's ports, natively: a real Redis, a SQLite in memory, a clock and randomness of the test's.

use std::cell::{Cell as Counter, RefCell};
use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use madang::call::{Answered, Outbound};
use madang::env::{Cause, Cell, Env, Host, Rows};
use madang::redis::Reply;
use madang_testing::Redis;
use redis::Value;

/// One server for all tests of a file; each test has a system of its own in it.
static REDIS: LazyLock<Redis> = LazyLock::new(Redis::start);

/// Where the randomness of each host begins, so that a run is as the one before.
const SEED: u64 = 9;

/// What a neighbour answers.
pub type Neighbour = Box<dyn Fn(&Outbound) -> Result<Answered, String>>;

/// A host that does what the test says.
pub struct TestHost {
    redis: RefCell<redis::Connection>,
    sqlite: rusqlite::Connection,
    /// Spin variables.
    pub variables: RefCell<HashMap<&'static str, String>>,
    /// The clock, after 2026-11-21 00:00 UTC.
    pub clock: Counter<Duration>,
    /// What a neighbour answers; nobody is there unless the test says so.
    pub neighbour: RefCell<Option<Neighbour>>,
    /// How long a neighbour takes; longer than the request's limit, and there is no answer.
    pub latency: Counter<Duration>,
    /// How many more commands Redis carries out before it is away.
    pub redis_left: Counter<Option<u32>>,
    /// How many more statements SQLite carries out before it is away.
    pub sqlite_left: Counter<Option<u32>>,
    /// Whether it tells of instances that trapped, and none has.
    pub knows_no_trap: Counter<bool>,
    /// Whether it makes spans of what contexts do for events; nobody reads these.
    pub hears_spans: Counter<bool>,
    /// The numbers of the key-value store; None: it is away.
    pub numbers: RefCell<Option<HashMap<String, i64>>>,
    random: Counter<u64>,
}

impl TestHost {
    pub fn new() -> Self {
        TestHost {
            redis: RefCell::new(REDIS.connect()),
            sqlite: rusqlite::Connection::open_in_memory().expect("SQLite in memory"),
            variables: RefCell::default(),
            clock: Counter::default(),
            neighbour: RefCell::default(),
            latency: Counter::default(),
            redis_left: Counter::new(None),
            sqlite_left: Counter::new(None),
            knows_no_trap: Counter::new(false),
            hears_spans: Counter::new(false),
            numbers: RefCell::new(Some(HashMap::new())),
            random: Counter::new(SEED),
        }
    }

    /// Surroundings for a context of this system.
    pub fn env(&self, system: &'static str, context: &'static str) -> Env<'_> {
        let cause =
            Cause { id: "command".into(), correlation: "saga".into(), traceparent: String::new() };
        Env::new(self, system, context, cause)
    }

    /// Sets a Spin variable.
    pub fn set(&self, name: &'static str, value: &str) {
        self.variables.borrow_mut().insert(name, value.to_owned());
    }

    /// A command, as the test's own.
    pub fn ask(&self, words: &[&str]) -> Vec<Reply> {
        let rest = words[1..].iter().map(|word| word.as_bytes().to_vec()).collect();
        self.redis(words[0], rest).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    /// A SQLite statement, as the test's own.
    pub fn sqlite_of(&self, sql: &str) {
        self.sqlite("", sql, Vec::new()).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Adds to a number of the key-value store, as the test's own.
    pub fn count_as(&self, key: &str, delta: i64) {
        self.numbers
            .borrow_mut()
            .as_mut()
            .expect("the store")
            .entry(key.to_owned())
            .and_modify(|number| *number += delta)
            .or_insert(delta);
    }

    /// How many Redis commands this takes.
    pub fn commands<T>(&self, work: impl FnOnce() -> T) -> u32 {
        self.redis_left.set(Some(u32::MAX));
        work();
        u32::MAX - self.redis_left.replace(None).unwrap_or_default()
    }

    /// The clock, in milliseconds since 1970.
    pub fn now_ms(&self) -> u128 {
        self.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
    }

    /// A command whose answer is one number or nothing (0).
    pub fn count(&self, words: &[&str]) -> u64 {
        self.ask(words).first().and_then(Reply::number).unwrap_or(0)
    }
}

impl Host for TestHost {
    fn redis(&self, command: &str, words: Vec<Vec<u8>>) -> Result<Vec<Reply>, String> {
        match self.redis_left.get() {
            Some(0) => return Err("connection refused".to_owned()),
            left => self.redis_left.set(left.map(|left| left - 1)),
        }
        let mut asked = redis::cmd(command);
        for word in &words {
            asked.arg(word.as_slice());
        }
        let value: Value =
            asked.query(&mut *self.redis.borrow_mut()).map_err(|error| error.to_string())?;
        let mut replies = Vec::new();
        flatten(value, &mut replies);
        Ok(replies)
    }

    fn sqlite(&self, _: &str, sql: &str, values: Vec<Cell>) -> Result<Rows, String> {
        match self.sqlite_left.get() {
            Some(0) => return Err("the component is killed".to_owned()),
            left => self.sqlite_left.set(left.map(|left| left - 1)),
        }
        let values = values.into_iter().map(|cell| match cell {
            Cell::Null => rusqlite::types::Value::Null,
            Cell::Integer(number) => rusqlite::types::Value::Integer(number),
            Cell::Text(text) => rusqlite::types::Value::Text(text),
        });
        let read = || -> rusqlite::Result<Rows> {
            let mut statement = self.sqlite.prepare(sql)?;
            let width = statement.column_count();
            let rows = statement.query_map(rusqlite::params_from_iter(values), |row| {
                (0..width)
                    .map(|at| {
                        Ok(match row.get(at)? {
                            rusqlite::types::Value::Integer(number) => Cell::Integer(number),
                            rusqlite::types::Value::Text(text) => Cell::Text(text),
                            _ => Cell::Null,
                        })
                    })
                    .collect()
            })?;
            Ok(Rows { rows: rows.collect::<rusqlite::Result<_>>()? })
        };
        read().map_err(|error| error.to_string())
    }

    fn send(&self, request: Outbound) -> Result<Answered, String> {
        let limit = request.limits.whole.min(request.limits.first_byte);
        self.pause(self.latency.get().min(limit));
        if self.latency.get() > limit {
            return Err("no answer in time".to_owned());
        }
        match &*self.neighbour.borrow() {
            Some(answer) => answer(&request),
            None => Err("nobody is there".to_owned()),
        }
    }

    fn count(&self, key: &str, delta: i64) -> Result<i64, String> {
        let mut numbers = self.numbers.borrow_mut();
        let number = numbers.as_mut().ok_or("no store")?.entry(key.to_owned()).or_default();
        *number += delta;
        Ok(*number)
    }

    fn counted(&self, key: &str) -> Result<i64, String> {
        Ok(self.numbers.borrow().as_ref().ok_or("no store")?.get(key).copied().unwrap_or(0))
    }

    fn forget(&self, key: &str) -> Result<(), String> {
        self.numbers.borrow_mut().as_mut().ok_or("no store")?.remove(key);
        Ok(())
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.borrow().get(name).cloned()
    }

    fn knows_no_trap(&self) -> bool {
        self.knows_no_trap.get()
    }

    fn hears_spans(&self) -> bool {
        self.hears_spans.get()
    }

    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_219_200) + self.clock.get()
    }

    fn pause(&self, time: Duration) {
        self.clock.set(self.clock.get() + time);
    }

    fn random(&self) -> u64 {
        self.random.set(self.random.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        self.random.get()
    }
}

/// As Spin hands answers over: nested arrays flattened.
fn flatten(value: Value, replies: &mut Vec<Reply>) {
    match value {
        Value::Nil => replies.push(Reply::Nil),
        Value::Int(number) => replies.push(Reply::Int(number)),
        Value::BulkString(bytes) => replies.push(Reply::Bytes(bytes)),
        Value::SimpleString(text) => replies.push(Reply::Bytes(text.into_bytes())),
        Value::Okay => replies.push(Reply::Bytes(b"OK".to_vec())),
        Value::Array(values) => values.into_iter().for_each(|value| flatten(value, replies)),
        other => panic!("an answer that scripts do not give: {other:?}"),
    }
}

/// A small domain: a purse that holds coins, tells when some come in, and asks a bank.
pub mod purse {
    use madang::{Aggregate, Decision, Rejection};
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub struct Paid {
        pub id: u64,
        pub coins: u64,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub struct Purse {
        pub id: u64,
        pub owner: String,
        pub coins: u64,
        #[serde(default)]
        pub asks_bank: bool,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub struct Resource {
        pub id: u64,
        pub owner: String,
        pub coins: u64,
    }

    #[derive(Debug, Clone)]
    pub enum Command {
        Open { id: u64, owner: String },
        AskBank { id: u64, owner: String },
        BankSays { coins: u64 },
        Pay { coins: u64 },
        Receive { coins: u64 },
        Close,
    }

    madang::events! {
        /// What happens to a purse.
        pub enum Event { Paid }
    }
    madang::heard!(Paid);

    pub const EMPTY: Rejection = Rejection::state("no coins are no payment");

    impl Aggregate for Purse {
        const COLLECTION: &'static str = "purses";
        const ENTITY: &'static str = "Purse";
        type Command = Command;
        type Event = Event;
        type Resource = Resource;

        fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
            match (state, command) {
                (None, Command::Open { id, owner }) => {
                    Ok(Decision::quiet(Purse { id, owner, coins: 0, asks_bank: false }))
                }
                (None, Command::AskBank { id, owner }) => {
                    Ok(Decision::quiet(Purse { id, owner, coins: 0, asks_bank: true }))
                }
                (Some(purse), Command::BankSays { coins }) => {
                    Ok(Decision::quiet(Purse { coins, asks_bank: false, ..purse }))
                }
                (Some(_), Command::Pay { coins: 0 }) => Err(EMPTY),
                (Some(purse), Command::Pay { coins }) => {
                    let paid = Paid { id: purse.id, coins };
                    Ok(Decision::told(Purse { coins: purse.coins + coins, ..purse }, paid))
                }
                (Some(purse), Command::Receive { coins }) => {
                    Ok(Decision::quiet(Purse { coins: purse.coins + coins, ..purse }))
                }
                (Some(_), Command::Close) => Ok(Decision::removed()),
                _ => Err(Rejection::MISSING),
            }
        }

        fn resource(&self) -> Option<Resource> {
            (!self.asks_bank).then(|| Resource {
                id: self.id,
                owner: self.owner.clone(),
                coins: self.coins,
            })
        }

        fn is_intent(&self) -> bool {
            self.asks_bank
        }
    }
}
