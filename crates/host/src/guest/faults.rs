//! Faults that a tester puts into a component, and the counting of its calls that one of them
//! needs.

use super::admission::Places;
use crate::telemetry::scope::Scope;
use anyhow::{Result, ensure};
use rustix::process::{Signal, getpid, kill_process};
use serde::{Deserialize, Serialize};
use std::{
    future,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;

/// What woke an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// A request, a neighbour's call or a question for readiness.
    Http,
    /// A message.
    Redis,
}

/// An order to one component.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// Requests get 503, messages and questions for readiness do not arrive, and instances at work end
    /// with their next call to the outside, before they see what it brought: nothing that happens from then on
    /// is handled.
    Down,
    /// No fault any more.
    Heal,
    /// Answers are held back.
    Delay(Delay),
    /// One instance is killed.
    Crash(Crash),
}

/// Answers are held back by a random time in this range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Delay {
    /// The shortest time, in milliseconds.
    pub min_ms: u64,
    /// The longest time, in milliseconds.
    pub max_ms: u64,
}

/// In each process once, the next instance that gets so far is killed: after its `call`-th call to
/// the outside was performed and before it sees the result. With 0, before it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crash {
    /// Which call, from 1: a Redis command, an HTTP request, a SQLite or key-value operation.
    pub call: u32,
    /// Only instances that this woke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Trigger>,
    /// The whole process dies with it, at once, as by `kill -9`, and with it all that it had under way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub process: bool,
}

/// The faults that a component has now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FaultSet {
    /// See [`Order::Down`].
    pub down: bool,
    /// See [`Order::Delay`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay>,
    /// See [`Order::Crash`]. Each process forgets it once it has struck there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crash: Option<Crash>,
}

impl FaultSet {
    /// Carries out an order.
    pub fn obey(&mut self, order: &Order) {
        match order {
            Order::Down => self.down = true,
            Order::Heal => *self = Self::default(),
            Order::Delay(delay) => self.delay = Some(*delay),
            Order::Crash(crash) => self.crash = Some(*crash),
        }
    }
}

impl Delay {
    /// Refuses an empty range.
    pub fn check(&self) -> Result<()> {
        ensure!(
            self.min_ms <= self.max_ms,
            "a delay from {} to {} ms is no range",
            self.min_ms,
            self.max_ms
        );
        Ok(())
    }

    /// A time in the range.
    pub fn pick(&self) -> Duration {
        Duration::from_millis(rand::random_range(self.min_ms..=self.max_ms))
    }
}

/// A component's faults in this process.
#[derive(Debug, Default)]
pub struct Faults(Mutex<FaultSet>);

impl Faults {
    /// As they are now.
    pub fn now(&self) -> MutexGuard<'_, FaultSet> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Whether the instance that `trigger` woke and that made `calls` calls dies now; if so, no
    /// other will.
    pub fn strikes(&self, trigger: Trigger, calls: u32) -> bool {
        let mut now = self.now();
        let due = now.crash.filter(|crash| {
            crash.call == calls && crash.trigger.is_none_or(|filter| filter == trigger)
        });
        if due.is_some() {
            now.crash = None;
        }
        if due.is_some_and(|crash| crash.process) {
            let _ = kill_process(getpid(), Signal::KILL);
        }
        due.is_some()
    }
}

/// The life of one instance.
#[derive(Debug)]
pub struct Life {
    /// Its spans, where they are made.
    pub scope: Option<Arc<Scope>>,
    trigger: Trigger,
    calls: AtomicU32,
    end: Notify,
    _places: Places,
}

impl Life {
    /// A life without calls yet. It keeps its places to its end.
    pub fn new(trigger: Trigger, places: Places) -> Self {
        Self { scope: None, trigger, calls: AtomicU32::new(0), end: Notify::new(), _places: places }
    }

    /// With spans, if they are made.
    #[must_use]
    pub fn within(self, scope: Option<Arc<Scope>>) -> Self {
        Self { scope, ..self }
    }

    /// What woke the instance.
    pub fn trigger(&self) -> Trigger {
        self.trigger
    }

    /// To be awaited after each call to the outside, before the guest gets the result. Never
    /// returns if the instance is to die here.
    pub async fn performed(&self, faults: &Faults) {
        let calls = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        if faults.now().down || faults.strikes(self.trigger, calls) {
            self.end.notify_one();
            future::pending::<()>().await;
        }
    }

    /// Returns when the instance is to die.
    pub async fn ended(&self) {
        self.end.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_strikes_once_at_its_call_and_trigger() {
        let faults = Faults::default();
        faults.now().obey(&Order::Crash(Crash {
            call: 2,
            trigger: Some(Trigger::Redis),
            process: false,
        }));
        assert!(!faults.strikes(Trigger::Redis, 1));
        assert!(!faults.strikes(Trigger::Http, 2));
        assert!(faults.strikes(Trigger::Redis, 2));
        assert!(!faults.strikes(Trigger::Redis, 2));
    }

    #[tokio::test]
    async fn an_instance_at_work_sees_no_more_of_the_outside_once_its_component_is_down() {
        let (faults, life) = (Faults::default(), Life::new(Trigger::Http, Places::alone()));
        life.performed(&faults).await;
        faults.now().obey(&Order::Down);
        tokio::select! {
            biased;
            () = life.performed(&faults) => panic!("it saw the result"),
            () = life.ended() => {}
        }
    }

    #[test]
    fn orders_add_up_until_healed() {
        let mut set = FaultSet::default();
        let delay = Delay { min_ms: 1, max_ms: 2 };
        set.obey(&Order::Down);
        set.obey(&Order::Delay(delay));
        assert_eq!(set, FaultSet { down: true, delay: Some(delay), crash: None });
        set.obey(&Order::Heal);
        assert_eq!(set, FaultSet::default());
        assert!((1..=2).contains(&delay.pick().as_millis()));
        assert!(Delay { min_ms: 2, max_ms: 1 }.check().is_err());
    }
}
