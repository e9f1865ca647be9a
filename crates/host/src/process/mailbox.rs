//! Messages that wait for a component.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
};
use tokio::sync::Notify;

/// A message, and the channel that it came by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The channel's name.
    pub channel: Arc<str>,
    /// What it says.
    pub payload: Vec<u8>,
}

/// How many messages wait for one component before more are dropped.
pub const CAPACITY: usize = 1024;

/// The messages that wait for one component, first in, first out. A doorbell keeps only the last:
/// all it says is "look". Otherwise, when [`CAPACITY`] wait, new ones are dropped and counted:
/// those before them were sent first, and a channel promises nothing anyway.
#[derive(Debug)]
pub struct Mailbox {
    doorbell: bool,
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    messages: VecDeque<Message>,
    dropped: u64,
}

/// What [`Mailbox::put`] did.
#[derive(Debug, PartialEq, Eq)]
pub enum Put {
    /// The message waits.
    Kept,
    /// The first message that was dropped since the mailbox was last emptied.
    FirstDropped,
    /// A further one.
    Dropped,
}

impl Mailbox {
    /// An empty mailbox.
    pub fn new(doorbell: bool) -> Self {
        Self { doorbell, waiting: Mutex::default(), arrived: Notify::new() }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Lets a message wait.
    pub fn put(&self, message: Message) -> Put {
        let mut waiting = self.waiting();
        if self.doorbell {
            waiting.messages.clear();
        } else if waiting.messages.len() >= CAPACITY {
            waiting.dropped += 1;
            return if waiting.dropped == 1 { Put::FirstDropped } else { Put::Dropped };
        }
        waiting.messages.push_back(message);
        self.arrived.notify_one();
        Put::Kept
    }

    /// The next message, waiting for it if there is none, and the number of messages dropped before
    /// it if it is the last that waits.
    pub async fn take(&self) -> (Message, u64) {
        loop {
            {
                let mut waiting = self.waiting();
                if let Some(message) = waiting.messages.pop_front() {
                    let dropped = if waiting.messages.is_empty() {
                        std::mem::take(&mut waiting.dropped)
                    } else {
                        0
                    };
                    return (message, dropped);
                }
            }
            self.arrived.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(payload: &[u8]) -> Message {
        Message { channel: "a".into(), payload: payload.to_vec() }
    }

    #[tokio::test]
    async fn a_doorbell_keeps_the_last() {
        let mailbox = Mailbox::new(true);
        for payload in [b"a", b"b", b"c"] {
            assert_eq!(mailbox.put(message(payload)), Put::Kept);
        }
        assert_eq!(mailbox.take().await, (message(b"c"), 0));
        assert!(mailbox.waiting().messages.is_empty());
    }

    #[tokio::test]
    async fn a_full_mailbox_drops_the_new_and_counts_them() {
        let mailbox = Mailbox::new(false);
        for number in 0..CAPACITY {
            assert_eq!(mailbox.put(message(&number.to_le_bytes())), Put::Kept);
        }
        assert_eq!(mailbox.put(message(b"x")), Put::FirstDropped);
        assert_eq!(mailbox.put(message(b"x")), Put::Dropped);
        for number in 0..CAPACITY {
            let dropped = if number == CAPACITY - 1 { 2 } else { 0 };
            assert_eq!(mailbox.take().await, (message(&number.to_le_bytes()), dropped));
        }
    }
}
