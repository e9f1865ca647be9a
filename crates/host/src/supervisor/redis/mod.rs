//! The application's Redis: the one that was given, or one of its own that is started, watched and
//! stopped.

mod given;
mod server;
mod torn;
mod users;

pub use given::Given;
pub use server::Server;

use redis::{FromRedisValue, Pipeline, RedisResult};
use std::{io, time::Duration};
use tokio::time::timeout;

/// When Redis writes its log to the disk.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Fsync {
    /// Before each answer: nothing acknowledged is ever lost.
    Always,
    /// Every second: a power cut may lose the last one.
    Everysec,
}

/// How long a server may take to answer.
const ANSWER: Duration = Duration::from_secs(1);

/// Sends commands over a connection of their own.
async fn ask<T: FromRedisValue>(url: &str, commands: &Pipeline) -> RedisResult<T> {
    let client = redis::Client::open(url)?;
    let asked = async {
        let mut connection = client.get_multiplexed_async_connection().await?;
        commands.query_async(&mut connection).await
    };
    timeout(ANSWER, asked)
        .await
        .unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
}

async fn ping(url: &str) -> RedisResult<()> {
    ask(url, redis::pipe().cmd("PING").ignore()).await
}
