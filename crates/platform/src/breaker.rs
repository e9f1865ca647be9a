//! A circuit breaker for each neighbour: closed, it counts how calls end; open, it cuts them off at
//! once; half-open, it lets a few through to see whether the neighbour is back.
//!
//! Each request has a fresh instance, so the breaker is what the key-value store holds. Its numbers are
//! changed by atomic increments alone: Spin's other writes to a store have two winners. All of it is
//! statistics: where the store fails, calls go through, and a number that is lost costs a moment.
//!
//! The state is one number: the time since when it is open, or, negative, since when it is closed. It
//! names the keys that belong to it, so that whoever comes late counts where nobody looks any more.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::env::Env;
use crate::event::rfc3339;

/// Parts that the window slides by.
const BUCKETS: i64 = 10;
/// In a bucket's number: a call, and a failed one more.
const CALL: i64 = 1;
const FAILED: i64 = 1 << 32;
/// In the number of a half-open state: one that asked to be let through, a probe that came back well,
/// one that did not.
const ASKED: i64 = 1;
const PASSED: i64 = 1 << 32;
const BROKE: i64 = 1 << 48;
/// Probes that have not come back after so many times the open state's length are lost.
const LOST: i64 = 3;
/// Whose turn it is to change the state: the first, and should it have died, one in so many.
const TURNS: i64 = 64;

/// The breaker of one neighbour.
pub(crate) struct Breaker<'e> {
    env: &'e Env<'e>,
    target: &'e str,
}

/// How a call may go on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Pass {
    /// As any call; the state that it was let through by.
    Closed(i64),
    /// To see whether the neighbour is back.
    Probe(i64),
    /// The store does not answer.
    Unwatched,
}

/// How a call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The neighbour answered in time.
    Good,
    /// It did not, or that it could not do it.
    Bad,
    /// Whoever asked did not wait as long as a call may take: that says nothing about the neighbour.
    Unknown,
}

impl Pass {
    /// How the breaker stood.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Pass::Closed(_) => "closed",
            Pass::Probe(_) => "half-open",
            Pass::Unwatched => "off",
        }
    }
}

impl<'e> Breaker<'e> {
    pub(crate) fn new(env: &'e Env<'e>, target: &'e str) -> Self {
        Breaker { env, target }
    }

    /// Whether a call may be made now. None: it is cut off.
    pub(crate) fn admit(&self) -> Option<Pass> {
        self.ask_for_pass().unwrap_or_else(|error| {
            eprintln!("the breaker of {} does not work: {error}", self.target);
            Some(Pass::Unwatched)
        })
    }

    /// Counts how a call ended that was let through.
    pub(crate) fn report(&self, pass: Pass, verdict: Verdict) {
        let reported = match pass {
            Pass::Closed(state) => self.count_call(state, verdict),
            Pass::Probe(state) => self.count_probe(state, verdict),
            Pass::Unwatched => Ok(()),
        };
        if let Err(error) = reported {
            eprintln!("the breaker of {} does not work: {error}", self.target);
        }
    }

    /// Counts a call that was repeated.
    pub(crate) fn count_retry(&self) {
        // Only told, never decided by.
        let _ = self.count("retries", 1);
    }

    /// How it stands, for `info`.
    pub(crate) fn describe(&self) -> Result<Value, String> {
        let state = self.counted("state")?;
        let now = self.env.now_ms();
        let (calls, failed) = self.window(state, now)?;
        let name = match state {
            ..=0 => "closed",
            _ if self.rests(state, now) => "open",
            _ => "half-open",
        };
        let since = Duration::from_millis(state.unsigned_abs());
        Ok(json!({
            "target": self.target,
            "state": name,
            "since": (state != 0).then(|| rfc3339(UNIX_EPOCH + since)),
            "calls": calls,
            "failed": failed,
            "retries": self.counted("retries")?,
            "cutOff": self.counted("cut-off")?,
        }))
    }

    fn ask_for_pass(&self) -> Result<Option<Pass>, String> {
        let state = self.counted("state")?;
        if state <= 0 {
            return Ok(Some(Pass::Closed(state)));
        }
        let now = self.env.now_ms();
        if !self.rests(state, now) {
            let asked = self.count(&format!("probes:{state}"), ASKED)? % PASSED;
            if asked <= self.env.figure("breaker_probes", 3) {
                return Ok(Some(Pass::Probe(state)));
            }
            let open = self.open_ms();
            if (now - state).abs() >= LOST * open {
                self.turn(state, now - open, "half-open again: its probes were lost")?;
            }
        }
        self.count("cut-off", 1)?;
        Ok(None)
    }

