//! The system's channel, heard as an administrator.

use madang_testing::Host;
use redis::{ConnectionLike as _, Msg};
use std::time::Duration;

/// How long a message may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A subscription to the channel `bookrent`.
#[allow(missing_debug_implementations)]
pub struct Channel(redis::Connection);

impl Channel {
    /// Listens from now on.
    ///
    /// # Panics
    /// Where Redis is away.
    #[track_caller]
    pub fn open(host: &Host) -> Self {
        let mut connection = host.redis();
        connection.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        // The crate's own `PubSub` borrows its connection and so could not be kept here.
        let subscribe = redis::cmd("SUBSCRIBE").arg("bookrent").get_packed_command();
        connection.req_packed_command(&subscribe).expect("a subscription");
        Self(connection)
    }

    /// Waits for the next message.
    ///
    /// # Panics
    /// When none comes.
    #[track_caller]
    pub fn hear(&mut self) -> String {
        let answer = self.0.recv_response().expect("a message on the channel");
        let message = Msg::from_value(&answer).unwrap_or_else(|| panic!("no message: {answer:?}"));
        message.get_payload().expect("text")
    }
}
