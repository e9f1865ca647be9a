//! What changes a collection, over REST and by typed calls alike.

use serde_json::Value;

use super::collection::{Collection, answer_of, visible};
use super::hal;
use super::idempotency::Claim;
use super::listing::Item;
use super::settle::Settled;
use crate::aggregate::Aggregate;
use crate::env::Env;
use crate::error::{Class, Error, Rejection};
use crate::work::{Kept, Work};

/// A command, and the id of what it is decided on.
pub(super) type Asked<A> = Result<(u64, <A as Aggregate>::Command), Error>;

impl<A: Aggregate + 'static> Collection<A> {
    /// Creates an aggregate; one that is an intent is settled before this answers.
    ///
    /// # Errors
    /// The domain's rejection or the guard's; unavailable without Redis or, for an intent that is not to be seen
    /// without it, without the neighbour.
    pub fn create(
        &self,
        env: &Env,
        command: &dyn Fn(u64) -> Result<A::Command, Rejection>,
    ) -> Result<Item, Error> {
        self.create_for(env, None, command)
    }

    pub(super) fn create_for(
        &self,
        env: &Env,
        claim: Option<&Claim>,
        command: &dyn Fn(u64) -> Result<A::Command, Rejection>,
    ) -> Result<Item, Error> {
        self.guard.map_or(Ok(()), |guard| guard(env))?;
        let (id, state, item) = Work::transact(env, |work| {
            let (id, state) = work.create::<A>(command)?;
            let state = state.ok_or_else(|| Error::fault("created nothing"))?;
            self.along.map_or(Ok(()), |along| along(work, &state))?;
            let item = visible(&state, id, 1)?;
            match (&claim, &item) {
                (Some(claim), Some(item)) => {
                    work.answer_idempotent(&claim.record, &claim.token, &answer_of(item));
                }
                (Some(claim), None) => work.bind_idempotent::<A>(id, &claim.record, &claim.token),
                (None, _) => {}
            }
            Ok((id, state, item))
        })?;
        let item = match item {
            Some(item) => Some(item),
            None => {
                let record = claim.map(|claim| claim.record.clone());
                self.settle_fresh(env, id, (state, 1, Kept::of(env, record)))?.item()
            }
        };
        item.ok_or_else(|| Error::Unavailable(format!("{}/{id} is not settled", A::COLLECTION)))
    }

    /// Decides what a POST asks of an aggregate that is there already.
    pub(super) fn post_to(
        &self,
        env: &Env,
        claim: Option<&Claim>,
        asked: &dyn Fn(&mut Work) -> Asked<A>,
    ) -> Result<Item, Error> {
        Work::transact(env, |work| {
            let (id, command) = asked(work)?;
            let state = work.decide::<A>(id, command)?.ok_or(Rejection::MISSING)?;
            self.along.map_or(Ok(()), |along| along(work, &state))?;
            let version = work.version_after::<A>(id);
            let item = visible(&state, id, version)?.ok_or(Rejection::MISSING)?;
            if let Some(claim) = claim {
                work.answer_idempotent(&claim.record, &claim.token, &answer_of(&item));
            }
            Ok(item)
        })
    }

    /// Decides a command on a visible aggregate; one that it makes an intent is settled before this
    /// answers. `expected` is the version that the client has seen. A command that is refused for the
    /// moment ([`Rejection::later`]) is decided anew, once, where settling what is owed helps.
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
        let decide = || self.decide_seen(env, id, expected, command);
        let later =
            |error: &Error| matches!(error, Error::Rejected(why) if why.class == Class::Later);
        let (before, state, version) = match decide() {
            Err(error) if later(&error) && self.settle_owed(env, id)? => decide()?,
            decided => decided?,
        };
        match state {
            Some(state) if state.is_intent() && !before.is_intent() => {
                match self.settle_fresh(env, id, (state, version, Kept::of(env, None)))? {
                    Settled::Here(item) => Ok(item),
                    // How it ended is told to whoever settled it.
                    Settled::Elsewhere(_) => Err(Error::Unavailable(format!(
                        "{}/{id} was settled by another request",
                        A::COLLECTION
                    ))),
                }
            }
            Some(state) => visible(&state, id, version),
            None => Ok(None),
        }
    }

    /// Decides a command on a visible aggregate: the state before, the state after and its version.
    fn decide_seen(
        &self,
        env: &Env,
        id: u64,
        expected: Option<&str>,
        command: &dyn Fn(Value) -> Result<A::Command, Rejection>,
    ) -> Result<(A, Option<A>, u64), Error> {
        Work::transact(env, |work| {
            let before = work.load::<A>(id)?.ok_or(Rejection::MISSING)?;
            let version = work.version::<A>(id);
            let seen = visible(&before, id, version)?.ok_or(Rejection::MISSING)?;
            let state = work.decide::<A>(id, command(seen.value)?)?;
            // What would be refused anyway is refused for that (RFC 9110, 13.2.1).
            if expected.is_some_and(|tags| !hal::names(tags, version)) {
                return Err(Error::Stale);
            }
            Ok((before, state, work.version_after::<A>(id)))
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
}
