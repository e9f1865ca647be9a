//! A collection of aggregates: what can be done with it over REST, and by typed calls.

use std::cmp::Ordering;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::hal;
use super::idempotency::Claim;
use super::listing::{Item, Listing, Page};
use super::source::{Search, Source};
use crate::aggregate::Aggregate;
use crate::env::Env;
use crate::error::{Error, Rejection};
use crate::redis::{DUE, LIST, Reply, words};
use crate::work::{Committed, Kept, Work, field_key, ids_key, item_prefix};
use crate::{index, json};

/// Intents that one call takes up at most.
const INTENTS: &str = "20";
/// How long an intent that could not be settled is put off, in milliseconds.
const INTENT_PAUSE: &str = "2000";
/// Found items that are sorted by another field at most; a search that finds more is in the id's order.
const SORTED: u64 = 10_000;

type Post<A> = Box<dyn Fn(u64, Value) -> Result<<A as Aggregate>::Command, Rejection>>;
type Put<A> = Box<dyn Fn(Value) -> Result<<A as Aggregate>::Command, Rejection>>;
type Delete<A> = fn() -> <A as Aggregate>::Command;
type Settle<A> = fn(&A, &Env) -> Result<<A as Aggregate>::Command, Error>;

/// A collection of aggregates. Read-only until it is told what the methods mean.
pub struct Collection<A: Aggregate> {
    post: Option<Post<A>>,
    put: Option<Put<A>>,
    delete: Option<Delete<A>>,
    settle: Option<Settle<A>>,
    searches: Vec<Search>,
    aggregate: PhantomData<A>,
}

impl<A: Aggregate> Default for Collection<A> {
    fn default() -> Self {
        Collection {
            post: None,
            put: None,
            delete: None,
            settle: None,
            searches: Vec::new(),
            aggregate: PhantomData,
        }
    }
}

