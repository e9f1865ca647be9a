//! A read model in SQLite: a table that follows the log, at its own pace, on its own host.
//!
//! Each row keeps the number of the last event that touched it, and every change is one statement
//! guarded by it: replaying is harmless, and two that follow at once do no harm. The cursor is in the
//! same database, so that deleting the database rebuilds the view from the log.

use std::time::{Duration, UNIX_EPOCH};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::consumer::{Drained, Entry, bury, entries};
use crate::env::{Cell, Env, Rows};
use crate::error::{Error, Rejection};
use crate::event::{Envelope, Fact};
use crate::json;
use crate::redis::Reply;
use crate::rest::listing::{Item, Listing, Page};
use crate::rest::source::{Search, Source};
use crate::work::Work;

/// How long a view catches up with the log before it answers (`spec/README.md`).
pub(crate) const FRESHNESS: Duration = Duration::from_millis(200);
/// Events read at once.
const BATCH: u64 = 256;
/// How long nobody else follows the log into the same database, in milliseconds.
const LEASE: u64 = 1000;
/// How long to wait before asking again whether somebody else has caught up.
const POLL: Duration = Duration::from_millis(2);
/// How often an event is tried unless the variable `max_attempts` says otherwise.
const MAX_ATTEMPTS: u64 = 5;

/// What an event changes in a view: one row, found by the view's key.
pub struct Change {
    key: u64,
    creates: bool,
    sets: Vec<(&'static str, Cell)>,
}

impl Change {
    /// The row of this key begins, or takes these values where it is there already.
    pub fn create(key: u64) -> Self {
        Change { key, creates: true, sets: Vec::new() }
    }

    /// The row of this key changes; where there is none, nothing does.
    pub fn update(key: u64) -> Self {
        Change { key, creates: false, sets: Vec::new() }
    }

    /// A column's value.
    #[must_use]
    pub fn set(mut self, column: &'static str, value: impl Into<Cell>) -> Self {
        self.sets.push((column, value.into()));
        self
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        // SQLite has no unsigned numbers; ids count up from 1 and never get there.
        Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::Text(text)
    }
}

type Apply = Box<dyn Fn(&Envelope) -> Result<Change, Error>>;

/// A read model: a table, its key, and what each event changes in it.
pub struct View {
    database: &'static str,
    table: &'static str,
    entity: &'static str,
    key: &'static str,
    columns: Vec<String>,
    searches: Vec<Search>,
    handlers: Vec<(&'static str, Apply)>,
}

impl View {
    /// A view in the database of this label, with the fields of the WIT record `R` as columns, `id`
    /// among them; one row for each value of `key`.
    pub fn new<R: Serialize + DeserializeOwned>(
        database: &'static str,
        table: &'static str,
        entity: &'static str,
        key: &'static str,
    ) -> Self {
        View {
            database,
            table,
            entity,
            key,
            columns: json::fields::<R>(),
            searches: Vec::new(),
            handlers: Vec::new(),
        }
    }

    /// A search by a column that holds a number.
    #[must_use]
    pub fn search(mut self, name: &'static str, field: &'static str) -> Self {
        self.searches.push(Search { name, field });
        self
    }

    /// On this event, change that.
    #[must_use]
    pub fn on<F: Fact + 'static>(mut self, change: fn(F) -> Change) -> Self {
        let apply = move |envelope: &Envelope| Ok(change(envelope.fact::<F>()?));
        self.handlers.push((F::TYPE, Box::new(apply)));
        self
    }

    /// The events that are heard.
    pub fn subscriptions(&self) -> impl Iterator<Item = &'static str> {
        self.handlers.iter().map(|(kind, _)| *kind)
    }