    /// Whether an open state lets nobody through yet. A time to come was set before the clock went back.
    fn rests(&self, state: i64, now: i64) -> bool {
        (0..self.open_ms()).contains(&(now - state))
    }

    fn count_call(&self, state: i64, verdict: Verdict) -> Result<(), String> {
        if verdict == Verdict::Unknown {
            return Ok(());
        }
        let now = self.env.now_ms();
        let bucket = now / self.width();
        let bad = verdict == Verdict::Bad;
        let counted =
            self.count(&format!("calls:{bucket}"), CALL + if bad { FAILED } else { 0 })?;
        if counted % FAILED == CALL {
            self.tidy(bucket)?;
        }
        if !bad {
            // A call that went well is no reason to cut off the next.
            return Ok(());
        }
        let (calls, failed) = self.window(state, now)?;
        let share = self.env.figure("breaker_share", 50);
        if calls >= self.env.figure("breaker_calls", 10) && failed * 100 >= share * calls {
            self.turn(state, now, &format!("open: {failed} of {calls} calls failed"))?;
        }
        Ok(())
    }

    fn count_probe(&self, state: i64, verdict: Verdict) -> Result<(), String> {
        let key = format!("probes:{state}");
        match verdict {
            Verdict::Unknown => self.count(&key, -ASKED).map(drop),
            Verdict::Bad => {
                if self.count(&key, BROKE)? / BROKE == 1 {
                    self.turn(state, self.env.now_ms(), "open: a probe failed")?;
                }
                Ok(())
            }
            Verdict::Good => {
                let counted = self.count(&key, PASSED)?;
                let passed = counted % BROKE / PASSED;
                if counted < BROKE && passed == self.env.figure("breaker_probes", 3) {
                    self.turn(state, -self.env.now_ms(), "closed: the probes passed")?;
                }
                Ok(())
            }
        }
    }

    /// Changes the state, if it is still the same and nobody else is about to.
    fn turn(&self, state: i64, next: i64, how: &str) -> Result<(), String> {
        let ticket = format!("turn:{state}");
        if self.count(&ticket, 1)? % TURNS != 1 || self.counted("state")? != state {
            return Ok(());
        }
        self.count("state", next - state)?;
        eprintln!("the breaker of {} is {how}", self.target);
        self.forget(&ticket)?;
        self.forget(&format!("probes:{state}"))
    }

    /// Calls in the window, and how many of them failed. What was before the breaker closed is over.
    fn window(&self, state: i64, now: i64) -> Result<(i64, i64), String> {
        let (width, mut calls, mut failed) = (self.width(), 0, 0);
        let last = now / width;
        for bucket in (last - BUCKETS + 1).max(-state.min(0) / width)..=last {
            let counted = self.counted(&format!("calls:{bucket}"))?;
            calls += counted % FAILED;
            failed += counted / FAILED;
        }
        Ok((calls, failed))
    }

    /// Removes buckets that the window has left: by the first call of a bucket, from where the last one
    /// did.
    fn tidy(&self, bucket: i64) -> Result<(), String> {
        let last = self.counted("tidied")?;
        for old in (last - BUCKETS + 1).max(0)..=last.min(bucket - BUCKETS) {
            self.forget(&format!("calls:{old}"))?;
        }
        self.count("tidied", bucket - last).map(drop)
    }

    fn width(&self) -> i64 {
        (self.env.figure("breaker_window_ms", 10_000) / BUCKETS).max(1)
    }

    fn open_ms(&self) -> i64 {
        self.env.figure("breaker_open_ms", 5_000).max(1)
    }

    fn key(&self, name: &str) -> String {
        self.env.key(&format!("breaker:{}:{name}", self.target))
    }

    fn count(&self, name: &str, delta: i64) -> Result<i64, String> {
        self.env.host.count(&self.key(name), delta)
    }

    fn counted(&self, name: &str) -> Result<i64, String> {
        self.env.host.counted(&self.key(name))
    }

    fn forget(&self, name: &str) -> Result<(), String> {
        self.env.host.forget(&self.key(name))
    }
}

#[cfg(test)]
mod tests;
