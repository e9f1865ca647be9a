//! What events change in the rows of a view, in as few statements as the order of what they change allows.

use std::collections::HashSet;
use std::mem;

use super::{Change, View};
use crate::env::{Cell, Env};
use crate::error::Error;

/// The most rows of one statement. It stays well below the steps that the embedded host takes on its loop.
const ROWS: usize = 32;

/// What several events change. One statement may name several rows where it does the same to each; the changes of a
/// row stay in their order, and rows begin in the order of their events, which their ids tell.
pub(super) struct Changes<'v> {
    view: &'v View,
    statements: Vec<Statement>,
}

/// The same columns of several rows, no row twice.
struct Statement {
    form: Form,
    keys: HashSet<Vec<u64>>,
    /// For each row the event's number, the key, and the columns' values.
    values: Vec<Cell>,
}

/// What changes have to have in common for one statement.
#[derive(PartialEq, Eq)]
struct Form {
    creates: bool,
    unless: Option<&'static str>,
    columns: Vec<&'static str>,
}

impl<'v> Changes<'v> {
    /// None so far.
    pub(super) fn of(view: &'v View) -> Self {
        Changes { view, statements: Vec::new() }
    }

    /// Adds what the event of this number changes, which is newer than those before it.
    ///
    /// # Errors
    /// A fault where the key is not the view's.
    pub(super) fn add(&mut self, number: u64, change: Change) -> Result<(), Error> {
        let View { table, key, .. } = self.view;
        if change.key.0.len() != key.len() {
            return Err(Error::fault(format!("{table} is found by {}", key.join(", "))));
        }
        let (columns, cells): (Vec<_>, Vec<_>) = change.sets.into_iter().unzip();
        let form = Form { creates: change.creates, unless: change.unless, columns };
        let at = self.place(&form, &change.key.0).unwrap_or_else(|| {
            let (keys, values) = (HashSet::new(), Vec::new());
            self.statements.push(Statement { form, keys, values });
            self.statements.len() - 1
        });
        let statement = &mut self.statements[at];
        statement.values.push(Cell::from(number));
        statement.values.extend(change.key.0.iter().copied().map(Cell::from));
        statement.values.extend(cells);
        statement.keys.insert(change.key.0);
        Ok(())
    }

    /// The statement which may have such a change of this row: none after it touches the row, or makes rows if this
    /// may make one, too.
    fn place(&self, form: &Form, key: &[u64]) -> Option<usize> {
        for (at, statement) in self.statements.iter().enumerate().rev() {
            let has_row = statement.keys.contains(key);
            if statement.form == *form && !has_row {
                return Some(at);
            }
            if has_row || (form.creates && statement.form.creates) {
                return None;
            }
        }
        None
    }

    /// Makes all of them. Answers whether that changed anything.
    ///
    /// # Errors
    /// Unavailable without the database, a fault where it refuses. What was made until then stays, and does no harm
    /// where it is made again: each row keeps the number of the last event that touched it.
    pub(super) fn make(self, env: &Env) -> Result<bool, Error> {
        let mut has_changed = false;
        for Statement { form, keys, mut values } in self.statements {
            let (mut left, width) = (keys.len(), values.len() / keys.len());
            while left > 0 {
                // Powers of two, so that there are few statements to prepare.
                let rows = 1 << left.min(ROWS).ilog2();
                let rest = values.split_off(rows * width);
                let these = mem::replace(&mut values, rest);
                let rows_of = self.view.sql(env, &self.view.statement(&form, rows), these)?;
                has_changed |= !rows_of.rows.is_empty();
                left -= rows;
            }
        }
        Ok(has_changed)
    }
}

impl View {
    /// The text of a statement on so many rows.
    fn statement(&self, form: &Form, rows: usize) -> String {
        let (table, keys, columns) = (self.table, &self.key, &form.columns);
        let row = vec!["?"; 1 + keys.len() + columns.len()].join(", ");
        let rows = vec![format!("({row})"); rows].join(", ");
        let unless = form.unless.map(|column| format!(" AND {table}.{column} IS NULL"));
        let unless = unless.unwrap_or_default();
        if form.creates {
            let key = keys.join(", ");
            let names: String = columns.iter().map(|name| format!(", {name}")).collect();
            let sets: String =
                columns.iter().map(|name| format!("{name} = excluded.{name}, ")).collect();
            format!(
                "INSERT INTO {table} (madang_event, {key}{names}) VALUES {rows} \
                 ON CONFLICT ({key}) DO UPDATE SET {sets}madang_event = excluded.madang_event \
                 WHERE madang_event < excluded.madang_event{unless} RETURNING 1"
            )
        } else {
            // So SQLite names the columns of VALUES.
            let first = 2 + keys.len();
            let sets = columns.iter().enumerate();
            let sets: String =
                sets.map(|(at, name)| format!("{name} = new.column{}, ", first + at)).collect();
            let found = keys.iter().enumerate();
            let found: String =
                found.map(|(at, key)| format!("{key} = new.column{} AND ", 2 + at)).collect();
            format!(
                "UPDATE {table} SET {sets}madang_event = new.column1 FROM (VALUES {rows}) AS new \
                 WHERE {found}madang_event < new.column1{unless} RETURNING 1"
            )
        }
    }
}