    /// Follows the log for at most this long. Answers how it went and how many events are unread.
    ///
    /// # Errors
    /// Unavailable without Redis or the database.
    pub fn catch_up(&self, env: &Env, limit: Duration) -> Result<(Drained, u64), Error> {
        let started = env.host.now();
        loop {
            let position = self.position(env)?;
            let head = env.redis("GET", &[env.head_key()])?;
            let head = head.first().and_then(Reply::number).unwrap_or(0);
            let lag = head.saturating_sub(position);
            if lag == 0 {
                return Ok((Drained::CaughtUp, 0));
            }
            if env.host.now().duration_since(started).unwrap_or_default() > limit {
                return Ok((Drained::Busy, lag));
            }
            let Some((position, tries)) = self.lease(env)? else {
                env.host.pause(POLL);
                continue;
            };
            if position >= head {
                // Somebody else has caught up since this one looked.
                self.give_back(env, position, tries - 1)?;
                continue;
            }
            if let Some(reason) = self.follow(env, position, tries)? {
                return Ok((Drained::Stuck(reason), lag));
            }
        }
    }

    /// Takes the lease and counts a try, before anything is handled. Answers the position and the
    /// tries, this one included; `None` while somebody else is at work.
    ///
    /// A lease that ends further ahead than a lease is long was taken by a clock that has jumped since.
    fn lease(&self, env: &Env) -> Result<Option<(u64, u64)>, Error> {
        let now = env.host.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let sql = "UPDATE madang_cursor SET busy_until = ?2, tries = tries + 1 \
                   WHERE busy_until NOT BETWEEN ?1 AND ?2 RETURNING position, tries";
        let now = u64::try_from(now).unwrap_or(0);
        let rows = self.sql(env, sql, vec![Cell::from(now), Cell::from(now + LEASE)])?;
        Ok(rows.rows.first().map(|row| (number(row.first()), number(row.get(1)))))
    }

    /// Applies the next events and gives the lease back. Answers why it could not go on, if so.
    fn follow(&self, env: &Env, position: u64, tries: u64) -> Result<Option<String>, Error> {
        let max_attempts = env.number("max_attempts", MAX_ATTEMPTS);
        // After a failure one at a time, so that the tries are those of the event at fault.
        let singly = tries > 1;
        let from = format!("{}-0", position + 1);
        let count = if singly { "1".to_owned() } else { BATCH.to_string() };
        let batch = env.redis("XRANGE", &[&env.log_key(), &from, "+", "COUNT", &count]);
        let batch = match batch {
            Ok(batch) => log_entries(batch),
            Err(error) => {
                self.give_back(env, position, tries - 1)?;
                return Err(error);
            }
        };
        let mut at = position;
        for entry in &batch {
            if singly && tries > max_attempts {
                self.bury(env, entry, tries - 1, "")?;
            } else if let Err(error) = self.apply(env, entry) {
                if matches!(error, Error::Unavailable(_)) {
                    self.give_back(env, at, tries - 1)?;
                    return Err(error);
                }
                if !singly || tries < max_attempts {
                    self.give_back(env, at, tries)?;
                    return Ok(Some(format!("on {}: {error}", entry.kind)));
                }
                self.bury(env, entry, tries, &error.to_string())?;
            }
            at = entry.number;
        }
        self.give_back(env, at, 0)?;
        Ok(batch.is_empty().then(|| format!("the log has no event {}", position + 1)))
    }

    fn give_back(&self, env: &Env, position: u64, tries: u64) -> Result<(), Error> {
        let sql =
            "UPDATE madang_cursor SET position = max(position, ?1), tries = ?2, busy_until = 0";
        self.sql(env, sql, vec![Cell::from(position), Cell::from(tries)]).map(drop)
    }

    /// The row of an id, after catching up as a GET does.
    ///
    /// # Errors
    /// [`Rejection::MISSING`]; unavailable without Redis or the database.
    pub fn find(&self, env: &Env, id: u64) -> Result<Item, Error> {
        self.catch_up(env, FRESHNESS)?;
        Ok(self.item(env, id)?.ok_or(Rejection::MISSING)?)
    }

    /// How far the view has come.
    ///
    /// # Errors
    /// Unavailable without the database.
    pub fn position(&self, env: &Env) -> Result<u64, Error> {
        let rows = self.sql(env, "SELECT position FROM madang_cursor", Vec::new())?;
        Ok(number(rows.rows.first().and_then(|row| row.first())))
    }

