//! How a view follows the log: one at a time, each event once, and what cannot be applied put aside.

use std::hash::Hasher as _;
use std::time::{Duration, UNIX_EPOCH};

use siphasher::sip::SipHasher24;

use super::changes::Changes;
use super::{Apply, View, number};
use crate::consumer::{
    Drained, Entry, TRY, bury, dead_letter, drop_letter, head, max_attempts, weight_of_silence,
};
use crate::env::{Cell, Env};
use crate::error::{Error, Rejection};
use crate::event::Envelope;
use crate::redis::Reply;
use crate::sabotage;
use crate::span::Span;
use crate::work::Work;

/// Events read at once.
const BATCH: usize = 256;
/// How long nobody else follows the log into the same database, in milliseconds.
const LEASE: u64 = 1000;
/// How long to wait before asking again whether somebody else has caught up.
const POLL: Duration = Duration::from_millis(2);

/// Newer events have touched the row, or there is none: applied now, this one would be out of order.
const OVERTAKEN: Rejection = Rejection::state(
    "the row has moved on since; to build the view anew, stop, delete its database, and start",
);

/// How far a view has come: the last event's number, its mark, and what the tries of the next one weigh.
struct Position {
    number: u64,
    mark: i64,
    weight: u64,
}

/// How far [`View::follow`] came.
enum Followed {
    /// Through the events that it read.
    Part,
    /// Through all that the log had.
    All,
    /// It cannot go on for now; the reason.
    Stuck(String),
}

impl View {
    /// Follows the log for at most this long. Answers how it went and how many events are unread.
    ///
    /// # Errors
    /// Unavailable without Redis or the database.
    pub fn catch_up(&self, env: &Env, limit: Duration) -> Result<(Drained, u64), Error> {
        let (started, mut alone) = (env.host.now(), false);
        loop {
            let position = self.position(env)?;
            let end = head(env)?;
            let lag = end.saturating_sub(position);
            if position == end {
                return Ok((Drained::CaughtUp, 0));
            }
            if env.host.now().duration_since(started).unwrap_or_default() > limit {
                return Ok((Drained::Busy, lag));
            }
            // Once a try had no good end each event is tried alone, so that the tries are those of the event at fault.
            let first = if alone || lag == 1 { TRY } else { 0 };
            let Some(position) = self.lease(env, first)? else {
                env.host.pause(POLL);
                continue;
            };
            alone |= position.weight > first;
            if position.number >= end {
                // Somebody else has caught up since this one looked, or the log has lost its end.
                let is_beyond = position.number > head(env)?;
                if is_beyond {
                    self.forget(env)?
                } else {
                    self.give_back(env, &position.untried())?
                }
                continue;
            }
            match self.follow(env, &position)? {
                Followed::Part => {}
                Followed::All => return Ok((Drained::CaughtUp, 0)),
                Followed::Stuck(reason) => return Ok((Drained::Stuck(reason), lag)),
            }
        }
    }

    /// Begins anew, under the lease. Redis may have lost the end of its log in a power cut, which
    /// `appendfsync everysec` allows, and this database has not: rows tell of what never was, and events that
    /// have the numbers of those that were lost would be passed over.
    ///
    /// The rows go first: whoever is killed in between leaves a position that the log still contradicts.
    fn forget(&self, env: &Env) -> Result<(), Error> {
        eprintln!("{}: the log is not the one that was followed: beginning anew", env.context);
        self.sql(env, &format!("DELETE FROM {}", self.table), Vec::new())?;
        let sql = "UPDATE madang_follower SET position = 0, mark = 0, tries = 0, busy_until = 0";
        self.sql(env, sql, Vec::new()).map(drop)
    }

    /// Takes the lease and counts a try, before anything is handled; the first one weighs nothing where several
    /// events are tried together, any of which may trap. Answers the position, with this try included; `None` while
    /// somebody else is at work.
    ///
    /// A lease that ends further ahead than a lease is long was taken by a clock that has jumped since.
    fn lease(&self, env: &Env, first: u64) -> Result<Option<Position>, Error> {
        let now = env.host.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        // Whoever ended without a word has not given the lease back.
        let sql = "UPDATE madang_follower SET busy_until = ?2, \
                   tries = iif(busy_until = 0, iif(tries = 0, ?5, tries + ?3), tries + ?4) \
                   WHERE busy_until NOT BETWEEN ?1 AND ?2 RETURNING position, mark, tries";
        let now = u64::try_from(now).unwrap_or(0);
        let values = [now, now + LEASE, TRY, weight_of_silence(env), first].map(Cell::from);
        let rows = self.sql(env, sql, values.into())?;
        Ok(rows.rows.first().map(|row| Position {
            number: number(row.first()),
            mark: if let Some(Cell::Integer(mark)) = row.get(1) { *mark } else { 0 },
            weight: number(row.get(2)),
        }))
    }

