//! Connections to Redis: one per URL and process, shared by all requests.

use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, RedisError, RedisResult, Value,
    aio::MultiplexedConnection,
};
use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpStream, time::timeout};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(1);
/// How long a command may take.
const RESPONSE: Duration = Duration::from_secs(5);

/// The connections, by URL. One that broke is replaced by the next [`Pool::open`].
#[derive(Debug, Default)]
pub struct Pool(Mutex<HashMap<String, Arc<tokio::sync::Mutex<Option<Link>>>>>);

/// A shared connection.
#[derive(Clone)]
pub struct Link {
    connection: MultiplexedConnection,
    alive: Arc<AtomicBool>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Link").field("alive", &self.alive).finish_non_exhaustive()
    }
}

/// Why there is no connection.
#[derive(Debug)]
pub enum OpenError {
    /// The URL is not one of a Redis server without TLS.
    Address,
    /// The server does not answer or refuses the login.
    Refused(RedisError),
}

impl Pool {
    /// The connection to `url`; those who ask while it is being made wait for the same one.
    pub async fn open(&self, url: &str) -> Result<Link, OpenError> {
        let slot = {
            let mut slots = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            match slots.get(url) {
                Some(slot) => slot.clone(),
                None => slots.entry(url.to_owned()).or_default().clone(),
            }
        };
        let mut slot = slot.lock().await;
        match &*slot {
            Some(link) if link.alive.load(Ordering::Relaxed) => Ok(link.clone()),
            _ => {
                let link = connect(url).await?;
                *slot = Some(link.clone());
                Ok(link)
            }
        }
    }
}

impl Link {
    /// Sends a command. An answer that does not come in time ends the connection for all: who knows
    /// what it will answer next.
    pub async fn query(&mut self, command: &Cmd) -> RedisResult<Value> {
        let result = command.query_async(&mut self.connection).await;
        if result.as_ref().is_err_and(|error| error.is_timeout() || error.is_unrecoverable_error())
        {
            self.alive.store(false, Ordering::Relaxed);
        }
        result
    }
}

async fn connect(url: &str) -> Result<Link, OpenError> {
    let client = Client::open(url).map_err(|_| OpenError::Address)?;
    let info = client.get_connection_info();
    let ConnectionAddr::Tcp(host, port) = info.addr() else { return Err(OpenError::Address) };
    let settings = info.redis_settings().clone().set_skip_set_lib_name();
    let made = async {
        let stream = TcpStream::connect((host.as_str(), *port)).await?;
        // Commands are small, and each waits for the answer to the last.
        stream.set_nodelay(true)?;
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(RESPONSE));
        MultiplexedConnection::new_with_config(&settings, stream, config).await
    };
    let (connection, driver) = timeout(CONNECT, made)
        .await
        .unwrap_or_else(|_| {
            Err(io::Error::new(io::ErrorKind::TimedOut, "no connection in time").into())
        })
        .map_err(OpenError::Refused)?;
    let alive = Arc::new(AtomicBool::new(true));
    let ended = alive.clone();
    tokio::spawn(async move {
        driver.await;
        ended.store(false, Ordering::Relaxed);
    });
    Ok(Link { connection, alive })
}
