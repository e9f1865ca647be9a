//! Intents: what was promised before a call to a neighbour is finished or undone, by whoever gets to it.

use std::time::Duration;

use super::collection::{Collection, answer_of, visible};
use super::listing::Item;
use crate::aggregate::Aggregate;
use crate::env::Env;
use crate::error::Error;
use crate::redis::{DUE, Reply, words};
use crate::work::{Committed, Kept, Work};

/// Intents that are taken up at once.
const INTENTS: &str = "20";
/// How long one call goes on with those that are due.
const BUDGET: Duration = Duration::from_secs(5);
/// How long an intent that could not be settled is put off, in milliseconds.
const INTENT_PAUSE: &str = "2000";

/// What clients see of an aggregate once it is settled.
pub(super) enum Settled {
    /// By this request.
    Here(Option<Item>),
    /// By another; this one came too late, or there was nothing to settle.
    Elsewhere(Option<Item>),
}

impl Settled {
    pub(super) fn item(self) -> Option<Item> {
        match self {
            Settled::Here(item) | Settled::Elsewhere(item) => item,
        }
    }
}

/// How an intent goes on.
pub(super) type Settle<A> = fn(&A, &Env) -> Result<<A as Aggregate>::Command, Error>;

/// An intent that was just written: its state, its version, and what is kept with it.
pub(super) type Fresh<A> = (A, u64, Kept);

type SettleOne<A> = fn(&Collection<A>, &Env, u64, Option<Fresh<A>>) -> Result<Settled, Error>;

/// How intents are settled, and what does it: named here, so that only collections that have any are linked
/// with it.
pub(super) struct Settling<A: Aggregate> {
    settle: Settle<A>,
    one: SettleOne<A>,
    pub(super) due: fn(&Collection<A>, &Env) -> Result<(), Error>,
}

impl<A: Aggregate + 'static> Settling<A> {
    pub(super) fn by(settle: Settle<A>) -> Self {
        Settling { settle, one: Collection::settle_from, due: Collection::settle_those_due }
    }
}

impl<A: Aggregate + 'static> Collection<A> {
    /// Finishes or undoes an intent, whoever left it. Answers what clients see of it then.
    ///
    /// # Errors
    /// What the collection's `settle` reports: the intent stays, to be taken up again. A rejection, where
    /// the decision ends the intent by refusing it.
    pub fn settle(&self, env: &Env, id: u64) -> Result<Option<Item>, Error> {
        let Some(settling) = &self.settling else { return Ok(None) };
        Ok((settling.one)(self, env, id, None)?.item())
    }

    /// Settles what an aggregate owes, if anything. Answers whether it owed something that is settled now.
    ///
    /// # Errors
    /// Unavailable without Redis.
    pub(super) fn settle_owed(&self, env: &Env, id: u64) -> Result<bool, Error> {
        if self.settling.is_none() {
            return Ok(false);
        }
        let owes = Work::new(env).load::<A>(id)?.is_some_and(|state| state.is_intent());
        Ok(owes && matches!(self.settle(env, id), Ok(_) | Err(Error::Rejected(_))))
    }

    /// [`Collection::settle`] for what was just written.
    pub(super) fn settle_fresh(
        &self,
        env: &Env,
        id: u64,
        fresh: Fresh<A>,
    ) -> Result<Settled, Error> {
        match &self.settling {
            Some(settling) => (settling.one)(self, env, id, Some(fresh)),
            None => visible(&fresh.0, id, fresh.1).map(Settled::Here),
        }
    }

    fn settle_from(
        &self,
        env: &Env,
        id: u64,
        mut fresh: Option<Fresh<A>>,
    ) -> Result<Settled, Error> {
        let mut env = env.caused_by(env.cause.clone());
        let mine = fresh.as_ref().map(|(_, version, _)| *version);
        loop {
            let (state, version, kept) = if let Some(fresh) = fresh.take() {
                fresh
            } else {
                env.resumed = true;
                let mut work = Work::new(&env);
                let Some(state) = work.load::<A>(id)? else { return Ok(Settled::Elsewhere(None)) };
                (state, work.version::<A>(id), work.kept_with::<A>(id))
            };
            // One of another version is not what was written before, but what others made of it.
            let is_mine = mine.is_none_or(|mine| mine == version);
            let settle = self.settling.as_ref().map(|settling| settling.settle);
            let Some(settle) = settle.filter(|_| is_mine && state.is_intent()) else {
                return visible(&state, id, version).map(Settled::Elsewhere);
            };
            let was_seen = state.resource().is_some();
            let cause = kept.cause.as_deref().and_then(|cause| serde_json::from_str(cause).ok());
            let env = env.caused_by(cause.unwrap_or_else(|| env.cause.clone()));
            let command = settle(&state, &env)?;
            let mut work = Work::new(&env);
            let loaded = serde_json::to_string(&state).map_err(Error::fault)?;
            work.admit::<A>(id, version, Some(loaded), kept.clone());
            let state = work.decide::<A>(id, command)?;
            let version = work.version_after::<A>(id);
            let item = state.map_or(Ok(None), |state| visible(&state, id, version))?;
            let refusal = work.refusal::<A>(id);
            if let (false, Some(record)) = (was_seen, kept.record) {
                match (&item, &refusal) {
                    (_, Some(refusal)) => work.refuse_awaited(&record, refusal),
                    (Some(item), None) => work.answer_awaited(&record, &answer_of(item)),
                    (None, None) => {}
                }
            }
            match work.commit() {
                Ok(Committed::Done | Committed::Overtaken) => {
                    return refusal.map_or(Ok(Settled::Here(item)), |refusal| Err(refusal.into()));
                }
                Err(Error::Conflict) => {}
                Err(other) => return Err(other),
            }
        }
    }

    /// Settles the intents whose time has come.
    fn settle_those_due(&self, env: &Env) -> Result<(), Error> {
        if cfg!(feature = "without-intent-recovery") {
            return Ok(());
        }
        let intents = [env.key(&format!("{}:intents", A::COLLECTION))];
        let began = env.host.now();
        while env.host.now().duration_since(began).unwrap_or_default() < BUDGET {
            let due = env.script(&DUE, &intents, words([INTENT_PAUSE, INTENTS]))?;
            let ids = due.iter().filter_map(Reply::number);
            let failure = |id| match self.settle(env, id) {
                // A refusal settles an intent like any other answer.
                Ok(_) | Err(Error::Rejected(_)) => None,
                Err(error) => Some((id, error)),
            };
            let failed: Vec<_> = ids.filter_map(failure).collect();
            if let Some((id, error)) = failed.first() {
                let others = failed.len() - 1;
                eprintln!("{}/{id} and {others} others wait: {error}", A::COLLECTION);
            }
            // Where nothing goes on, the rest waits for the next time, too.
            if failed.len() == due.len() {
                break;
            }
        }
        Ok(())
    }
}
