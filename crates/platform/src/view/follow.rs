//! How a view follows the log: one at a time, each event once, and what cannot be applied put aside.

use std::time::{Duration, UNIX_EPOCH};

use super::{Change, View, number};
use crate::consumer::{Drained, Entry, bury, dead_letter, drop_letter, head, max_attempts};
use crate::env::{Cell, Env};
use crate::error::{Error, Rejection};
use crate::redis::Reply;
use crate::span::Span;
use crate::work::Work;

/// Events read at once.
const BATCH: u64 = 256;
/// How long nobody else follows the log into the same database, in milliseconds.
const LEASE: u64 = 1000;
/// How long to wait before asking again whether somebody else has caught up.
const POLL: Duration = Duration::from_millis(2);

/// Newer events have touched the row, or there is none: applied now, this one would be out of order.
const OVERTAKEN: Rejection = Rejection::state(
    "the row has moved on since; to build the view anew, stop, delete its database, and start",
);

impl View {
    /// Follows the log for at most this long. Answers how it went and how many events are unread.
    ///
    /// # Errors
    /// Unavailable without Redis or the database.
    pub fn catch_up(&self, env: &Env, limit: Duration) -> Result<(Drained, u64), Error> {
        let started = env.host.now();
        loop {
            let position = self.position(env)?;
            let head = head(env)?;
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
        let max_attempts = max_attempts(env);
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
            } else if let Err(error) = self.apply(env, entry, if singly { tries } else { 1 }) {
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

    /// Applies a dead letter once more. Answers false where there is none.
    ///
    /// # Errors
    /// What applying it reports, or that the row has moved on since; the letter stays then.
    pub fn replay(&self, env: &Env, number: u64) -> Result<bool, Error> {
        let Some((_, letter)) = dead_letter(env, number)? else { return Ok(false) };
        let kind = letter["type"].as_str().unwrap_or_default().to_owned();
        let tries = letter["tries"].as_u64().unwrap_or(0) + 1;
        let entry = Entry { number, kind, json: letter["event"].to_string() };
        if !self.apply(env, &entry, tries)? {
            return Err(OVERTAKEN.into());
        }
        drop_letter(env, number)
    }

    /// Applies an event to its row. Answers whether that changed anything.
    fn apply(&self, env: &Env, entry: &Entry, tries: u64) -> Result<bool, Error> {
        let Some((_, apply)) = self.handlers.iter().find(|(kind, _)| *kind == entry.kind) else {
            return Ok(false);
        };
        let envelope = entry.envelope()?;
        let span = Span::of(env, &envelope, entry.number, tries);
        let result = apply(&envelope).and_then(|change| self.change(env, entry, change));
        span.end(&result, if result == Ok(true) { "done" } else { "nothing" });
        result
    }

    /// Changes a row. Answers whether that changed anything.
    fn change(&self, env: &Env, entry: &Entry, change: Change) -> Result<bool, Error> {
        if change.key.0.len() != self.key.len() {
            return Err(Error::fault(format!(
                "{} is found by {}",
                self.table,
                self.key.join(", ")
            )));
        }
        let mut values = vec![Cell::from(entry.number)];
        values.extend(change.key.0.into_iter().map(Cell::from));
        let first = values.len() + 1;
        let names: Vec<&str> = change.sets.iter().map(|(column, _)| *column).collect();
        values.extend(change.sets.into_iter().map(|(_, value)| value));
        let sets = |source: &dyn Fn(usize, &str) -> String| -> String {
            names
                .iter()
                .enumerate()
                .map(|(at, name)| format!("{name} = {}, ", source(at, name)))
                .collect()
        };
        let (table, key) = (self.table, self.key.join(", "));
        let keys: Vec<_> = (2..first).map(|at| format!("?{at}")).collect();
        let keys = keys.join(", ");
        let unless = change.unless.map(|column| format!("AND {table}.{column} IS NULL "));
        let unless = unless.unwrap_or_default();
        let sql = if change.creates {
            let columns: String = names.iter().map(|name| format!(", {name}")).collect();
            let places: String = (0..names.len()).map(|at| format!(", ?{}", at + first)).collect();
            let sets = sets(&|_, name| format!("excluded.{name}"));
            format!(
                "INSERT INTO {table} (madang_event, {key}{columns}) VALUES (?1, {keys}{places}) \
                 ON CONFLICT ({key}) DO UPDATE SET {sets}madang_event = excluded.madang_event \
                 WHERE madang_event < excluded.madang_event {unless}RETURNING 1"
            )
        } else {
            let sets = sets(&|at, _| format!("?{}", at + first));
            format!(
                "UPDATE {table} SET {sets}madang_event = ?1 \
                 WHERE ({key}) = ({keys}) AND madang_event < ?1 {unless}RETURNING 1"
            )
        };
        self.sql(env, &sql, values).map(|rows| !rows.rows.is_empty())
    }

    fn bury(&self, env: &Env, entry: &Entry, tries: u64, reason: &str) -> Result<(), Error> {
        let mut work = Work::new(env);
        bury(&mut work, entry, tries, reason)?;
        work.commit().map(drop)
    }
}

/// Reads a flattened XRANGE: id, `t`, type, `e`, JSON.
fn log_entries(replies: Vec<Reply>) -> Vec<Entry> {
    let mut texts = replies.into_iter().map(|reply| reply.text().unwrap_or_default());
    let mut entries = Vec::new();
    while let Some(id) = texts.next() {
        let number = id.split('-').next().and_then(|number| number.parse().ok()).unwrap_or(0);
        let (_, kind, _, json) = (texts.next(), texts.next(), texts.next(), texts.next());
        let (kind, json) = (kind.unwrap_or_default(), json.unwrap_or_default());
        entries.push(Entry { number, kind, json });
    }
    entries
}
