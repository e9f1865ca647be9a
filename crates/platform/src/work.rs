//! A piece of work: what it has read, what it will change, and the one commit that does it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::aggregate::{Aggregate, Decision};
use crate::env::Env;
use crate::error::{Error, Rejection};
use crate::event::Envelope;
use crate::pack::Pack;
use crate::redis::{COMMIT, LIST, Reply, words};
use crate::{index, json};

/// How often a decision is taken anew when another writer was faster.
const RETRIES: u32 = 20;
/// How long the answer to a call of a neighbour is kept for repetitions, in milliseconds: far longer
/// than any request lives.
const ONCE_KEPT: &str = "86400000";
/// When an intent is taken up again by others, in milliseconds: after whoever made it must have ended.
const INTENT_GRACE: u64 = 5_000;

/// An aggregate within a piece of work.
struct Slot {
    collection: &'static str,
    id: u64,
    version: u64,
    /// The state as loaded and as decided; `None` where there is none.
    loaded: Option<String>,
    state: Option<String>,
    /// What the indexes know of the state as loaded, asked for only where it changes.
    before: fn(&str) -> Result<Face, Error>,
    after: Face,
    events: u32,
    kept: Kept,
    /// Under an id that this work has just taken.
    created: bool,
}

/// What is kept beside an aggregate's state until it is settled.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    /// The record of the Idempotency-Key that waits for it.
    pub(crate) record: Option<String>,
    /// What made it an intent, in JSON: its saga goes on with whoever settles it.
    pub(crate) cause: Option<String>,
}

/// What the indexes know of an aggregate.
#[derive(Default, Clone)]
struct Face {
    resource: Option<Value>,
    intent: bool,
}

/// The consumer's step that a commit takes along.
pub(crate) struct Step {
    pub(crate) from: u64,
    pub(crate) to: u64,
}

/// How a commit ended.
#[derive(Debug, PartialEq)]
pub(crate) enum Committed {
    /// It is done.
    Done,
    /// Somebody else has handled this event already: nothing was written.
    Overtaken,
}

/// A piece of work.
pub struct Work<'e, 'h> {
    /// Its surroundings.
    pub env: &'e Env<'h>,
    slots: BTreeMap<(&'static str, u64), Slot>,
    checks: Pack,
    commands: Pack,
    /// Keys that are not the context's own.
    foreign: Vec<String>,
    events: Vec<Envelope>,
    step: Option<Step>,
}

impl<'e, 'h> Work<'e, 'h> {
    /// A piece of work that has not begun.
    pub fn new(env: &'e Env<'h>) -> Self {
        Work {
            env,
            slots: BTreeMap::new(),
            checks: Pack::new(),
            commands: Pack::new(),
            foreign: Vec::new(),
            events: Vec::new(),
            step: None,
        }
    }

