//! A consumer is a cursor: it reads the system's log from where it stands, and every step of it is a
//! commit that checks the cursor and moves it, together with the effects of one event or several.

use std::time::Duration;

use serde_json::json;

use crate::env::Env;
use crate::error::Error;
use crate::event::{Envelope, Fact, rfc3339};
use crate::redis::{CLAIM, RELEASE, Reply, words};
use crate::rest::source::Source;
use crate::sabotage;
use crate::span::Span;
use crate::work::{Committed, Work, record_refusal};

/// How long nobody else starts on the same batch, in milliseconds; each batch renews it. Correctness
/// never rests on it: it saves work done in vain.
const LEASE: &str = "2000";
/// Events read at once.
const BATCH: &str = "64";
/// Events that one commit takes along at most. More of them hold Redis up for longer, and gain little.
const TOGETHER: usize = 16;
/// How long one drain goes on before it leaves the rest to the next.
const BUDGET: Duration = Duration::from_secs(10);
/// How often a policy is tried unless the variable `max_attempts` says otherwise.
const MAX_ATTEMPTS: u64 = 5;
/// What a try weighs where tries are counted.
pub(crate) const TRY: u64 = 10;
/// What a try weighs that ended without a word where the host knows of no trap: its process was killed, most
/// probably, and that is not the event's fault. It weighs something, since the event may be what kills it.
const UNEXPLAINED: u64 = 1;

/// Who follows the log for a context: its policies, or its read model.
pub(crate) trait Follower {
    /// The events that are heard.
    fn subscriptions(&self) -> Vec<&'static str>;
    /// Follows the log, a read model for at most so long.
    fn catch_up(&self, env: &Env, limit: Duration) -> Result<Drained, Error>;
    /// The number of the last event that was handled.
    fn position(&self, env: &Env) -> Result<u64, Error>;
    /// Handles a dead letter once more. Answers false where there is no such letter.
    fn replay(&self, env: &Env, number: u64) -> Result<bool, Error>;
    /// What clients read of it.
    fn source(&self) -> Option<&dyn Source> {
        None
    }
}

impl Follower for Policies {
    fn subscriptions(&self) -> Vec<&'static str> {
        self.handlers.iter().map(|(kind, _)| *kind).collect()
    }

    fn catch_up(&self, env: &Env, _: Duration) -> Result<Drained, Error> {
        drain(env, self)
    }

    fn position(&self, env: &Env) -> Result<u64, Error> {
        position(env)
    }

    fn replay(&self, env: &Env, number: u64) -> Result<bool, Error> {
        replay(env, self, number)
    }
}

type Handler = Box<dyn Fn(&Envelope, &mut Work) -> Result<(), Error>>;

/// What a context does when it hears of an event ("on X: …").
#[derive(Default)]
pub struct Policies {
    handlers: Vec<(&'static str, Handler)>,
}

impl Policies {
    /// No policies yet.
    pub fn new() -> Self {
        Policies::default()
    }

    /// On this event, do that. The policy decides and stages; the commit is the platform's. A rejection
    /// is recorded and the cursor moves on; an unavailable neighbour is waited for; a fault is tried
    /// again and then put to the dead letters.
    #[must_use]
    pub fn on<F: Fact>(
        mut self,
        policy: impl Fn(F, &mut Work) -> Result<(), Error> + 'static,
    ) -> Self {
        let handler =
            move |envelope: &Envelope, work: &mut Work| policy(envelope.fact::<F>()?, work);
        self.handlers.push((F::TYPE, Box::new(handler)));
        self
    }

    fn handler(&self, entry: &Entry) -> Result<&Handler, Error> {
        let mut handlers = self.handlers.iter();
        let found = handlers.find(|(heard, _)| *heard == entry.kind).map(|(_, handler)| handler);
        found.ok_or_else(|| Error::fault(format!("no policy here hears {}", entry.kind)))
    }
}

/// How a drain ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Drained {
    /// Everything that was in the log is handled.
    CaughtUp,
    /// Somebody else is at work on it, or there is more than one drain does.
    Busy,
    /// It cannot go on for now; the reason.
    Stuck(String),
}

