//! A read model in SQLite: a table that follows the log, at its own pace, on its own host.
//!
//! Each row keeps the number of the last event that touched it, and every change is guarded by it:
//! replaying is harmless, and two that follow at once do no harm. The cursor is in the same database,
//! so that deleting the database rebuilds the view from the log.

mod changes;
mod follow;

use std::any::type_name;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::consumer::{Drained, Follower};
use crate::env::{Cell, Env, Rows};
use crate::error::{Error, Rejection};
use crate::event::{Envelope, Fact};
use crate::json;
use crate::rest::listing::{Item, Listing, Page};
use crate::rest::source::{Array, Search, Served, Source, ways_to_find};

/// How long a view catches up with the log before it answers (`spec/README.md`).
const FRESHNESS: Duration = Duration::from_millis(200);

/// What an event changes in a view: one row, found by the view's key.
pub struct Change {
    key: Key,
    creates: bool,
    unless: Option<&'static str>,
    sets: Vec<(&'static str, Cell)>,
}

/// What a view finds a row by: a number, or two together.
pub struct Key(Vec<u64>);

impl From<u64> for Key {
    fn from(number: u64) -> Self {
        Key(vec![number])
    }
}

impl From<(u64, u64)> for Key {
    fn from((first, second): (u64, u64)) -> Self {
        Key(vec![first, second])
    }
}

impl Change {
    /// The row of this key begins, or takes these values where it is there already.
    pub fn create(key: impl Into<Key>) -> Self {
        Change { key: key.into(), creates: true, unless: None, sets: Vec::new() }
    }

    /// The row of this key changes; where there is none, nothing does.
    pub fn update(key: impl Into<Key>) -> Self {
        Change { key: key.into(), creates: false, unless: None, sets: Vec::new() }
    }

    /// Nothing changes where this column has a value by now.
    #[must_use]
    pub fn unless(mut self, column: &'static str) -> Self {
        self.unless = Some(column);
        self
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

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Cell::Integer(number)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Null, Into::into)
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
    key: Vec<&'static str>,
    columns: Vec<String>,
    served: Served,
    handlers: Vec<(&'static str, Apply)>,
}

impl View {
    /// A view in the database of this label, with the fields of the WIT record `R` as columns, `id`
    /// among them; one row for each value of `key`, which holds a number.
    pub fn new<R: Serialize + DeserializeOwned>(
        database: &'static str,
        table: &'static str,
        entity: &'static str,
        key: &'static str,
    ) -> Self {
        View::by_columns::<R>(database, table, entity, vec![key])
    }

    /// The same, with one row for each two values of `key` together.
    pub fn by_two<R: Serialize + DeserializeOwned>(
        database: &'static str,
        table: &'static str,
        entity: &'static str,
        key: [&'static str; 2],
    ) -> Self {
        View::by_columns::<R>(database, table, entity, key.to_vec())
    }

    fn by_columns<R: Serialize + DeserializeOwned>(
        database: &'static str,
        table: &'static str,
        entity: &'static str,
        key: Vec<&'static str>,
    ) -> Self {
        View {
            database,
            table,
            entity,
            key,
            columns: json::fields::<R>(),
            served: Served { resource: type_name::<R>(), is_view: true, ..Served::default() },
            handlers: Vec::new(),
        }
    }

    ways_to_find!();

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
        let rows = self.sql(env, "SELECT position FROM madang_follower", Vec::new())?;
        Ok(number(rows.rows.first().and_then(|row| row.first())))
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
        let (table, key) = (self.table, self.key.join(", "));
        let is_key = |name: &str| self.key.contains(&name);
        let keys: String =
            self.key.iter().map(|name| format!("{name} INTEGER NOT NULL, ")).collect();
        let plain = self.columns.iter().filter(|name| *name != "id" && !is_key(name));
        let columns: String = plain.map(|name| format!("{name}, ")).collect();
        let mut statements = vec![format!(
            "CREATE TABLE IF NOT EXISTS {table} (id INTEGER PRIMARY KEY, \
                 {keys}{columns}madang_event INTEGER NOT NULL, UNIQUE ({key}))"
        )];
        let fields = self.served.searches.iter().map(|search| search.field);
        let fields = fields.chain(self.served.arrays.iter().map(|array| array.field));
        statements.extend(fields.filter(|field| self.key[0] != *field).map(|field| {
            format!("CREATE INDEX IF NOT EXISTS {table}_{field} ON {table} ({field})")
        }));
        // Last, and with its one row in one statement: while it is missing all of this is done again, so whoever
        // is killed in between leaves nothing undone.
        statements.push(
            "CREATE TABLE IF NOT EXISTS madang_follower AS \
             SELECT 0 AS position, 0 AS mark, 0 AS tries, 0 AS busy_until"
                .to_owned(),
        );
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

impl Follower for View {
    fn subscriptions(&self) -> Vec<&'static str> {
        self.subscriptions().collect()
    }

    fn catch_up(&self, env: &Env, limit: Duration) -> Result<Drained, Error> {
        self.catch_up(env, limit).map(|(drained, _)| drained)
    }

    fn position(&self, env: &Env) -> Result<u64, Error> {
        self.position(env)
    }

    fn replay(&self, env: &Env, number: u64) -> Result<bool, Error> {
        self.replay(env, number)
    }

    fn source(&self) -> Option<&dyn Source> {
        Some(self)
    }
}

impl Source for View {
    fn freshen(&self, env: &Env) -> Result<Option<u64>, Error> {
        self.catch_up(env, FRESHNESS).map(|(_, lag)| Some(lag))
    }

    fn collection(&self) -> &'static str {
        self.table
    }

    fn entity(&self) -> &'static str {
        self.entity
    }

    fn fields(&self) -> Vec<String> {
        self.columns.clone()
    }

    fn served(&self) -> &Served {
        &self.served
    }

    fn item(&self, env: &Env, id: u64) -> Result<Option<Item>, Error> {
        let mut items = self.select(env, "WHERE id = ?1", vec![Cell::from(id)])?;
        Ok(items.pop())
    }

    fn page(&self, env: &Env, listing: &Listing) -> Result<Page, Error> {
        let mut values = Vec::new();
        let mut condition = String::new();
        if let Some((field, value)) = &listing.filter {
            values.push(match value.as_str() {
                Some(text) => Cell::from(text.to_owned()),
                None => Cell::from(value.as_u64().unwrap_or(0)),
            });
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

/// A full disk and a locked database pass; what SQLite refuses as wrong does not.
fn classify(message: String) -> Error {
    let fault = ["syntax", "no such", "constraint", "datatype", "access-denied", "AccessDenied"];
    if fault.iter().any(|part| message.contains(part)) {
        Error::Fault(message)
    } else {
        Error::Unavailable(message)
    }
}