    /// Does the work and commits it, anew while other writers are faster.
    ///
    /// # Errors
    /// What `work` reports; [`Error::Conflict`] when the retries are used up.
    pub fn transact<T>(
        env: &'e Env<'h>,
        mut work: impl FnMut(&mut Work<'e, 'h>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        for _ in 0..RETRIES {
            let mut attempt = Work::new(env);
            let result = work(&mut attempt)?;
            match attempt.commit() {
                Ok(_) => return Ok(result),
                Err(Error::Conflict) => {}
                Err(other) => return Err(other),
            }
        }
        Err(Error::Conflict)
    }

    /// The state of an aggregate, with what this work has decided so far.
    ///
    /// # Errors
    /// Unavailable without Redis; a fault for a state that cannot be read.
    pub fn load<A: Aggregate>(&mut self, id: u64) -> Result<Option<A>, Error> {
        if !self.slots.contains_key(&(A::COLLECTION, id)) {
            let key = item_key::<A>(self.env, id);
            let mut replies =
                self.env.redis("HMGET", &[key.as_str(), "v", "d", "k", "c"])?.into_iter();
            let version = replies.next().and_then(|reply| reply.number()).unwrap_or(0);
            let loaded = replies.next().and_then(Reply::text);
            let record = replies.next().and_then(Reply::text);
            let cause = replies.next().and_then(Reply::text);
            self.admit::<A>(id, version, loaded, Kept { record, cause });
        }
        let slot = &self.slots[&(A::COLLECTION, id)];
        slot.state.as_deref().map(read::<A>).transpose()
    }

    /// The version of an aggregate as loaded; 0 where there is none.
    pub fn version<A: Aggregate>(&self, id: u64) -> u64 {
        self.slots.get(&(A::COLLECTION, id)).map_or(0, |slot| slot.version)
    }

    /// The version that an aggregate has once this work is committed.
    pub fn version_after<A: Aggregate>(&self, id: u64) -> u64 {
        self.slots
            .get(&(A::COLLECTION, id))
            .map_or(0, |slot| slot.version + u64::from(slot.is_changed()))
    }

    /// Decides a command on an aggregate and stages what follows. Answers the state after.
    ///
    /// # Errors
    /// The domain's rejection; those of [`Work::load`].
    pub fn decide<A: Aggregate>(
        &mut self,
        id: u64,
        command: A::Command,
    ) -> Result<Option<A>, Error> {
        let state = self.load::<A>(id)?;
        let Decision { state, events } = A::decide(state, command)?;
        let env = self.env;
        let Some(slot) = self.slots.get_mut(&(A::COLLECTION, id)) else {
            return Err(Error::fault("decided on what was not loaded"));
        };
        slot.state = state.as_ref().map(serde_json::to_string).transpose().map_err(Error::fault)?;
        slot.after = face(state.as_ref())?;
        for event in &events {
            let mut event_id = format!("{}/{id}@{}", A::COLLECTION, slot.version + 1);
            if slot.events > 0 {
                event_id.push_str(&format!(".{}", slot.events));
            }
            slot.events += 1;
            let subject = format!("{}/{id}", A::COLLECTION);
            self.events.push(Envelope::new(env, event_id, subject, event)?);
        }
        Ok(state)
    }

    /// Creates an aggregate under the collection's next id. A number taken by work that fails leaves a
    /// gap.
    ///
    /// # Errors
    /// Those of [`Work::decide`].
    pub fn create<A: Aggregate>(
        &mut self,
        command: impl FnOnce(u64) -> Result<A::Command, Rejection>,
    ) -> Result<(u64, Option<A>), Error> {
        let key = self.env.key(&format!("{}:next", A::COLLECTION));
        let replies = self.env.redis("INCR", &[key])?;
        let id = replies
            .first()
            .and_then(Reply::number)
            .ok_or_else(|| Error::fault("INCR gave no number"))?;
        self.admit::<A>(id, 0, None, Kept::default());
        if let Some(slot) = self.slots.get_mut(&(A::COLLECTION, id)) {
            slot.created = true;
        }
        let state = self.decide::<A>(id, command(id)?)?;
        Ok((id, state))
    }

    /// The ids of the visible aggregates whose field has this value, the lowest first, 1000 at most.
    ///
    /// # Errors
    /// Unavailable without Redis.
    pub fn find<A: Aggregate>(
        &mut self,
        field: &str,
        value: impl Into<Value>,
    ) -> Result<Vec<u64>, Error> {
        let Some((lowest, highest)) = index::bounds(&value.into()) else { return Ok(Vec::new()) };
        let key = field_key::<A>(self.env, field);
        let mut arguments = words(["field", "", "", "0", "1000", "0"]);
        (arguments[1], arguments[2]) = (lowest, highest);
        arguments.push(item_prefix::<A>(self.env).into_bytes());
        let replies = self.env.script(&LIST, &[key], arguments)?;
        Ok(replies[1..].chunks(3).filter_map(|item| item[0].number()).collect())
    }

    /// Does something once for a key, whoever repeats it: the first answer that changed something is
    /// kept in the same commit and given again. What a neighbour sends as its idempotency key.
    ///
    /// # Errors
    /// Those of `work`; unavailable without Redis.
    pub fn once<T: Serialize + DeserializeOwned>(
        &mut self,
        key: &str,
        work: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (record, kept) = self.kept(key)?;
        if !kept.is_empty() {
            return serde_json::from_str(&kept).map_err(Error::fault);
        }
        let answer = work(self)?;
        if self.slots.values().any(Slot::is_changed) {
            self.keep(record, kept, &answer)?;
        }
        Ok(answer)
    }

    /// Decrees the answer that [`Work::once`] gives for a key from now on, whether or not it was ever
    /// asked: how a call is undone that may still be on its way.
    ///
    /// # Errors
    /// Unavailable without Redis.
    pub fn decree<T: Serialize>(&mut self, key: &str, answer: &T) -> Result<(), Error> {
        let (record, kept) = self.kept(key)?;
        self.keep(record, kept, answer)
    }

    fn kept(&self, key: &str) -> Result<(String, String), Error> {
        let record = format!("once:{key}");
        let replies = self.env.redis("GET", &[self.env.key(&record)])?;
        let kept = replies.into_iter().next().and_then(Reply::text).unwrap_or_default();
        Ok((record, kept))
    }

    fn keep<T: Serialize>(
        &mut self,
        record: String,
        kept: String,
        answer: &T,
    ) -> Result<(), Error> {
        let answer = serde_json::to_string(answer).map_err(Error::fault)?;
        self.command(&["SET", &record, &answer, "PX", ONCE_KEPT]);
        self.check(&record, "", &kept);
        Ok(())
    }

    /// Records an answer for an Idempotency-Key in the same commit.
    pub(crate) fn answer_idempotent(&mut self, record: &str, token: &str, answer: &Value) {
        self.check(record, "token", token);
        self.command(&["HSET", record, "answer", &answer.to_string()]);
    }

    /// Binds an Idempotency-Key to an aggregate that is an intent: whoever settles it answers the key.
    pub(crate) fn bind_idempotent<A: Aggregate>(&mut self, id: u64, record: &str, token: &str) {
        self.check(record, "token", token);
        self.command(&["HSET", record, "subject", &id.to_string()]);
        if let Some(slot) = self.slots.get_mut(&(A::COLLECTION, id)) {
            slot.kept.record = Some(record.to_owned());
        }
    }

    /// What is kept beside an aggregate's state.
    pub(crate) fn kept_with<A: Aggregate>(&self, id: u64) -> Kept {
        self.slots.get(&(A::COLLECTION, id)).map(|slot| slot.kept.clone()).unwrap_or_default()
    }

    /// Writes the answer that an Idempotency-Key's record waits for.
    pub(crate) fn answer_awaited(&mut self, record: &str, answer: &Value) {
        self.command(&["HSET", record, "answer", &answer.to_string()]);
    }

    /// Takes a consumer's step along: the commit holds only if the cursor stands where it should.
    pub(crate) fn step(&mut self, from: u64, to: u64) {
        self.step = Some(Step { from, to });
    }

    /// Adds a command to the commit, on a key of this context (without the prefix) or, beginning with
    /// `{`, on another that it is granted.
    pub(crate) fn command(&mut self, words: &[&str]) {
        self.note(words[1]);
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        self.commands.list(&words);
    }

    /// Adds a condition: the key (or its hash's field) holds this, `""` for nothing.
    pub(crate) fn check(&mut self, key: &str, field: &str, expected: &str) {
        self.note(key);
        [key, field, expected].iter().for_each(|text| self.checks.text(text.as_bytes()));
    }

    fn note(&mut self, key: &str) {
        if key.starts_with('{') {
            self.foreign.push(key.to_owned());
        }
    }

    /// Lets the work know an aggregate without reading it.
    pub(crate) fn admit<A: Aggregate>(
        &mut self,
        id: u64,
        version: u64,
        loaded: Option<String>,
        kept: Kept,
    ) {
        let slot = Slot {
            collection: A::COLLECTION,
            id,
            version,
            state: loaded.clone(),
            loaded,
            before: |loaded| face(Some(&read::<A>(loaded)?)),
            after: Face::default(),
            events: 0,
            kept,
            created: false,
        };
        self.slots.insert((A::COLLECTION, id), slot);
    }

    /// Writes everything, or nothing.
    ///
    /// # Errors
    /// [`Error::Conflict`] where another writer was faster; unavailable without Redis (then it is not
    /// known whether it was written).
    pub(crate) fn commit(mut self) -> Result<Committed, Error> {
        let step = self.stage_step();
        let slots = std::mem::take(&mut self.slots);
        for slot in slots.values().filter(|slot| slot.is_changed()) {
            self.stage(slot)?;
        }
        if self.commands.is_empty() {
            return Ok(Committed::Done);
        }
        // What was only read must still hold too: the decision rests on it. Of what was created nobody
        // else has the id.
        for slot in slots.values().filter(|slot| !slot.created) {
            let expected = if slot.version == 0 { String::new() } else { slot.version.to_string() };
            self.check(&format!("{}:{}", slot.collection, slot.id), "v", &expected);
        }
        let mut events = Pack::new();
        for event in &self.events {
            events.text(event.kind.as_bytes());
            events.text(&serde_json::to_vec(event).map_err(Error::fault)?);
        }
        let mut keys = vec![self.env.key(""), self.env.log_key(), self.env.head_key()];
        keys.append(&mut self.foreign);
        let channel = self.env.system.as_bytes().to_vec();
        let arguments =
            vec![channel, self.checks.finish(), events.finish(), self.commands.finish()];
        let replies = self.env.script(&COMMIT, &keys, arguments)?;
        match replies.iter().map(Reply::number).collect::<Vec<_>>().as_slice() {
            [Some(1), ..] => Ok(Committed::Done),
            [Some(0), Some(1)] if step => Ok(Committed::Overtaken),
            [Some(0), ..] => Err(Error::Conflict),
            _ => Err(Error::fault(format!("the commit answered {replies:?}"))),
        }
    }

    /// The cursor's check comes first, so that its failure is told apart.
    fn stage_step(&mut self) -> bool {
        let Some(Step { from, to }) = self.step.take() else { return false };
        let expected = if from == 0 { String::new() } else { from.to_string() };
        let staged = std::mem::replace(&mut self.checks, Pack::new());
        self.check("cursor", "", &expected);
        self.checks.append(staged);
        let to = to.to_string();
        self.command(&["SET", "cursor", &to]);
        // The next event's first try, and no trace of this one's failures.
        self.command(&["HSET", "tries", "position", &to, "count", "1", "waits", "0", "reason", ""]);
        true
    }

    fn stage(&mut self, slot: &Slot) -> Result<(), Error> {
        let before = slot.loaded.as_deref().map(slot.before).transpose()?.unwrap_or_default();
        let collection = slot.collection;
        let item = format!("{collection}:{}", slot.id);
        let id = slot.id.to_string();
        match &slot.state {
            Some(state) => {
                let version = (slot.version + 1).to_string();
                let cause = serde_json::to_string(&self.env.cause).unwrap_or_default();
                let mut words = vec!["HSET", &item, "v", &version, "d", state];
                if let Some(record) = &slot.kept.record {
                    words.extend(["k", record]);
                }
                if slot.after.intent && slot.kept.cause.is_none() {
                    words.extend(["c", &cause]);
                }
                self.command(&words);
            }
            None => self.command(&["DEL", &item]),
        }
        self.stage_indexes(slot, &before, &id);
        let intents = format!("{collection}:intents");
        match (before.intent, slot.after.intent) {
            (false, true) => {
                self.command(&["DUE", &intents, &INTENT_GRACE.to_string(), &id]);
            }
            (true, true) => self.command(&["DUE", &intents, "500", &id]),
            (true, false) => self.command(&["ZREM", &intents, &id]),
            (false, false) => {}
        }
        Ok(())
    }

    fn stage_indexes(&mut self, slot: &Slot, before: &Face, id: &str) {
        let collection = slot.collection;
        let ids = format!("{collection}:ids");
        match (before.resource.is_some(), slot.after.resource.is_some()) {
            (false, true) => self.command(&["ZADD", &ids, id, id]),
            (true, false) => self.command(&["ZREM", &ids, id]),
            _ => {}
        }
        let entries = |face: &Face| {
            face.resource
                .as_ref()
                .map(|resource| index::entries(resource, slot.id))
                .unwrap_or_default()
        };
        let (before, after) = (entries(before), entries(&slot.after));
        for (field, member) in before.iter().filter(|entry| !after.contains(entry)) {
            let key = format!("{collection}:by:{field}");
            self.commands.list(&[b"ZREM", key.as_bytes(), member]);
        }
        for (field, member) in after.iter().filter(|entry| !before.contains(entry)) {
            let key = format!("{collection}:by:{field}");
            self.commands.list(&[b"ZADD", key.as_bytes(), b"0", member]);
        }
    }
}

impl Slot {
    fn is_changed(&self) -> bool {
        self.state != self.loaded || self.events > 0
    }
}

fn read<A: Aggregate>(state: &str) -> Result<A, Error> {
    serde_json::from_str(state)
        .map_err(|error| Error::fault(format!("a stored {} cannot be read: {error}", A::ENTITY)))
}

fn face<A: Aggregate>(state: Option<&A>) -> Result<Face, Error> {
    let Some(state) = state else { return Ok(Face::default()) };
    let resource = state.resource().as_ref().map(json::to_wire).transpose()?;
    Ok(Face { resource, intent: state.is_intent() })
}

pub(crate) fn item_prefix<A: Aggregate>(env: &Env) -> String {
    env.key(&format!("{}:", A::COLLECTION))
}

fn item_key<A: Aggregate>(env: &Env, id: u64) -> String {
    format!("{}{id}", item_prefix::<A>(env))
}

pub(crate) fn field_key<A: Aggregate>(env: &Env, field: &str) -> String {
    env.key(&format!("{}:by:{field}", A::COLLECTION))
}

pub(crate) fn ids_key<A: Aggregate>(env: &Env) -> String {
    env.key(&format!("{}:ids", A::COLLECTION))
}

/// What a rejection leaves behind: the number of the event and the reason, the latest thousand.
pub(crate) fn record_refusal(work: &mut Work, number: u64, rejection: &Rejection) {
    let note = json!({"event": number, "reason": rejection.detail}).to_string();
    work.command(&["XADD", "refusals", "MAXLEN", "~", "1000", "*", "n", &note]);
}
