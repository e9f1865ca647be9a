//! A piece of work: what it has read, what it will change, and the one commit that does it.

mod commit;
mod slot;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::aggregate::{Aggregate, Decision};
use crate::env::Env;
use crate::error::{Error, Rejection};
use crate::event::{Envelope, Event};
use crate::index;
use crate::pack::Pack;
use crate::redis::{LIST, Reply, words};

pub(crate) use self::commit::{Committed, record_refusal};
pub(crate) use self::slot::Kept;
use self::slot::{Decided, Face, NewSlot, Place, Slot, face, read};

/// How often a decision is taken anew when another writer was faster.
const RETRIES: u32 = 20;
/// How long the answer to a call of a neighbour is kept for repetitions, in milliseconds: far longer
/// than any request lives.
const ONCE_KEPT: &str = "86400000";

/// The consumer's step that a commit takes along.
struct Step {
    from: u64,
    to: u64,
    /// What the tries of the next event weigh from then on.
    weight: u64,
}

/// A piece of work.
pub struct Work<'e, 'h> {
    /// Its surroundings.
    pub env: &'e Env<'h>,
    slots: BTreeMap<Place, Slot>,
    checks: Pack,
    commands: Pack,
    /// Keys that are not the context's own.
    foreign: Vec<String>,
    events: Vec<Envelope>,
    pub(crate) messages: u32,
    step: Option<Step>,
    once: Once,
    /// The work that this is a part of, which has staged what is older.
    whole: Option<&'e Work<'e, 'h>>,
    /// How many parts like the next one it will have: as many ids are taken at once.
    pub(crate) alike: u64,
    /// Ids that are taken and not yet given, by collection.
    ids: RefCell<Vec<(&'static str, Range<u64>)>>,
}

/// How a piece of work knows whether [`Work::once`] has an answer already.
#[derive(Clone, Copy, PartialEq)]
enum Once {
    /// It looks.
    Looks,
    /// It takes a call for the first of its key, which most are; the commit sees whether that is so.
    Trusts,
    /// It has done so.
    Trusted,
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
            messages: 0,
            step: None,
            once: Once::Looks,
            whole: None,
            alike: 1,
            ids: RefCell::default(),
        }
    }

    /// Does a part of it for a cause of its own, which sees what was staged before. It is taken over as a whole,
    /// or not at all where it fails.
    ///
    /// # Errors
    /// Those of `work`.
    pub(crate) fn part(
        &mut self,
        env: &Env<'h>,
        work: impl FnOnce(&mut Work<'_, 'h>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut part = Work { whole: Some(&*self), ..Work::new(env) };
        work(&mut part)?;
        let Work { slots, checks, commands, foreign, events, .. } = part;
        self.slots.extend(slots);
        self.checks.append(checks);
        self.commands.append(commands);
        self.foreign.extend(foreign);
        self.events.extend(events);
        Ok(())
    }

    /// Does the work and commits it, anew while other writers are faster.
    ///
    /// # Errors
    /// What `work` reports; [`Error::Conflict`] when the retries are used up.
    pub fn transact<T>(
        env: &'e Env<'h>,
        mut work: impl FnMut(&mut Work<'e, 'h>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut once = Once::Trusts;
        for _ in 0..RETRIES {
            let mut attempt = Work { once, ..Work::new(env) };
            let result = work(&mut attempt);
            let has_trusted = attempt.once == Once::Trusted;
            match result.and_then(|result| attempt.commit().map(|_| result)) {
                Err(Error::Conflict) => {}
                // What is refused now may be what this very call has done before.
                Err(Error::Rejected(_) | Error::Fault(_)) if has_trusted => {}
                other => return other,
            }
            once = Once::Looks;
        }
        Err(Error::Conflict)
    }

    /// The state of an aggregate, with what this work has decided so far.
    ///
    /// # Errors
    /// Unavailable without Redis; a fault for a state that cannot be read.
    pub fn load<A: Aggregate>(&mut self, id: u64) -> Result<Option<A>, Error> {
        let slot = self.slot((A::COLLECTION, id), Slot::of::<A>)?;
        slot.state.as_deref().map(read::<A>).transpose()
    }

    /// An aggregate's slot, read where this work does not know it yet. `new` makes it of what is read.
    fn slot(&mut self, place: Place, new: NewSlot) -> Result<&Slot, Error> {
        if !self.slots.contains_key(&place) {
            let slot = match self.whole.and_then(|whole| whole.slots.get(&place)) {
                Some(staged) => staged.clone(),
                None => self.read(place, new)?,
            };
            self.slots.insert(place, slot);
        }
        Ok(&self.slots[&place])
    }

    fn read(&self, place: Place, new: NewSlot) -> Result<Slot, Error> {
        let (collection, id) = place;
        let key = format!("{}{id}", item_prefix(self.env, collection));
        let mut replies = self.env.redis("HMGET", &[&key, "v", "d", "k", "c"])?.into_iter();
        let version = replies.next().and_then(|reply| reply.number()).unwrap_or(0);
        let mut text = || replies.next().and_then(Reply::text);
        let (loaded, record, cause) = (text(), text(), text());
        Ok(new(id, version, loaded, Kept { record, cause }))
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
        let Decision { state, events, refusal } = A::decide(state, command)?;
        let events: Vec<&dyn Event> = events.iter().map(|event| event as &dyn Event).collect();
        let text = state.as_ref().map(serde_json::to_string).transpose().map_err(Error::fault)?;
        let decided = Decided { state: text, after: face(state.as_ref())?, refusal };
        self.note_decision((A::COLLECTION, id), decided, &events)?;
        Ok(state)
    }

    /// Stages what was decided on an aggregate that is known.
    fn note_decision(
        &mut self,
        place: Place,
        Decided { state, after, refusal }: Decided,
        events: &[&dyn Event],
    ) -> Result<(), Error> {
        self.refuse_shared(place, &after)?;
        let (env, (collection, id)) = (self.env, place);
        let Some(slot) = self.slots.get_mut(&place) else {
            return Err(Error::fault("decided on what was not loaded"));
        };
        if after.intent && !slot.face_before()?.intent {
            slot.kept.cause = serde_json::to_string(&env.cause).ok();
        }
        (slot.state, slot.after, slot.refusal) = (state, after, refusal);
        let subject = format!("{collection}/{id}");
        for event in events {
            let mut event_id = format!("{subject}@{}", slot.version + 1);
            if slot.events > 0 {
                event_id.push_str(&format!(".{}", slot.events));
            }
            slot.events += 1;
            self.events.push(Envelope::new(env, event_id, subject.clone(), *event)?);
        }
        Ok(())
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
        let id = self.next_id(A::COLLECTION)?;
        let slot = Slot { created: true, ..Slot::of::<A>(id, 0, None, Kept::default()) };
        self.slots.insert((A::COLLECTION, id), slot);
        let state = self.decide::<A>(id, command(id)?)?;
        Ok((id, state))
    }

    /// A new id of a collection.
    fn next_id(&self, collection: &'static str) -> Result<u64, Error> {
        let whole = self.whole.unwrap_or(self);
        let mut taken = whole.ids.borrow_mut();
        let mut ids = taken.iter_mut().filter(|(of, _)| *of == collection);
        if let Some(id) = ids.find_map(|(_, ids)| ids.next()) {
            return Ok(id);
        }
        let key = self.env.key(&format!("{collection}:next"));
        let replies = self.env.redis("INCRBY", &[key, whole.alike.to_string()])?;
        let last = replies.first().and_then(Reply::number);
        let last = last.ok_or_else(|| Error::fault("INCRBY gave no number"))?;
        let first = last + 1 - whole.alike;
        taken.push((collection, first + 1..last + 1));
        Ok(first)
    }

    /// The ids of the visible aggregates whose field has this value, with what this work has decided so far, the
    /// lowest first, 1000 at most.
    ///
    /// # Errors
    /// Unavailable without Redis.
    pub fn find<A: Aggregate>(
        &mut self,
        field: &str,
        value: impl Into<Value>,
    ) -> Result<Vec<u64>, Error> {
        let value = value.into();
        let Some((lowest, highest)) = index::bounds(&value) else { return Ok(Vec::new()) };
        let key = field_key::<A>(self.env, field);
        let replies = list::<A>(self.env, key, Some((lowest, highest)), (0, 1000), false)?;
        let found = replies[1..].chunks(3).filter_map(|item| item[0].number());
        let mut found: Vec<u64> = found.collect();
        for slot in self.decided(A::COLLECTION) {
            let resource = slot.after.resource.as_ref();
            let is_one = resource.is_some_and(|resource| index::holds(resource, field, &value));
            match found.binary_search(&slot.id) {
                Ok(at) if !is_one => drop(found.remove(at)),
                Err(at) if is_one => found.insert(at, slot.id),
                _ => {}
            }
        }
        Ok(found)
    }

    /// What this work, and the one that it is a part of, have changed in a collection so far.
    fn decided(&self, collection: &'static str) -> impl Iterator<Item = &Slot> {
        let older = self.whole.into_iter().flat_map(|whole| &whole.slots);
        let older = older.filter(|(place, _)| !self.slots.contains_key(place));
        let all = older.chain(&self.slots).map(|(_, slot)| slot);
        all.filter(move |slot| slot.collection == collection && slot.is_changed())
    }

    /// Refuses a value that another aggregate has. One that comes meanwhile fails the commit, and is refused
    /// when the decision is taken anew; one that an older part of the same work gives up fails it as well.
    fn refuse_shared(&self, place: Place, after: &Face) -> Result<(), Error> {
        let ((collection, id), slot) = (place, &self.slots[&place]);
        for field in slot.unique {
            let Some(value) = after.value(field) else { continue };
            if slot.face_before()?.value(field).as_ref() == Some(&value) {
                continue;
            }
            let has = |other: &Slot| other.after.value(field).as_ref() == Some(&value);
            let key = self.env.key(&unique_key(collection, field));
            let holder = self.env.redis("HGET", &[&key, &value])?;
            let holder = holder.first().and_then(Reply::number);
            let older = holder.and_then(|id| self.whole?.slots.get(&(collection, id)));
            let is_given_up = older.is_some_and(|older| older.is_changed() && !has(older));
            let mut others = self.decided(collection).filter(|other| other.id != id);
            if others.any(has) || (holder.is_some() && !is_given_up) {
                let detail = format!("there is one with the {field} {value} already");
                return Err(Rejection { detail: detail.into(), ..Rejection::state("") }.into());
            }
        }
        Ok(())
    }

    /// Does something once for a key, whoever repeats it, and be it at the same time: the first answer is
    /// kept in the same commit and given again. What a neighbour sends as its idempotency key. An answer
    /// that changes nothing is kept as well: a no to one call must not be a yes to its twin.
    ///
    /// # Errors
    /// Those of `work`; unavailable without Redis.
    pub fn once<T: Serialize + DeserializeOwned>(
        &mut self,
        key: &str,
        work: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if cfg!(feature = "without-idempotency-check") {
            return work(self);
        }
        if self.once == Once::Looks {
            let kept = self.kept(key)?;
            if !kept.is_empty() {
                return serde_json::from_str(&kept).map_err(Error::fault);
            }
        } else {
            self.once = Once::Trusted;
        }
        let answer = work(self)?;
        self.keep(key, "", &answer)?;
        Ok(answer)
    }

    /// Decrees the answer that [`Work::once`] gives for a key from now on, whether or not it was ever
    /// asked: how a call is undone that may still be on its way.
    ///
    /// # Errors
    /// Unavailable without Redis.
    pub fn decree<T: Serialize>(&mut self, key: &str, answer: &T) -> Result<(), Error> {
        let kept = self.kept(key)?;
        self.keep(key, &kept, answer)
    }

    fn kept(&self, key: &str) -> Result<String, Error> {
        if self.whole.is_some() {
            return Err(Error::fault("a policy has its effect once by itself: it needs no key"));
        }
        let replies = self.env.redis("GET", &[self.env.key(&once_key(key))])?;
        Ok(replies.into_iter().next().and_then(Reply::text).unwrap_or_default())
    }

    /// Keeps an answer where this one is kept by now.
    fn keep<T: Serialize>(&mut self, key: &str, kept: &str, answer: &T) -> Result<(), Error> {
        let answer = serde_json::to_string(answer).map_err(Error::fault)?;
        let record = once_key(key);
        self.command(&["SET", &record, &answer, "PX", ONCE_KEPT]);
        self.check(&record, "", kept);
        Ok(())
    }

    /// What is kept beside an aggregate's state.
    pub(crate) fn kept_with<A: Aggregate>(&self, id: u64) -> Kept {
        self.slots.get(&(A::COLLECTION, id)).map(|slot| slot.kept.clone()).unwrap_or_default()
    }

    /// What whoever waits for an aggregate is told instead of its resource.
    pub(crate) fn refusal<A: Aggregate>(&mut self, id: u64) -> Option<Rejection> {
        self.slots.get_mut(&(A::COLLECTION, id))?.refusal.take()
    }

    /// Lets the work know an aggregate without reading it.
    pub(crate) fn admit<A: Aggregate>(
        &mut self,
        id: u64,
        version: u64,
        loaded: Option<String>,
        kept: Kept,
    ) {
        self.slots.insert((A::COLLECTION, id), Slot::of::<A>(id, version, loaded, kept));
    }
}

fn once_key(key: &str) -> String {
    format!("once:{key}")
}

/// The hash of a field whose values nobody shares: value to id.
pub(super) fn unique_key(collection: &str, field: &str) -> String {
    format!("{collection}:one:{field}")
}

/// A part of a collection in the order of one of its sorted sets, between bounds where it is a field's:
/// how many there are, then id, version and state of each.
pub(crate) fn list<A: Aggregate>(
    env: &Env,
    key: String,
    bounds: Option<(Vec<u8>, Vec<u8>)>,
    (offset, count): (u64, u64),
    descending: bool,
) -> Result<Vec<Reply>, Error> {
    let by = if bounds.is_some() { "field" } else { "ids" };
    let (lowest, highest) = bounds.unwrap_or_default();
    let (offset, count) = (offset.to_string(), count.to_string());
    let mut arguments = words([by, "", "", &offset, &count, if descending { "1" } else { "0" }]);
    (arguments[1], arguments[2]) = (lowest, highest);
    arguments.push(item_prefix(env, A::COLLECTION).into_bytes());
    env.script(&LIST, &[key], arguments)
}

fn item_prefix(env: &Env, collection: &str) -> String {
    env.key(&format!("{collection}:"))
}

pub(crate) fn field_key<A: Aggregate>(env: &Env, field: &str) -> String {
    env.key(&format!("{}:by:{field}", A::COLLECTION))
}

pub(crate) fn ids_key<A: Aggregate>(env: &Env) -> String {
    env.key(&format!("{}:ids", A::COLLECTION))
}