    /// Applies a dead letter once more. Answers false where there is none.
    ///
    /// # Errors
    /// What applying it reports; the letter stays then.
    pub fn replay(&self, env: &Env, number: u64) -> Result<bool, Error> {
        let replies = env.redis("HGET", &[env.dead_key(), number.to_string()])?;
        let Some(letter) = replies.into_iter().next().and_then(Reply::text) else {
            return Ok(false);
        };
        let letter: Value = serde_json::from_str(&letter).map_err(Error::fault)?;
        let kind = letter["type"].as_str().unwrap_or_default().to_owned();
        self.apply(env, &Entry { number, kind, json: letter["event"].to_string() })?;
        crate::consumer::drop_letter(env, number)
    }

    fn apply(&self, env: &Env, entry: &Entry) -> Result<(), Error> {
        let Some((_, apply)) = self.handlers.iter().find(|(kind, _)| *kind == entry.kind) else {
            return Ok(());
        };
        let envelope: Envelope = serde_json::from_str(&entry.json).map_err(|error| {
            Error::fault(format!("event {} cannot be read: {error}", entry.number))
        })?;
        let change = apply(&envelope)?;
        let mut values = vec![Cell::from(change.key), Cell::from(entry.number)];
        let names: Vec<&str> = change.sets.iter().map(|(column, _)| *column).collect();
        values.extend(change.sets.into_iter().map(|(_, value)| value));
        let sets = |source: fn(usize, &str) -> String| -> String {
            names
                .iter()
                .enumerate()
                .map(|(at, name)| format!("{name} = {}, ", source(at, name)))
                .collect()
        };
        let (table, key) = (self.table, self.key);
        let sql = if change.creates {
            let columns: String = names.iter().map(|name| format!(", {name}")).collect();
            let places: String = (0..names.len()).map(|at| format!(", ?{}", at + 3)).collect();
            let sets = sets(|_, name| format!("excluded.{name}"));
            format!(
                "INSERT INTO {table} ({key}, madang_event{columns}) VALUES (?1, ?2{places}) \
                 ON CONFLICT ({key}) DO UPDATE SET {sets}madang_event = excluded.madang_event \
                 WHERE madang_event < excluded.madang_event"
            )
        } else {
            let sets = sets(|at, _| format!("?{}", at + 3));
            format!(
                "UPDATE {table} SET {sets}madang_event = ?2 WHERE {key} = ?1 AND madang_event < ?2"
            )
        };
        self.sql(env, &sql, values).map(drop)
    }

    fn bury(&self, env: &Env, entry: &Entry, tries: u64, reason: &str) -> Result<(), Error> {
        let mut work = Work::new(env);
        bury(&mut work, entry, tries, reason)?;
        work.commit().map(drop)
    }

    /// Runs a statement, on a database that has the tables.
    fn sql(&self, env: &Env, sql: &str, values: Vec<Cell>) -> Result<Rows, Error> {
        let run = |sql: &str, values| env.host.sqlite(self.database, sql, values);
        match run(sql, values.clone()) {
            Err(message) if message.contains("no such table") => {
                for statement in self.schema() {
                    run(&statement, Vec::new()).map_err(classify)?;
                }
                run(sql, values).map_err(classify)
            }
            other => other.map_err(classify),
        }
    }

    fn schema(&self) -> Vec<String> {
        let (table, key) = (self.table, self.key);
        let plain = self.columns.iter().filter(|name| *name != "id" && *name != key);
        let columns: String = plain.map(|name| format!("{name}, ")).collect();
        let mut statements = vec![
            format!(
                "CREATE TABLE IF NOT EXISTS {table} (id INTEGER PRIMARY KEY, \
                 {key} INTEGER NOT NULL UNIQUE, {columns}madang_event INTEGER NOT NULL)"
            ),
            "CREATE TABLE IF NOT EXISTS madang_cursor \
             (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL, \
             tries INTEGER NOT NULL, busy_until INTEGER NOT NULL)"
                .to_owned(),
            "INSERT OR IGNORE INTO madang_cursor VALUES (1, 0, 0, 0)".to_owned(),
        ];
        statements.extend(self.searches.iter().filter(|search| search.field != key).map(
            |search| {
                let field = search.field;
                format!("CREATE INDEX IF NOT EXISTS {table}_{field} ON {table} ({field})")
            },
        ));
        statements
    }

