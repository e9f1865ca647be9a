//! Where key-value stores and SQLite databases are kept.

use anyhow::{Context, Result, bail};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use redis::{Client, ConnectionAddr};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The part of the state folder for what Spin keeps in memory. The workers are several processes, so it
/// is files, gone when the application starts and when it ends.
pub const MEMORY: &str = "memory";

/// The values of one label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyValueStore {
    /// In a SQLite file.
    Sqlite(SqliteDatabase),
    /// On the Redis of this URL, whose keys are the store's. As in Spin, labels of one URL are one store.
    Redis(String),
}

/// A SQLite file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SqliteDatabase {
    /// The file.
    pub path: PathBuf,
    /// Whether `ATTACH` may open other files.
    pub allow_attach_file: bool,
}

impl KeyValueStore {
    /// The file, if it is kept in one.
    pub fn file_mut(&mut self) -> Option<&mut SqliteDatabase> {
        match self {
            Self::Sqlite(database) => Some(database),
            Self::Redis(_) => None,
        }
    }
}

impl SqliteDatabase {
    /// A file that opens no others.
    pub fn alone(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), allow_attach_file: false }
    }
}

/// The file of a label whose data is gone when the application ends, below the state folder.
pub fn memory(kind: &str, label: &str) -> PathBuf {
    // A label may be any text, a path's among them.
    let label = utf8_percent_encode(label, NON_ALPHANUMERIC);
    Path::new(MEMORY).join(format!("{kind}-{label}.db"))
}

/// Checks that a URL is one of a Redis server that the host can reach. Errors keep its password.
pub fn check_redis(url: &str) -> Result<()> {
    let client = Client::open(url).with_context(|| {
        format!("no redis://[user:password@]host[:port] URL: {}", without_password(url))
    })?;
    match client.get_connection_info().addr() {
        ConnectionAddr::Tcp(..) => Ok(()),
        _ => bail!(
            "{} is reached otherwise than by TCP: write redis://host:port",
            without_password(url)
        ),
    }
}

/// A URL fit for a log line.
pub fn without_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 < at => {
            format!("{}…{}", &url[..scheme + 3], &url[at..])
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_stay_out_of_log_lines() {
        assert_eq!(without_password("redis://me:secret@h:1"), "redis://…@h:1");
        assert_eq!(without_password("redis://h:1"), "redis://h:1");
    }

    #[test]
    fn labels_are_file_names_of_their_own() {
        assert_eq!(memory("sqlite", "../a"), Path::new("memory/sqlite-%2E%2E%2Fa.db"));
    }

    #[test]
    fn urls_that_the_host_cannot_reach_are_refused() {
        check_redis("redis://me:secret@h:1/2").unwrap();
        for bad in ["http://me:secret@h", "rediss://me:secret@h", "redis+unix:///run/redis", "h:1"]
        {
            let error = format!("{:#}", check_redis(bad).unwrap_err());
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
