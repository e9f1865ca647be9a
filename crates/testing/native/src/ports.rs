//! The ports of the contexts, natively.

use crate::{
    fiber::{self, Yields},
    routes::Routes,
};
use anyhow::Result;
use madang::{
    Definition,
    call::{Answered, Outbound},
    env::{Cell, Host, Rows},
    http::{Request, Response, parse_query},
    redis::Reply,
    rest,
};
use madang_contexts::ALL;
use redis::{Value, aio::MultiplexedConnection};
use rusqlite::types::Value as Sql;
use std::{
    cell::RefCell,
    collections::HashMap,
    path::PathBuf,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

/// What all threads share.
pub struct Settings {
    /// The Redis.
    pub redis: redis::Client,
    data: PathBuf,
    variables: HashMap<String, String>,
    /// Which path belongs to whom.
    pub routes: Routes,
    /// The numbers of the key-value stores, by context and key.
    numbers: Mutex<HashMap<String, i64>>,
}

impl Settings {
    /// Those of the command.
    ///
    /// # Errors
    /// What is wrong with Redis's address, and with the manifest.
    pub fn new(
        redis: String,
        data: PathBuf,
        variables: Vec<(String, String)>,
    ) -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            redis: redis::Client::open(redis)?,
            data,
            variables: variables.into_iter().collect(),
            routes: Routes::read()?,
            numbers: Mutex::default(),
        }))
    }
}

/// The contexts on one thread, with its own connections.
pub struct Ports {
    settings: Arc<Settings>,
    redis: MultiplexedConnection,
    databases: RefCell<HashMap<String, rusqlite::Connection>>,
    definitions: Vec<Definition>,
}

impl Ports {
    /// Those of a new thread.
    ///
    /// # Errors
    /// When Redis is not there.
    pub async fn new(settings: &Arc<Settings>) -> Result<Rc<Self>> {
        Ok(Rc::new(Self {
            settings: settings.clone(),
            redis: settings.redis.get_multiplexed_async_connection().await?,
            databases: RefCell::default(),
            definitions: ALL.iter().map(|(_, define)| define()).collect(),
        }))
    }

    /// What a context is made of.
    pub fn definition(&self, place: usize) -> &Definition {
        &self.definitions[place]
    }

    /// The ports as one context has them.
    pub fn of<'p>(&'p self, place: usize, yields: &'p Yields) -> Own<'p> {
        Own { ports: self, name: ALL[place].0, yields }
    }

    /// Answers a request; one that cannot even be begun is 500.
    pub async fn answer(self: Rc<Self>, request: Request) -> Response {
        let answered = fiber::run(move |yields| self.answer_on(yields, &request)).await;
        answered.unwrap_or_else(|_| Response::empty(500))
    }

    fn answer_on(&self, yields: &Yields, request: &Request) -> Response {
        let Some(place) = self.settings.routes.of(&request.path) else {
            return Response::empty(404);
        };
        rest::serve(self.definition(place), &self.of(place, yields), "0.1.0", request)
    }
}

/// The ports of one context.
pub struct Own<'p> {
    ports: &'p Ports,
    name: &'static str,
    yields: &'p Yields,
}

impl Own<'_> {
    fn number<T>(&self, key: &str, work: impl FnOnce(&mut i64) -> T) -> T {
        let mut numbers =
            self.ports.settings.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        work(numbers.entry(format!("{} {key}", self.name)).or_default())
    }

    fn query(
        database: &rusqlite::Connection,
        sql: &str,
        values: Vec<Cell>,
    ) -> rusqlite::Result<Rows> {
        let values = values.into_iter().map(|cell| match cell {
            Cell::Null => Sql::Null,
            Cell::Integer(number) => Sql::Integer(number),
            Cell::Text(text) => Sql::Text(text),
        });
        let mut statement = database.prepare_cached(sql)?;
        let width = statement.column_count();
        let rows = statement.query_map(rusqlite::params_from_iter(values), |row| {
            let cell = |at| {
                Ok(match row.get(at)? {
                    Sql::Integer(number) => Cell::Integer(number),
                    Sql::Text(text) => Cell::Text(text),
                    Sql::Null | Sql::Real(_) | Sql::Blob(_) => Cell::Null,
                })
            };
            (0..width).map(cell).collect()
        })?;
        Ok(Rows { rows: rows.collect::<rusqlite::Result<_>>()? })
    }

    /// As the host opens a component's database.
    fn open(&self, label: &str) -> rusqlite::Result<rusqlite::Connection> {
        let path = self.ports.settings.data.join(format!("{label}.db"));
        let database = rusqlite::Connection::open(path)?;
        database.busy_timeout(Duration::from_secs(5))?;
        database.pragma_update(None, "journal_mode", "WAL")?;
        database.pragma_update(None, "synchronous", "NORMAL")?;
        database.set_prepared_statement_cache_capacity(64);
        Ok(database)
    }
}

