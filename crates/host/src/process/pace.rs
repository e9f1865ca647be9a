//! How far a connection is, and since when: a client that is slow to ask or slow to take its answer must
//! not hold it for ever.

use super::refusals::Reason;
use crate::app::plan::Limits;
use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};
use tokio::{
    sync::Notify,
    time::{Instant, Sleep},
};

/// A client takes at least so many bytes of its answers in each `--send-timeout`.
const PIECE: usize = 16 << 10;

/// One connection's pace: its stream and its requests report to it, and its task asks it.
#[derive(Debug)]
pub struct Pace {
    idle: std::time::Duration,
    head: std::time::Duration,
    send: std::time::Duration,
    now: Mutex<Now>,
    /// Whether the stream tells the client that its head was late, and ends.
    late: AtomicBool,
    http2: AtomicBool,
    /// Notified when an HTTP/2 connection is to end with the requests that are under way.
    pub leave: Notify,
}

#[derive(Debug)]
struct Now {
    under_way: usize,
    /// When the last request ended, or the next one's head began.
    since: Instant,
    head: bool,
    /// Since when the client takes nothing, and what it has taken since.
    blocked: Option<(Instant, usize)>,
}

/// A request that is under way, until its answer is given to the connection.
#[derive(Debug)]
pub struct UnderWay(Arc<Pace>);

impl Pace {
    /// A connection's that was opened just now.
    pub fn new(limits: &Limits) -> Arc<Self> {
        let now = Now { under_way: 0, since: Instant::now(), head: false, blocked: None };
        Arc::new(Self {
            idle: limits.idle_timeout,
            head: limits.head_timeout,
            send: limits.send_timeout,
            now: Mutex::new(now),
            late: AtomicBool::new(false),
            http2: AtomicBool::new(false),
            leave: Notify::new(),
        })
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the connection is known to speak HTTP/2.
    pub fn is_http2(&self) -> bool {
        self.http2.load(Ordering::Relaxed)
    }

    /// The connection speaks HTTP/2.
    pub fn speaks_http2(&self) {
        self.http2.store(true, Ordering::Relaxed);
    }

    /// Something came from the client.
    pub fn received(&self) {
        let mut now = self.now();
        // On HTTP/2 there is more than requests, and none of it counts.
        if now.under_way == 0 && !now.head && !self.is_http2() {
            (now.head, now.since) = (true, Instant::now());
        }
    }

    /// A request's head is there.
    pub fn begin(self: &Arc<Self>) -> UnderWay {
        let mut now = self.now();
        (now.head, now.under_way) = (false, now.under_way + 1);
        drop(now);
        UnderWay(self.clone())
    }

    /// The client takes no more for now.
    pub fn blocked(&self) {
        self.now().blocked.get_or_insert_with(|| (Instant::now(), 0));
    }

    /// After it was blocked, the client has taken so many bytes.
    pub fn sent(&self, bytes: usize) {
        let mut now = self.now();
        if let Some((since, sent)) = &mut now.blocked {
            *sent += bytes;
            if *sent >= PIECE {
                (*since, *sent) = (Instant::now(), 0);
            }
        }
    }

    /// The client has taken all there was.
    pub fn flushed(&self) {
        self.now().blocked = None;
    }

    /// Whether the stream is to say that the head was late, and to end.
    pub fn is_late(&self) -> bool {
        self.late.load(Ordering::Relaxed)
    }

    /// Has the stream say so when it is read next.
    pub fn say_late(&self) {
        self.late.store(true, Ordering::Relaxed);
    }

    /// When the connection's time will be up as things are, and why; no reason if its client was merely idle.
    fn due(&self) -> Option<(Instant, Option<Reason>)> {
        let now = self.now();
        match now.blocked {
            Some((since, _)) => Some((since + self.send, Some(Reason::Send))),
            None if now.under_way > 0 => None,
            None if now.head => Some((now.since + self.head, Some(Reason::Head))),
            None => Some((now.since + self.idle, None)),
        }
    }

    /// Ready when the connection's time is up. To be polled whenever the connection was: `clock` is set anew only
    /// for what is due earlier, so that a request costs no timer.
    pub fn poll_over(
        &self,
        mut clock: Pin<&mut Sleep>,
        context: &mut Context,
    ) -> Poll<Option<Reason>> {
        loop {
            let Some((due, reason)) = self.due() else { return Poll::Pending };
            if due < clock.deadline() || clock.is_elapsed() {
                clock.as_mut().reset(due);
            }
            ready!(clock.as_mut().poll(context));
            if Instant::now() >= due {
                return Poll::Ready(reason);
            }
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut now = self.0.now();
        now.under_way -= 1;
        if now.under_way == 0 {
            now.since = Instant::now();
        }
    }
}
