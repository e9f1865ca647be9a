//! SQLite files: one connection per file and process, used off the worker's loop so that no lock
//! ever blocks it.

use rusqlite::{
    Connection,
    hooks::{AuthAction, AuthContext, Authorization},
};
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// How long a statement waits for another process's write.
const BUSY: Duration = Duration::from_secs(5);

/// The most bytes that one result may hold: Spin's bound.
pub const LARGEST_RESULT: usize = 128 << 20;

/// The databases of this process, opened when first used.
#[derive(Debug, Default)]
pub struct Databases(Mutex<HashMap<PathBuf, Database>>);

impl Databases {
    /// The database of a file; whatever the label, the same file is the same connection.
    pub fn get(&self, path: &Path) -> Database {
        let mut databases = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let new =
            || Database(Arc::new(File { path: path.to_owned(), connection: Mutex::default() }));
        databases.entry(path.to_owned()).or_insert_with(new).clone()
    }
}

/// One SQLite file.
#[derive(Debug, Clone)]
pub struct Database(Arc<File>);

#[derive(Debug)]
struct File {
    path: PathBuf,
    connection: Mutex<Option<Connection>>,
}

impl Database {
    /// Does `work` with the connection. If the caller goes away (a request that timed out), the
    /// statement is stopped.
    pub async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let file = self.0.clone();
        let gone = Arc::new(AtomicBool::new(false));
        let _guard = SetOnDrop(gone.clone());
        let work = move || {
            // A panic in SQLite's bindings leaves no half-made connection behind worth keeping.
            let mut connection = file.connection.lock().unwrap_or_else(|poisoned| {
                let mut connection = poisoned.into_inner();
                *connection = None;
                connection
            });
            if connection.is_none() {
                *connection = Some(
                    open(&file.path)
                        .map_err(|error| format!("{}: {error}", file.path.display()))?,
                );
            }
            let Some(connection) = connection.as_mut() else { unreachable!("it was just opened") };
            connection
                .progress_handler(10_000, Some(move || gone.load(Ordering::Relaxed)))
                .and_then(|()| work(connection))
                .map_err(|error| error.to_string())
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())?
    }
}

struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    if let Some(folder) = path.parent() {
        // If this fails, opening the file does too, and says so.
        let _ = fs::create_dir_all(folder);
    }
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    // The log is the truth and views are rebuilt from it: NORMAL loses nothing on a crash of the
    // process.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.set_prepared_statement_cache_capacity(64);
    // As in Spin, a component must not reach other files through its own.
    connection.authorizer(Some(|context: AuthContext<'_>| match context.action {
        AuthAction::Attach { filename } if !matches!(filename, "" | ":memory:") => {
            Authorization::Deny
        }
        _ => Authorization::Allow,
    }))?;
    Ok(connection)
}