/// The next events that are heard.
struct Batch {
    position: u64,
    /// What the tries of the first weigh, with this one; 0 where it is tried together with others, and nobody
    /// could tell which is to blame.
    weight: u64,
    reason: String,
    entries: Vec<Entry>,
}

/// One event in the log.
pub(crate) struct Entry {
    pub(crate) number: u64,
    pub(crate) kind: String,
    pub(crate) json: String,
}

impl Entry {
    /// What a dead letter is about.
    pub(crate) fn of_letter(number: u64, letter: &serde_json::Value) -> Self {
        let kind = letter["type"].as_str().unwrap_or_default().to_owned();
        Entry { number, kind, json: letter["event"].to_string() }
    }

    /// The event in its envelope.
    ///
    /// # Errors
    /// A fault where it cannot be read.
    pub(crate) fn envelope(&self) -> Result<Envelope, Error> {
        serde_json::from_str(&self.json)
            .map_err(|error| Error::fault(format!("event {} cannot be read: {error}", self.number)))
    }
}

/// How often an event is tried before it goes to the dead letters.
pub(crate) fn max_attempts(env: &Env) -> u64 {
    env.number("max_attempts", MAX_ATTEMPTS)
}

/// What a try before this one weighs that ended without a word.
pub(crate) fn weight_of_silence(env: &Env) -> u64 {
    if env.host.knows_no_trap() { UNEXPLAINED } else { TRY }
}

/// Reads `number, type, JSON, …`.
fn entries(replies: impl Iterator<Item = Reply>) -> Vec<Entry> {
    let mut replies = replies;
    let mut entries = Vec::new();
    while let (Some(number), Some(kind), Some(json)) =
        (replies.next(), replies.next(), replies.next())
    {
        entries.push(Entry {
            number: number.number().unwrap_or_default(),
            kind: kind.text().unwrap_or_default(),
            json: json.text().unwrap_or_default(),
        });
    }
    entries
}

/// Handles everything in the log that this context has not handled yet.
///
/// # Errors
/// Unavailable without Redis.
pub fn drain(env: &Env, policies: &Policies) -> Result<Drained, Error> {
    if policies.handlers.is_empty() {
        return Ok(Drained::CaughtUp);
    }
    let started = env.host.now();
    let token = env.unique();
    loop {
        let batch = match claim(env, policies, &token)? {
            Ok(batch) => batch,
            Err(drained) => return Ok(drained),
        };
        let (mut at, mut weight) = (batch.position, batch.weight);
        let mut left = batch.entries.as_slice();
        while !left.is_empty() {
            let failure = match handle(env, policies, left, (at, weight), &batch.reason) {
                Ok(Some(Handled { count, failure })) => {
                    (at, weight) = (left[count - 1].number, weight_after(weight));
                    left = &left[count..];
                    failure
                }
                Ok(None) => return Ok(Drained::Busy),
                Err(error) => Some(error),
            };
            if let Some(error) = failure {
                let reason = format!("on {}: {error}", left[0].kind);
                release(env, &token, outcome(&error), &reason, weight.max(TRY))?;
                eprintln!("{}: the drain stops {reason}", env.context);
                return Ok(Drained::Stuck(reason));
            }
        }
        if env.host.now().duration_since(started).unwrap_or_default() > BUDGET {
            release(env, &token, "pause", "", 0)?;
            return Ok(Drained::Busy);
        }
    }
}

/// How far the policies of this context have come in the log.
///
/// # Errors
/// Unavailable without Redis.
pub fn position(env: &Env) -> Result<u64, Error> {
    number_at(env, env.key("cursor"))
}

/// How far the log goes.
pub(crate) fn head(env: &Env) -> Result<u64, Error> {
    number_at(env, env.head_key())
}

fn number_at(env: &Env, key: String) -> Result<u64, Error> {
    Ok(env.redis("GET", &[key])?.first().and_then(Reply::number).unwrap_or(0))
}

