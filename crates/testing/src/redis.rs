//! A Redis of a test's own.

use crate::process::{Process, tail};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

// A server of a test's own is started as the host starts one.
#[path = "../../host/src/supervisor/redis/torn.rs"]
mod torn;

const START_LIMIT: Duration = Duration::from_secs(20);

/// A `redis-server` on a free loopback port, without users, that has every write on disk before it
/// answers (`appendfsync always`): what it acknowledged is there after [`Redis::kill`] and
/// [`Redis::restart`]. It is stopped, and its directory removed, when the value is dropped.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    process: Option<Process>,
    dir: TempDir,
    fsync: &'static str,
}

impl Redis {
    /// Starts one.
    ///
    /// # Panics
    /// When `redis-server` is not installed or does not start.
    #[track_caller]
    pub fn start() -> Self {
        Self::start_with("always")
    }

    /// Starts one that has writes on disk as `appendfsync` says: `everysec` loses what it acknowledged in the
    /// last second before a power cut.
    ///
    /// # Panics
    /// Like [`Redis::start`].
    #[track_caller]
    pub fn start_with(fsync: &'static str) -> Self {
        // The port is free when it is chosen, yet another process may take it before Redis does.
        const TRIES: usize = 5;
        let mut last = String::new();
        for _ in 0..TRIES {
            let dir = tempfile::Builder::new().prefix("madang-redis-").tempdir().expect("temp dir");
            let port = free_port();
            match launch(port, dir.path(), fsync) {
                Ok(process) => return Self { port, process: Some(process), dir, fsync },
                Err(reason) => last = reason,
            }
        }
        panic!("{last}")
    }

    /// `127.0.0.1:<port>`, the same after a restart.
    pub fn address(&self) -> String {
        format!("{}:{}", Ipv4Addr::LOCALHOST, self.port)
    }

    /// `redis://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// Its process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Process::pid)
    }

    /// Where its files are.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A connection to it.
    ///
    /// # Panics
    /// When it does not run.
    #[track_caller]
    pub fn connect(&self) -> redis::Connection {
        connect(&self.url())
    }

    /// Ends it at once, as a power cut would (`kill -9`).
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it again on the same port and data, after a [`Redis::kill`] or while it runs.
    ///
    /// # Panics
    /// When it does not start.
    #[track_caller]
    pub fn restart(&mut self) {
        self.kill();
        match launch(self.port, self.dir.path(), self.fsync) {
            Ok(process) => self.process = Some(process),
            Err(reason) => panic!("{reason}"),
        }
    }
}

/// A connection whose commands wait at most ten seconds.
#[track_caller]
pub(crate) fn connect(url: &str) -> redis::Connection {
    const LIMIT: Duration = Duration::from_secs(10);
    let connect = || {
        let connection = redis::Client::open(url)?.get_connection_with_timeout(LIMIT)?;
        connection.set_read_timeout(Some(LIMIT))?;
        connection.set_write_timeout(Some(LIMIT))?;
        Ok(connection)
    };
    connect().unwrap_or_else(|error: redis::RedisError| panic!("no connection to Redis: {error}"))
}

/// A loopback port that nobody listens on now.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

fn launch(port: u16, dir: &Path, fsync: &str) -> Result<Process, String> {
    let ended = match serve(port, dir, fsync) {
        Err(ended) if torn::is_why(&ended) => ended,
        served => return served,
    };
    torn::mend(dir).map_err(|error| format!("{error:#}\n{ended}"))?;
    serve(port, dir, fsync)
}

fn serve(port: u16, dir: &Path, fsync: &str) -> Result<Process, String> {
    let mut command = Command::new("redis-server");
    command
        .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--daemonize", "no"])
        .args(["--appendonly", "yes", "--appendfsync", fsync, "--save", ""])
        .args(torn::REFUSED)
        .arg("--dir")
        .arg(dir);
    let mut process =
        Process::spawn(&mut command, &dir.join("redis.log"), "KILL").map_err(|error| {
            format!("redis-server: {error}; `cargo xtask setup` installs it, or says how")
        })?;
    let begin = Instant::now();
    loop {
        if is_serving(port, process.pid()) {
            return Ok(process);
        }
        if process.ended().is_some() || begin.elapsed() > START_LIMIT {
            return Err(format!("redis-server did not start\n{}", tail(&process.printed())));
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whether this very process answers on the port (another's Redis may have taken it) and has read
/// its data.
fn is_serving(port: u16, pid: u32) -> bool {
    let info = redis::Client::open(format!("redis://127.0.0.1:{port}"))
        .and_then(|client| client.get_connection_with_timeout(START_LIMIT))
        .and_then(|mut connection| redis::cmd("INFO").query::<String>(&mut connection))
        .unwrap_or_default();
    let says = |line: String| info.lines().any(|l| l == line);
    says(format!("process_id:{pid}")) && says("loading:0".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procfs;
    use redis::Commands as _;

    #[test]
    fn what_was_acknowledged_survives_a_kill() {
        let mut redis = Redis::start();
        let (first, address) = (redis.pid().unwrap(), redis.address());
        let _: () = redis.connect().set("key", "value").unwrap();
        redis.kill();
        assert!(redis.pid().is_none() && !procfs::is_alive(first));
        redis.restart();
        assert_eq!(redis.address(), address);
        assert_eq!(redis.connect().get::<_, String>("key").unwrap(), "value");
    }

    #[test]
    fn of_a_transaction_that_was_torn_nothing_is_left_and_what_came_later_stays() {
        let mut redis = Redis::start();
        let commit = |redis: &Redis, value: &str| -> redis::RedisResult<()> {
            let mut both = redis::pipe();
            both.atomic().set("a", value).set("b", value);
            both.query(&mut redis.connect())
        };
        let both =
            |redis: &Redis| -> (String, String) { redis.connect().mget(&["a", "b"]).unwrap() };
        commit(&redis, "first").unwrap();
        for (torn, later, cut) in [("second", "third", 5), ("fourth", "fifth", 25)] {
            let before = both(&redis);
            commit(&redis, torn).unwrap();
            redis.kill();
            let log = redis.dir().join("appendonlydir/appendonly.aof.1.incr.aof");
            let file = std::fs::File::options().write(true).open(&log).unwrap();
            // Into the last command, and into the one before it.
            file.set_len(file.metadata().unwrap().len() - cut).unwrap();
            redis.restart();
            assert_eq!(both(&redis), before);
            // Behind half a transaction this would be read as a part of it, which never ends.
            let () = redis.connect().set("b", later).unwrap();
            redis.kill();
            redis.restart();
            assert_eq!(both(&redis), ("first".to_owned(), later.to_owned()));
        }
    }

    #[test]
    fn nothing_is_left_when_it_is_dropped() {
        let redis = Redis::start();
        let (pid, dir) = (redis.pid().unwrap(), redis.dir.path().to_owned());
        drop(redis);
        assert!(!procfs::is_alive(pid));
        assert!(!dir.exists());
    }
}
