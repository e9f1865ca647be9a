//! A collection of aggregates: what can be done with it over REST, and by typed calls.

use std::any::type_name;
use std::marker::PhantomData;
use std::time::SystemTime;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::idempotency::Claim;
use super::listing::{Item, Listing, Page};
use super::settle::{Settle, Settling};
use super::source::{Array, Methods, Search, Served, Source, Target, ways_to_find};
use crate::aggregate::Aggregate;
use crate::env::Env;
use crate::error::Error;
use crate::event::Event as _;
use crate::index;
use crate::json;
use crate::redis::Reply;
use crate::work::{Work, field_key, list};

// What a method does comes with what it means, as a closure over what does it: so a component is linked with
// nothing of the methods that its collections do not have.
type Post<A> = Box<dyn Fn(&Collection<A>, &Env, Option<&Claim>, Value) -> Result<Item, Error>>;
type Change<A> = Box<dyn Fn(&Collection<A>, &Env, Target, Value) -> Result<Option<Item>, Error>>;
type Guard = fn(&Env) -> Result<(), Error>;
type Along<A> = fn(&mut Work, &A) -> Result<(), Error>;

/// A collection of aggregates. Read-only until it is told what the methods mean.
pub struct Collection<A: Aggregate> {
    post: Option<Post<A>>,
    put: Option<Change<A>>,
    patch: Option<Change<A>>,
    delete: Option<Change<A>>,
    pub(super) guard: Option<Guard>,
    pub(super) along: Option<Along<A>>,
    served: Served,
    pub(super) settling: Option<Settling<A>>,
    aggregate: PhantomData<A>,
}

impl<A: Aggregate> Default for Collection<A> {
    fn default() -> Self {
        Collection {
            post: None,
            put: None,
            patch: None,
            delete: None,
            guard: None,
            along: None,
            served: Served { resource: type_name::<A::Resource>(), ..Served::default() },
            settling: None,
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
        self.post = Some(Box::new(move |collection, env, claim, body| {
            let asked = |id| Ok(command(id, json::from_wire(body.clone())?));
            collection.create_for(env, claim, &asked)
        }));
        self.served.post = type_name::<B>();
        self
    }

    /// What POST of this body asks for, under the next id, at this time.
    #[must_use]
    pub fn on_post_at<B: DeserializeOwned + 'static>(
        mut self,
        command: fn(u64, B, SystemTime) -> A::Command,
    ) -> Self {
        self.post = Some(Box::new(move |collection, env, claim, body| {
            let asked = |id| Ok(command(id, json::from_wire(body.clone())?, env.host.now()));
            collection.create_for(env, claim, &asked)
        }));
        self.served.post = type_name::<B>();
        self
    }