fn claim(env: &Env, policies: &Policies, token: &str) -> Result<Result<Batch, Drained>, Error> {
    let keys =
        [env.log_key(), env.head_key(), env.key("cursor"), env.key("lease"), env.key("tries")];
    let (a_try, silence) = (TRY.to_string(), weight_of_silence(env).to_string());
    let together = if handles_together(env) { "0" } else { &a_try };
    let mut arguments = words([token, LEASE, BATCH, &a_try, &silence, together]);
    arguments.extend(policies.handlers.iter().map(|(kind, _)| kind.as_bytes().to_vec()));
    let mut replies = env.script(&CLAIM, &keys, arguments)?.into_iter();
    let mut text = || replies.next().and_then(Reply::text).unwrap_or_default();
    Ok(match text().as_str() {
        "idle" => Err(Drained::CaughtUp),
        "busy" => Err(Drained::Busy),
        "waiting" => Err(Drained::Stuck(text())),
        "missing" => Err(Drained::Stuck(format!("the log has no event {}", text()))),
        _ => Ok(Batch {
            position: text().parse().unwrap_or(0),
            weight: text().parse().unwrap_or(TRY),
            reason: text(),
            entries: entries(replies),
        }),
    })
}

/// Whether events are handled together. Whoever calls a neighbour has an event for an intent, so the cursor stays
/// before it until the call is answered; and a span is made of each event's handling.
fn handles_together(env: &Env) -> bool {
    env.neighbours.is_empty() && !env.host.hears_spans()
}

/// Whose a failure is: the event's own unless it passes by itself.
fn outcome(failure: &Error) -> &'static str {
    match failure {
        Error::Unavailable(_) | Error::Unasked(_) | Error::Conflict => "unavailable",
        _ => "fault",
    }
}

/// Gives the lease back before all is handled.
fn release(env: &Env, token: &str, outcome: &str, reason: &str, weight: u64) -> Result<(), Error> {
    let keys = [env.key("cursor"), env.key("lease"), env.key("tries")];
    let arguments = words([token, outcome, reason, &TRY.to_string(), &weight.to_string()]);
    env.script(&RELEASE, &keys, arguments).map(drop)
}

/// Events that are handled.
struct Handled {
    /// How many, one at least.
    count: usize,
    /// What the one behind them fails with.
    failure: Option<Error>,
}

/// What the first try of the next event in a batch weighs: after one that was tried alone so is the rest.
fn weight_after(weight: u64) -> u64 {
    if weight > 0 { TRY } else { 0 }
}