    fn select(&self, env: &Env, rest: &str, values: Vec<Cell>) -> Result<Vec<Item>, Error> {
        let sql =
            format!("SELECT {}, madang_event FROM {} {rest}", self.columns.join(", "), self.table);
        let rows = self.sql(env, &sql, values)?;
        Ok(rows.rows.into_iter().map(|row| self.item_of(row)).collect())
    }

    fn item_of(&self, mut row: Vec<Cell>) -> Item {
        let version = number(row.pop().as_ref());
        let mut value = Map::new();
        for (column, cell) in self.columns.iter().zip(row) {
            let cell = match cell {
                Cell::Null => Value::Null,
                Cell::Integer(number) => json!(number),
                Cell::Text(text) => Value::String(text),
            };
            value.insert(column.clone(), cell);
        }
        let id = value.get("id").and_then(Value::as_u64).unwrap_or(0);
        Item { id, version, value: Value::Object(value) }
    }
}

impl Source for View {
    fn collection(&self) -> &'static str {
        self.table
    }

    fn entity(&self) -> &'static str {
        self.entity
    }

    fn fields(&self) -> Vec<String> {
        self.columns.clone()
    }

    fn searches(&self) -> &[Search] {
        &self.searches
    }

    fn item(&self, env: &Env, id: u64) -> Result<Option<Item>, Error> {
        let mut items = self.select(env, "WHERE id = ?1", vec![Cell::from(id)])?;
        Ok(items.pop())
    }

    fn page(&self, env: &Env, listing: &Listing) -> Result<Page, Error> {
        let mut values = Vec::new();
        let mut condition = String::new();
        if let Some((field, value)) = &listing.filter {
            values.push(Cell::from(value.as_u64().unwrap_or(0)));
            condition = format!("WHERE {field} = ?1 ");
        }
        let count = format!("SELECT count(*) FROM {} {condition}", self.table);
        let rows = self.sql(env, &count, values.clone())?;
        let total = number(rows.rows.first().and_then(|row| row.first()));
        let order = match &listing.sort {
            Some((field, true)) => format!("{field} DESC, id DESC"),
            Some((field, false)) => format!("{field}, id"),
            None => "id".to_owned(),
        };
        let at = values.len();
        values.extend([Cell::from(listing.size), Cell::from(listing.offset())]);
        let rest = format!("{condition}ORDER BY {order} LIMIT ?{} OFFSET ?{}", at + 1, at + 2);
        Ok(Page { items: self.select(env, &rest, values)?, total })
    }
}

fn number(cell: Option<&Cell>) -> u64 {
    match cell {
        Some(Cell::Integer(number)) => u64::try_from(*number).unwrap_or(0),
        _ => 0,
    }
}

/// Reads a flattened XRANGE: id, `t`, type, `e`, JSON.
fn log_entries(replies: Vec<Reply>) -> Vec<Entry> {
    let mut replies = replies.into_iter();
    let mut flat = Vec::new();
    while let Some(id) = replies.next().and_then(Reply::text) {
        let number = id.split('-').next().unwrap_or_default().as_bytes().to_vec();
        let mut fields = replies.by_ref().take(4);
        let (_, kind, _, json) = (fields.next(), fields.next(), fields.next(), fields.next());
        flat.extend([Reply::Bytes(number), kind.unwrap_or(Reply::Nil), json.unwrap_or(Reply::Nil)]);
    }
    entries(flat.into_iter())
}

/// A full disk and a locked database pass; what SQLite refuses as wrong does not.
fn classify(message: String) -> Error {
    let fault = ["syntax", "no such", "constraint", "datatype", "access-denied", "AccessDenied"];
    if fault.iter().any(|part| message.contains(part)) {
        Error::Fault(message)
    } else {
        Error::Unavailable(message)
    }
}