impl Host for Own<'_> {
    fn redis(&self, command: &str, words: Vec<Vec<u8>>) -> Result<Vec<Reply>, String> {
        let mut asked = redis::cmd(command);
        for word in &words {
            asked.arg(word.as_slice());
        }
        let mut connection = self.ports.redis.clone();
        let answer =
            self.yields.suspend(Box::pin(async move { asked.query_async(&mut connection).await }));
        let mut replies = Vec::new();
        flatten(answer.map_err(|error| error.to_string())?, &mut replies)?;
        Ok(replies)
    }

    fn sqlite(&self, label: &str, sql: &str, values: Vec<Cell>) -> Result<Rows, String> {
        let mut databases = self.ports.databases.borrow_mut();
        let told = |error: rusqlite::Error| error.to_string();
        if !databases.contains_key(label) {
            databases.insert(label.to_owned(), self.open(label).map_err(told)?);
        }
        Self::query(&databases[label], sql, values).map_err(told)
    }

    fn send(&self, request: Outbound) -> Result<Answered, String> {
        let rest = request.url.split_once("://").map_or(request.url.as_str(), |(_, rest)| rest);
        let path = &rest[rest.find('/').unwrap_or(rest.len())..];
        let headers = request.headers.into_iter().map(|(name, value)| (name.to_owned(), value));
        let request = Request {
            method: "POST".to_owned(),
            scheme: "http".to_owned(),
            path: path.to_owned(),
            query: parse_query(""),
            headers: headers.collect(),
            body: request.body,
        };
        let answer = self.ports.answer_on(self.yields, &request);
        let retry_after = answer.headers.iter().find(|(name, _)| name == "retry-after");
        let seconds = retry_after.and_then(|(_, value)| value.parse().ok());
        Ok(Answered {
            status: answer.status,
            retry_after: seconds.map(Duration::from_secs),
            body: answer.body,
        })
    }

    fn count(&self, key: &str, delta: i64) -> Result<i64, String> {
        Ok(self.number(key, |number| {
            *number += delta;
            *number
        }))
    }

    fn counted(&self, key: &str) -> Result<i64, String> {
        Ok(self.number(key, |number| *number))
    }

    fn forget(&self, key: &str) -> Result<(), String> {
        self.number(key, |number| *number = 0);
        Ok(())
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.ports.settings.variables.get(name).cloned()
    }

    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn pause(&self, time: Duration) {
        let _ = self.yields.suspend(Box::pin(async move {
            tokio::time::sleep(time).await;
            Ok(Value::Nil)
        }));
    }

    fn random(&self) -> u64 {
        rand::random()
    }
}

/// As Spin hands answers over: nested arrays flattened.
fn flatten(value: Value, replies: &mut Vec<Reply>) -> Result<(), String> {
    let one = match value {
        Value::Array(values) => {
            return values.into_iter().try_for_each(|value| flatten(value, replies));
        }
        Value::Nil => Reply::Nil,
        Value::Okay => Reply::Bytes(b"OK".to_vec()),
        Value::Int(number) => Reply::Int(number),
        Value::BulkString(bytes) => Reply::Bytes(bytes),
        Value::SimpleString(text) => Reply::Bytes(text.into_bytes()),
        other => return Err(format!("an answer that no command gives: {other:?}")),
    };
    replies.push(one);
    Ok(())
}