    /// What POST of this body asks for, and of which aggregate that is there already.
    #[must_use]
    pub fn on_post_to<B: DeserializeOwned + 'static>(
        mut self,
        find: fn(&mut Work, &B) -> Result<u64, Error>,
        command: fn(B) -> A::Command,
    ) -> Self {
        self.post = Some(Box::new(move |collection, env, claim, body| {
            collection.post_to(env, claim, &|work| {
                let body: B = json::from_wire(body.clone())?;
                Ok((find(work, &body)?, command(body)))
            })
        }));
        self.served.post = type_name::<B>();
        self
    }

    /// What PUT of this body asks for; unless [`Collection::on_patch`] says otherwise, PATCH is the same
    /// with the resource's own fields under the patch.
    #[must_use]
    pub fn on_put<B: DeserializeOwned + 'static>(mut self, command: fn(B) -> A::Command) -> Self {
        self.put = Some(Box::new(move |collection, env, target, body| {
            collection.change(env, target.id, target.expected, &|_| {
                Ok(command(json::from_wire(body.clone())?))
            })
        }));
        self.patch.get_or_insert_with(|| {
            Box::new(move |collection, env, target, patch| {
                collection.change(env, target.id, target.expected, &|mut resource| {
                    json::merge(&mut resource, patch.clone());
                    Ok(command(json::from_wire(resource)?))
                })
            })
        });
        self.served.put = type_name::<B>();
        self.served.patch = self.served.put;
        self
    }

    /// What PATCH of this body asks for: the patch as it came, where the fields that it leaves out do not
    /// mean what the resource has in them.
    #[must_use]
    pub fn on_patch<B: DeserializeOwned + 'static>(mut self, command: fn(B) -> A::Command) -> Self {
        self.patch = Some(Box::new(move |collection, env, target, patch| {
            collection.change(env, target.id, target.expected, &|_| {
                Ok(command(json::from_wire(patch.clone())?))
            })
        }));
        self.served.patch = type_name::<B>();
        self
    }

    /// What DELETE asks for.
    #[must_use]
    pub fn on_delete(mut self, command: fn() -> A::Command) -> Self {
        self.delete = Some(Box::new(move |collection, env, target, _| {
            collection.change(env, target.id, target.expected, &|_| Ok(command()))
        }));
        self
    }

    /// Fields whose numbers, `true` and `false` clients may send as text, too, as httpie does.
    #[must_use]
    pub fn values_as_text(mut self, fields: &'static [&'static str]) -> Self {
        self.served.texts = fields;
        self
    }

    fn with_values(&self, mut body: Value) -> Value {
        for field in self.served.texts {
            let Some(text) = body[*field].as_str() else { continue };
            if let Ok(number) = text.parse::<u64>() {
                body[*field] = number.into();
            } else if let Ok(flag) = text.parse::<bool>() {
                body[*field] = flag.into();
            }
        }
        body
    }

    /// What is asked before anything is created: a rejection, `Rejection::later` as a rule, keeps it off.
    #[must_use]
    pub fn guarded_by(mut self, guard: Guard) -> Self {
        self.guard = Some(guard);
        self
    }

    /// What else changes with what is created, in the same commit.
    #[must_use]
    pub fn together_with(mut self, along: Along<A>) -> Self {
        self.along = Some(along);
        self
    }

    /// How an intent goes on: it calls the neighbour, and what comes back is the next command. It runs
    /// again after a crash, so the call carries an idempotency key.
    #[must_use]
    pub fn settled_by(mut self, settle: Settle<A>) -> Self {
        self.settling = Some(Settling::by(settle));
        self
    }

    ways_to_find!();

    /// How many of the listed aggregates have this value in a field.
    ///
    /// # Errors
    /// Unavailable without Redis.
    pub fn count(env: &Env, field: &str, value: impl Into<Value>) -> Result<u64, Error> {
        let Some(bounds) = index::bounds(&value.into()) else { return Ok(0) };
        let replies = list::<A>(env, field_key::<A>(env, field), Some(bounds), (0, 0), false)?;
        Ok(replies.first().and_then(Reply::number).unwrap_or(0))
    }
}

pub(super) fn visible<A: Aggregate>(
    state: &A,
    id: u64,
    version: u64,
) -> Result<Option<Item>, Error> {
    let Some(resource) = state.resource() else { return Ok(None) };
    Ok(Some(Item { id, version, value: json::to_wire(&resource)? }))
}

pub(super) fn answer_of(item: &Item) -> Value {
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

    fn served(&self) -> &Served {
        &self.served
    }

    fn tells(&self) -> &'static [&'static str] {
        A::Event::names()
    }

    fn methods(&self) -> Methods {
        Methods {
            post: self.post.is_some(),
            put: self.put.is_some(),
            patch: self.patch.is_some(),
            delete: self.delete.is_some(),
        }
    }

    fn item(&self, env: &Env, id: u64) -> Result<Option<Item>, Error> {
        match self.find(env, id) {
            Ok(item) => Ok(Some(item)),
            Err(Error::Rejected(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }

    fn page(&self, env: &Env, listing: &Listing) -> Result<Page, Error> {
        self.paged(env, listing)
    }

    fn post(&self, env: &Env, body: Value, claim: Option<&Claim>) -> Result<Item, Error> {
        if let Some(subject) = claim.and_then(|claim| claim.subject) {
            return self.settle(env, subject)?.ok_or_else(|| {
                Error::Unavailable(format!("{}/{subject} is not settled", A::COLLECTION))
            });
        }
        let post = self.post.as_ref().ok_or_else(|| Error::fault("no POST here"))?;
        post(self, env, claim, self.with_values(body))
    }

    fn put(&self, env: &Env, target: Target, body: Value) -> Result<Option<Item>, Error> {
        let put = self.put.as_ref().ok_or_else(|| Error::fault("no PUT here"))?;
        put(self, env, target, self.with_values(body))
    }

    fn patch(&self, env: &Env, target: Target, patch: Value) -> Result<Option<Item>, Error> {
        let change = self.patch.as_ref().ok_or_else(|| Error::fault("no PATCH here"))?;
        change(self, env, target, self.with_values(patch))
    }

    fn delete(&self, env: &Env, target: Target) -> Result<(), Error> {
        let delete = self.delete.as_ref().ok_or_else(|| Error::fault("no DELETE here"))?;
        delete(self, env, target, Value::Null).map(drop)
    }

    fn settle_due(&self, env: &Env) -> Result<(), Error> {
        self.settling.as_ref().map_or(Ok(()), |settling| (settling.due)(self, env))
    }
}
