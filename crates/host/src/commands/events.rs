//! `madang events`: the log of a system, read as an administrator.

use super::{Target, check_system, print};
use crate::{
    client::block_on,
    contexts::{head_key, log_key},
    supervisor::state_dir::Running,
    table::{cell, plain},
};
use anyhow::{Context, Result};
use clap::Args;
use redis::{AsyncConnectionConfig, Client, RedisResult, aio::MultiplexedConnection};
use serde_json::{Value, json};
use std::{fmt::Write, time::Duration};
use tokio::time::sleep;

/// Events read at once.
const BATCH: u32 = 500;
/// How long Redis waits for a new event before it says that there is none, in milliseconds.
const WAIT: u32 = 5_000;
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(2);
/// How long an answer may take; longer than [`WAIT`].
const ANSWER: Duration = Duration::from_secs(15);
/// The pause before another try, while Redis is away.
const PAUSE: Duration = Duration::from_millis(500);

/// `madang events`.
#[derive(Debug, Args)]
pub struct Events {
    /// The system, such as `bookrent`.
    system: String,
    /// Go on with the events that come, until Ctrl-C.
    #[arg(short, long)]
    follow: bool,
    /// The number of the first event [default: 1; with --follow, of the next one].
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    from: Option<u64>,
    /// Only the events of the saga with this id.
    #[arg(long, value_name = "ID")]
    correlation: Option<String>,
    /// One JSON object a line, with the number and the whole event.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
}

/// An entry of the log, as Redis gives it: its id, and names and values.
type Entry = (String, Vec<Vec<u8>>);

/// Why reading ended.
enum End {
    /// Redis is away.
    Redis(redis::RedisError),
    /// Nobody listens, or the log is not in order.
    Other(anyhow::Error),
}

impl From<redis::RedisError> for End {
    fn from(error: redis::RedisError) -> Self {
        Self::Redis(error)
    }
}

impl Events {
    /// Prints the events.
    pub fn run(&self) -> Result<()> {
        block_on(self.print_all())?
    }

    async fn print_all(&self) -> Result<()> {
        let mut next = self.from;
        let mut is_away = false;
        loop {
            let running = Running::read(&self.target.state_dir)?;
            check_system(&self.system, &running.contexts)?;
            let redis = running.redis.context("the application uses no Redis: it has no logs")?;
            match self.read(&redis.admin_url, &mut next, &mut is_away).await {
                Ok(()) => return Ok(()),
                Err(End::Other(error)) => return Err(error),
                Err(End::Redis(error)) if !self.follow => {
                    return Err(error).with_context(|| {
                        format!("cannot read the log in Redis {}", redis.address)
                    });
                }
                Err(End::Redis(error)) => {
                    if !is_away {
                        is_away = true;
                        crate::say!("madang: Redis is away ({error}); waiting until it is back");
                    }
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Prints the events from `next` on, and moves it; with `--follow`, for ever.
    async fn read(&self, url: &str, next: &mut Option<u64>, is_away: &mut bool) -> Result<(), End> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER));
        let client = Client::open(url)?;
        let mut redis = client.get_multiplexed_async_connection_with_config(&config).await?;
        let mut at = match *next {
            Some(next) => next,
            None if self.follow => 1 + head(&mut redis, &self.system).await?,
            None => 1,
        };
        *is_away = false;
        loop {
            *next = Some(at);
            let entries = self.entries(&mut redis, at).await?;
            if entries.is_empty() && !self.follow {
                return Ok(());
            }
            let mut lines = String::new();
            for (id, fields) in &entries {
                let number = id.split('-').next().and_then(|number| number.parse().ok());
                let number: u64 = number
                    .with_context(|| format!("the log of {} has an entry {id}", self.system))
                    .map_err(End::Other)?;
                at = number + 1;
                self.tell(number, fields, &mut lines);
            }
            print(&lines).map_err(End::Other)?;
        }
    }

    /// The entries from this number on; waits for the first with `--follow`.
    async fn entries(
        &self,
        redis: &mut MultiplexedConnection,
        from: u64,
    ) -> RedisResult<Vec<Entry>> {
        let mut command = redis::cmd("XREAD");
        command.arg("COUNT").arg(BATCH);
        if self.follow {
            command.arg("BLOCK").arg(WAIT);
        }
        // XREAD begins after the id that it is given, and no entry's second part is greater than 0.
        command.arg("STREAMS").arg(log_key(&self.system)).arg(format!("{}-0", from - 1));
        let streams: Option<Vec<(String, Vec<Entry>)>> = command.query_async(redis).await?;
        Ok(streams.into_iter().flatten().flat_map(|(_, entries)| entries).collect())
    }

    fn tell(&self, number: u64, fields: &[Vec<u8>], lines: &mut String) {
        let field = |name: &[u8]| {
            let found = fields.chunks_exact(2).find(|pair| pair[0] == name);
            found.map(|pair| String::from_utf8_lossy(&pair[1]).into_owned()).unwrap_or_default()
        };
        let text = field(b"e");
        // What is no JSON is shown as the text that it is.
        let event: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if self.correlation.as_ref().is_some_and(|wanted| event["correlationid"] != **wanted) {
            return;
        }
        let _ = match self.json {
            true => writeln!(lines, "{}", json!({ "number": number, "event": event })),
            false => writeln!(
                lines,
                "{number:>6}  {:<24}  {:<24}  {:<24}  {:<20}  {}",
                cell(&event["time"]),
                cell(&event["source"]),
                plain(&field(b"t")),
                cell(&event["subject"]),
                cell(&event["correlationid"]),
            ),
        };
    }
}

async fn head(redis: &mut MultiplexedConnection, system: &str) -> RedisResult<u64> {
    let head: Option<u64> = redis::cmd("GET").arg(head_key(system)).query_async(redis).await?;
    Ok(head.unwrap_or(0))
}