impl<A: Aggregate + 'static> Collection<A> {
    /// A collection that can be read.
    pub fn new() -> Self {
        Collection::default()
    }

    /// What POST of this body asks for, under the next id.
    #[must_use]
    pub fn on_post<B: DeserializeOwned + 'static>(
        mut self,
        command: fn(u64, B) -> A::Command,
    ) -> Self {
        self.post = Some(Box::new(move |id, body| Ok(command(id, json::from_wire(body)?))));
        self
    }

    /// What PUT of this body asks for; PATCH is the same with the resource's own fields under the patch.
    #[must_use]
    pub fn on_put<B: DeserializeOwned + 'static>(mut self, command: fn(B) -> A::Command) -> Self {
        self.put = Some(Box::new(move |body| Ok(command(json::from_wire(body)?))));
        self
    }

    /// What DELETE asks for.
    #[must_use]
    pub fn on_delete(mut self, command: Delete<A>) -> Self {
        self.delete = Some(command);
        self
    }

    /// How an intent goes on: it calls the neighbour, and what comes back is the next command. It runs
    /// again after a crash, so the call carries an idempotency key.
    #[must_use]
    pub fn settled_by(mut self, settle: Settle<A>) -> Self {
        self.settle = Some(settle);
        self
    }

    /// A search by a field that holds a number.
    #[must_use]
    pub fn search(mut self, name: &'static str, field: &'static str) -> Self {
        self.searches.push(Search { name, field });
        self
    }

    /// Creates an aggregate; one that is an intent is settled before this answers.
    ///
    /// # Errors
    /// The domain's rejection; unavailable without Redis or, for an intent that is not to be seen
    /// without it, without the neighbour.
    pub fn create(
        &self,
        env: &Env,
        command: &dyn Fn(u64) -> Result<A::Command, Rejection>,
    ) -> Result<Item, Error> {
        self.create_for(env, None, command)
    }

    fn create_for(
        &self,
        env: &Env,
        claim: Option<&Claim>,
        command: &dyn Fn(u64) -> Result<A::Command, Rejection>,
    ) -> Result<Item, Error> {
        let (id, version, state) = Work::transact(env, |work| {
            let (id, state) = work.create::<A>(command)?;
            let state = state.ok_or_else(|| Error::fault("created nothing"))?;
            let item = visible(&state, id, 1)?;
            match (&claim, &item) {
                (Some(claim), Some(item)) => {
                    work.answer_idempotent(&claim.record, &claim.token, &answer_of(item));
                }
                (Some(claim), None) => work.bind_idempotent::<A>(id, &claim.record, &claim.token),
                (None, _) => {}
            }
            Ok((id, 1, state))
        })?;
        let item = match visible(&state, id, version)? {
            Some(item) => Some(item),
            None => {
                let record = claim.map(|claim| claim.record.clone());
                self.settle_from(env, id, Some((state, record)))?
            }
        };
        item.ok_or_else(|| Error::Unavailable(format!("{}/{id} is not settled", A::COLLECTION)))
    }

    /// Decides a command on a visible aggregate. `expected` is the version that the client has seen.
    ///
    /// # Errors
    /// The domain's rejection, [`Rejection::MISSING`], [`Error::Stale`], [`Error::Conflict`] when the
    /// retries are used up; unavailable without Redis.
    pub fn change(
        &self,
        env: &Env,
        id: u64,
        expected: Option<&str>,
        command: &dyn Fn(Value) -> Result<A::Command, Rejection>,
    ) -> Result<Option<Item>, Error> {
        Work::transact(env, |work| {
            let state = work.load::<A>(id)?.ok_or(Rejection::MISSING)?;
            let version = work.version::<A>(id);
            let seen = visible(&state, id, version)?.ok_or(Rejection::MISSING)?;
            if expected.is_some_and(|tags| !hal::names(tags, version)) {
                return Err(Error::Stale);
            }
            let state = work.decide::<A>(id, command(seen.value)?)?;
            let version = work.version_after::<A>(id);
            state.map_or(Ok(None), |state| visible(&state, id, version))
        })
    }

    /// Decides a command on a visible aggregate that stays one.
    ///
    /// # Errors
    /// Those of [`Collection::change`].
    pub fn decide(
        &self,
        env: &Env,
        id: u64,
        command: &dyn Fn(Value) -> Result<A::Command, Rejection>,
    ) -> Result<Item, Error> {
        Ok(self.change(env, id, None, command)?.ok_or(Rejection::MISSING)?)
    }

    /// The resource of an id.
    ///
    /// # Errors
    /// [`Rejection::MISSING`]; unavailable without Redis.
    pub fn find(&self, env: &Env, id: u64) -> Result<Item, Error> {
        let mut work = Work::new(env);
        let state = work.load::<A>(id)?.ok_or(Rejection::MISSING)?;
        Ok(visible(&state, id, work.version::<A>(id))?.ok_or(Rejection::MISSING)?)
    }

    /// Finishes or undoes an intent, whoever left it. Answers what clients see of it then.
    ///
    /// # Errors
    /// What the collection's `settle` reports: the intent stays, to be taken up again.
    pub fn settle(&self, env: &Env, id: u64) -> Result<Option<Item>, Error> {
        self.settle_from(env, id, None)
    }

    fn settle_from(
        &self,
        env: &Env,
        id: u64,
        mut fresh: Option<(A, Option<String>)>,
    ) -> Result<Option<Item>, Error> {
        loop {
            let mut work = Work::new(env);
            if let Some((state, record)) = fresh.take() {
                let loaded = serde_json::to_string(&state).map_err(Error::fault)?;
                let cause = serde_json::to_string(&env.cause).ok();
                work.admit::<A>(id, 1, Some(loaded), Kept { record, cause });
            }
            let Some(state) = work.load::<A>(id)? else { return Ok(None) };
            let version = work.version::<A>(id);
            let Some(settle) = self.settle.filter(|_| state.is_intent()) else {
                return visible(&state, id, version);
            };
            let was_seen = state.resource().is_some();
            let kept = work.kept_with::<A>(id);
            let cause = kept.cause.as_deref().and_then(|cause| serde_json::from_str(cause).ok());
            let env = env.caused_by(cause.unwrap_or_else(|| env.cause.clone()));
            let command = settle(&state, &env)?;
            let mut work = Work::new(&env);
            let loaded = serde_json::to_string(&state).map_err(Error::fault)?;
            work.admit::<A>(id, version, Some(loaded), kept.clone());
            let state = work.decide::<A>(id, command)?;
            let version = work.version_after::<A>(id);
            let item = state.map_or(Ok(None), |state| visible(&state, id, version))?;
            if let (false, Some(item), Some(record)) = (was_seen, &item, kept.record) {
                work.answer_awaited(&record, &answer_of(item));
            }
            match work.commit() {
                Ok(Committed::Done | Committed::Overtaken) => return Ok(item),
                Err(Error::Conflict) => {}
                Err(other) => return Err(other),
            }
        }
    }

    fn listed(
        &self,
        env: &Env,
        key: String,
        bounds: Option<(Vec<u8>, Vec<u8>)>,
        (offset, count): (u64, u64),
        descending: bool,
    ) -> Result<Page, Error> {
        let by = if bounds.is_some() { "field" } else { "ids" };
        let (lowest, highest) = bounds.unwrap_or_default();
        let (offset, count) = (offset.to_string(), count.to_string());
        let mut arguments =
            words([by, "", "", &offset, &count, if descending { "1" } else { "0" }]);
        (arguments[1], arguments[2]) = (lowest, highest);
        arguments.push(item_prefix::<A>(env).into_bytes());
        let mut replies = env.script(&LIST, &[key], arguments)?.into_iter();
        let total = replies.next().and_then(|reply| reply.number()).unwrap_or(0);
        let mut items = Vec::new();
        while let (Some(id), Some(version), Some(state)) =
            (replies.next(), replies.next(), replies.next())
        {
            let (Some(id), Some(version), Some(state)) =
                (id.number(), version.number(), state.text())
            else {
                continue;
            };
            let state: A = serde_json::from_str(&state).map_err(Error::fault)?;
            items.extend(visible(&state, id, version)?);
        }
        Ok(Page { items, total })
    }
}