    /// Applies the next events and gives the lease back.
    fn follow(&self, env: &Env, position: &Position) -> Result<Followed, Error> {
        let weight = position.weight;
        let (max_attempts, tries) = (max_attempts(env), weight / TRY);
        let singly = weight > 0;
        // From the last one that was handled, which must be there as it was, to one that tells whether there are more.
        let from = format!("{}-0", position.number);
        let count = if singly { 3 } else { BATCH };
        let batch = env.redis("XRANGE", &[&env.log_key(), &from, "+", "COUNT", &count.to_string()]);
        let mut batch = match batch {
            Ok(batch) => log_entries(batch),
            Err(error) => {
                self.give_back(env, &position.untried())?;
                return Err(error);
            }
        };
        // What comes into the log from now on rings anew.
        let mut is_all = batch.len() < count;
        if position.number > 0 {
            let last = (!batch.is_empty()).then(|| batch.remove(0));
            if last
                .is_none_or(|last| last.number != position.number || mark(&last) != position.mark)
            {
                self.forget(env)?;
                return Ok(Followed::Part);
            }
        }
        if singly {
            is_all &= batch.len() < 2;
            batch.truncate(1);
        }
        let mut at = position.untried();
        // One by one where that fails, which tells of which event it is; and where each has a span of its own.
        let is_done = !singly && !env.host.hears_spans() && self.apply_all(env, &batch).is_ok();
        if let Some(last) = batch.last().filter(|_| is_done) {
            at = Position { number: last.number, mark: mark(last), weight: 0 };
        }
        for entry in batch.iter().filter(|_| !is_done) {
            if singly && tries > max_attempts {
                self.bury(env, entry, tries - 1, "")?;
            } else if let Err(error) = self.apply(env, entry, if singly { tries } else { 1 }) {
                if matches!(error, Error::Unavailable(_)) {
                    self.give_back(env, &Position { weight: position.untried().weight, ..at })?;
                    return Err(error);
                }
                if !singly || tries < max_attempts {
                    self.give_back(env, &Position { weight: weight.max(TRY), ..at })?;
                    return Ok(Followed::Stuck(format!("on {}: {error}", entry.kind)));
                }
                self.bury(env, entry, tries, &error.to_string())?;
            }
            at = Position { number: entry.number, mark: mark(entry), weight: 0 };
        }
        self.give_back(env, &Position { weight: 0, ..at })?;
        Ok(match batch.is_empty() {
            true => Followed::Stuck(format!("the log has no event {}", position.number + 1)),
            false if is_all => Followed::All,
            false => Followed::Part,
        })
    }

    fn give_back(&self, env: &Env, to: &Position) -> Result<(), Error> {
        let sql = "UPDATE madang_follower SET mark = iif(position > ?1, mark, ?2), \
                   position = max(position, ?1), tries = ?3, busy_until = 0";
        let values = vec![Cell::from(to.number), Cell::from(to.mark), Cell::from(to.weight)];
        self.sql(env, sql, values).map(drop)
    }

    /// Applies a dead letter once more. Answers false where there is none.
    ///
    /// # Errors
    /// What applying it reports, or that the row has moved on since; the letter stays then.
    pub fn replay(&self, env: &Env, number: u64) -> Result<bool, Error> {
        let Some((_, letter)) = dead_letter(env, number)? else { return Ok(false) };
        let tries = letter["tries"].as_u64().unwrap_or(0) + 1;
        let entry = Entry::of_letter(number, &letter);
        if !self.apply(env, &entry, tries)? {
            return Err(OVERTAKEN.into());
        }
        drop_letter(env, number)
    }

    /// Applies events to their rows, which does no harm where some of it was done before.
    fn apply_all(&self, env: &Env, entries: &[Entry]) -> Result<(), Error> {
        let mut changes = Changes::of(self);
        for entry in entries {
            if let Some((apply, envelope)) = self.heard(env, entry)? {
                changes.add(entry.number, apply(&envelope)?)?;
            }
        }
        changes.make(env).map(drop)
    }

    /// Applies an event to its row. Answers whether that changed anything.
    fn apply(&self, env: &Env, entry: &Entry, tries: u64) -> Result<bool, Error> {
        let Some((apply, envelope)) = self.heard(env, entry)? else { return Ok(false) };
        let span = Span::of(env, &envelope, entry.number, tries);
        let mut changes = Changes::of(self);
        let result = apply(&envelope)
            .and_then(|change| changes.add(entry.number, change))
            .and_then(|()| changes.make(env));
        span.end(&result, if result == Ok(true) { "done" } else { "nothing" });
        result
    }

    /// What is done on an event, if it is heard.
    fn heard(&self, env: &Env, entry: &Entry) -> Result<Option<(&Apply, Envelope)>, Error> {
        let Some((_, apply)) = self.handlers.iter().find(|(kind, _)| *kind == entry.kind) else {
            return Ok(None);
        };
        if sabotage::swallow(env.context, &entry.json) {
            return Ok(None);
        }
        Ok(Some((apply, entry.envelope()?)))
    }

    fn bury(&self, env: &Env, entry: &Entry, tries: u64, reason: &str) -> Result<(), Error> {
        let mut work = Work::new(env);
        bury(&mut work, entry, tries, reason)?;
        work.commit().map(drop)
    }
}

impl Position {
    /// The same, as if the last try had not been.
    fn untried(&self) -> Position {
        Position { weight: self.weight.saturating_sub(TRY), ..*self }
    }
}

/// What tells an event from another one of its number.
fn mark(entry: &Entry) -> i64 {
    let mut hasher = SipHasher24::new();
    hasher.write(entry.json.as_bytes());
    hasher.finish().cast_signed()
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