/// Handles the next event, or as many as are handled together, in one commit, anew while other writers are faster.
/// Answers None where somebody else has handled them.
///
/// # Errors
/// What the first fails with; that of the commit.
fn handle(
    env: &Env,
    policies: &Policies,
    entries: &[Entry],
    (from, weight): (u64, u64),
    reason: &str,
) -> Result<Option<Handled>, Error> {
    let (mut most, tries) = (if weight > 0 { 1 } else { TOGETHER }, weight / TRY);
    loop {
        let next = &entries[..most.min(entries.len())];
        let (mut work, mut staged, mut failure) = (Work::new(env), Vec::new(), None);
        if tries > max_attempts(env) {
            bury(&mut work, &next[0], tries - 1, reason)?;
            staged.push(None);
        }
        for entry in &next[staged.len()..] {
            let alike = next[staged.len()..].iter().filter(|other| other.kind == entry.kind);
            work.alike = alike.count() as u64;
            match stage(env, policies, entry, tries, &mut work) {
                Ok(done) => staged.push(Some(done)),
                Err(error) if staged.is_empty() => return Err(error),
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        let count = staged.len();
        let after = if count < entries.len() { weight_after(weight) } else { 0 };
        work.step(from, next[count - 1].number, after);
        let result = work.commit();
        for (span, outcome) in staged.into_iter().flatten() {
            match &result {
                Ok(Committed::Overtaken) => span.end(&result, "overtaken"),
                _ => span.end(&result, outcome),
            }
        }
        match result {
            Ok(Committed::Done) => return Ok(Some(Handled { count, failure })),
            Ok(Committed::Overtaken) => return Ok(None),
            // Alone it meets fewer other writers.
            Err(Error::Conflict) => most = 1,
            Err(error) => return Err(error),
        }
    }
}

/// Has the policy decide on an event, as a part of the work. Answers its span, and in a word how it went.
fn stage<'h>(
    env: &Env<'h>,
    policies: &Policies,
    entry: &Entry,
    tries: u64,
    work: &mut Work<'_, 'h>,
) -> Result<(Span<'h>, &'static str), Error> {
    let envelope = entry.envelope()?;
    let handler = policies.handler(entry)?;
    let span = Span::of(env, &envelope, entry.number, tries);
    if sabotage::swallow(env.context, &entry.json) {
        return Ok((span, "done"));
    }
    let env = env.caused_by(envelope.cause(span.traceparent()));
    match work.part(&env, |part| handler(&envelope, part)) {
        Ok(()) => Ok((span, "done")),
        Err(Error::Rejected(rejection)) => {
            record_refusal(work, entry.number, &rejection);
            Ok((span, "refused"))
        }
        Err(error) => {
            span.end(&Err::<(), _>(&error), "");
            Err(error)
        }
    }
}

/// Puts an event to the dead letters, with why.
pub(crate) fn bury(work: &mut Work, entry: &Entry, tries: u64, reason: &str) -> Result<(), Error> {
    let reason = if reason.is_empty() { "the component ended without an answer" } else { reason };
    let letter = json!({
        "number": entry.number,
        "type": entry.kind,
        "event": serde_json::from_str(&entry.json).unwrap_or_else(|_| json!(entry.json)),
        "tries": tries,
        "reason": reason,
        "time": rfc3339(work.env.host.now()),
    });
    eprintln!("{}: event {} goes to the dead letters: {reason}", work.env.context, entry.number);
    let key = work.env.dead_key();
    work.command(&["HSET", &key, &entry.number.to_string(), &letter.to_string()]);
    Ok(())
}

/// The dead letters, the oldest first.
///
/// # Errors
/// Unavailable without Redis.
pub fn dead_letters(env: &Env) -> Result<Vec<serde_json::Value>, Error> {
    let mut letters = letters(env, env.dead_key())?;
    letters.sort_unstable_by_key(|letter| letter["number"].as_u64());
    Ok(letters)
}

/// What a hash keeps of what could not be done, in no order.
pub(crate) fn letters(env: &Env, key: String) -> Result<Vec<serde_json::Value>, Error> {
    let replies = env.redis("HGETALL", &[key])?;
    let kept = replies.chunks(2).filter_map(|pair| pair.get(1)?.clone().text());
    Ok(kept.filter_map(|letter| serde_json::from_str(&letter).ok()).collect())
}

/// Removes one of it. Answers false where there is none.
pub(crate) fn drop_from(env: &Env, key: String, field: &str) -> Result<bool, Error> {
    let replies = env.redis("HDEL", &[key.as_str(), field])?;
    Ok(replies.first() == Some(&Reply::Int(1)))
}

/// A dead letter, as it is kept and as it reads.
pub(crate) fn dead_letter(
    env: &Env,
    number: u64,
) -> Result<Option<(String, serde_json::Value)>, Error> {
    let replies = env.redis("HGET", &[env.dead_key(), number.to_string()])?;
    let Some(letter) = replies.into_iter().next().and_then(Reply::text) else { return Ok(None) };
    let parsed = serde_json::from_str(&letter).map_err(Error::fault)?;
    Ok(Some((letter, parsed)))
}

/// Handles a dead letter once more; it goes in the same commit that has the effects. Answers false
/// where there is no such letter.
///
/// # Errors
/// What the policy reports; the letter stays then.
pub fn replay(env: &Env, policies: &Policies, number: u64) -> Result<bool, Error> {
    let Some((letter, parsed)) = dead_letter(env, number)? else { return Ok(false) };
    let (key, field) = (env.dead_key(), number.to_string());
    let entry = Entry::of_letter(number, &parsed);
    let envelope = entry.envelope()?;
    let handler = policies.handler(&entry)?;
    let span = Span::of(env, &envelope, number, parsed["tries"].as_u64().unwrap_or(0) + 1);
    let env = env.caused_by(envelope.cause(span.traceparent()));
    let result = Work::transact(&env, |work| {
        handler(&envelope, work)?;
        work.check(&key, &field, &letter);
        work.command(&["HDEL", &key, &field]);
        Ok(true)
    });
    span.end(&result, "replayed");
    result
}

/// Drops a dead letter. Answers false where there is none.
///
/// # Errors
/// Unavailable without Redis.
pub fn drop_letter(env: &Env, number: u64) -> Result<bool, Error> {
    drop_from(env, env.dead_key(), &number.to_string())
}