fn visible<A: Aggregate>(state: &A, id: u64, version: u64) -> Result<Option<Item>, Error> {
    let Some(resource) = state.resource() else { return Ok(None) };
    Ok(Some(Item { id, version, value: json::to_wire(&resource)? }))
}

fn answer_of(item: &Item) -> Value {
    json!({"id": item.id, "version": item.version, "value": item.value})
}

impl<A: Aggregate + 'static> Source for Collection<A> {
    fn collection(&self) -> &'static str {
        A::COLLECTION
    }

    fn entity(&self) -> &'static str {
        A::ENTITY
    }

    fn fields(&self) -> Vec<String> {
        json::fields::<A::Resource>()
    }

    fn searches(&self) -> &[Search] {
        &self.searches
    }

    fn methods(&self) -> (bool, bool, bool) {
        (self.post.is_some(), self.put.is_some(), self.delete.is_some())
    }

    fn item(&self, env: &Env, id: u64) -> Result<Option<Item>, Error> {
        match self.find(env, id) {
            Ok(item) => Ok(Some(item)),
            Err(Error::Rejected(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }

    fn page(&self, env: &Env, listing: &Listing) -> Result<Page, Error> {
        let range = (listing.offset(), listing.size);
        match (&listing.filter, &listing.sort) {
            (None, None) => self.listed(env, ids_key::<A>(env), None, range, false),
            (None, Some((field, descending))) if field == "id" => {
                self.listed(env, ids_key::<A>(env), None, range, *descending)
            }
            (None, Some((field, descending))) => {
                let all = Some((b"-".to_vec(), b"+".to_vec()));
                self.listed(env, field_key::<A>(env, field), all, range, *descending)
            }
            (Some((field, value)), sort) => {
                let (key, bounds) = (field_key::<A>(env, field), index::bounds(value));
                let Some((sort, descending)) = sort else {
                    return self.listed(env, key, bounds, range, false);
                };
                let mut page = self.listed(env, key, bounds, (0, SORTED), false)?;
                page.items.sort_by(|a, b| {
                    let order = compare(&a.value[sort], &b.value[sort]);
                    if *descending { order.reverse() } else { order }
                });
                let (offset, size) = (range.0 as usize, range.1 as usize);
                page.items = page.items.into_iter().skip(offset).take(size).collect();
                Ok(page)
            }
        }
    }

    fn post(&self, env: &Env, body: Value, claim: Option<&Claim>) -> Result<Item, Error> {
        let post = self.post.as_ref().ok_or_else(|| Error::fault("no POST here"))?;
        if let Some(subject) = claim.and_then(|claim| claim.subject) {
            return self.settle(env, subject)?.ok_or_else(|| {
                Error::Unavailable(format!("{}/{subject} is not settled", A::COLLECTION))
            });
        }
        self.create_for(env, claim, &|id| post(id, body.clone()))
    }

    fn put(
        &self,
        env: &Env,
        id: u64,
        expected: Option<&str>,
        body: Value,
    ) -> Result<Option<Item>, Error> {
        let put = self.put.as_ref().ok_or_else(|| Error::fault("no PUT here"))?;
        self.change(env, id, expected, &|_| put(body.clone()))
    }

    fn patch(
        &self,
        env: &Env,
        id: u64,
        expected: Option<&str>,
        patch: Value,
    ) -> Result<Option<Item>, Error> {
        let put = self.put.as_ref().ok_or_else(|| Error::fault("no PATCH here"))?;
        self.change(env, id, expected, &|mut resource| {
            json::merge(&mut resource, patch.clone());
            put(resource)
        })
    }

    fn delete(&self, env: &Env, id: u64, expected: Option<&str>) -> Result<(), Error> {
        let delete = self.delete.ok_or_else(|| Error::fault("no DELETE here"))?;
        self.change(env, id, expected, &|_| Ok(delete())).map(drop)
    }

    fn settle_due(&self, env: &Env) -> Result<(), Error> {
        if self.settle.is_none() {
            return Ok(());
        }
        let intents = env.key(&format!("{}:intents", A::COLLECTION));
        let due = env.script(&DUE, &[intents], words([INTENT_PAUSE, INTENTS]))?;
        for id in due.iter().filter_map(Reply::number) {
            if let Err(error) = self.settle(env, id) {
                eprintln!("{}/{id} waits: {error}", A::COLLECTION);
            }
        }
        Ok(())
    }
}

fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_u64().cmp(&b.as_u64()),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        _ => Ordering::Equal,
    }
}
