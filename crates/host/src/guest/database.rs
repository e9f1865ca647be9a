//! SQLite files: one connection per file and process. No lock ever blocks a worker's loop: what may
//! take long is done off it, and so is what would have to wait.

use crate::app::stores::SqliteDatabase;
use rusqlite::{
    Connection, ErrorCode,
    hooks::{AuthAction, AuthContext, Authorization, Wal},
};
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::sync::OnceCell;

/// How long a statement waits for another process's write.
const BUSY: Duration = Duration::from_secs(5);

/// How long it waits before it opens a file again that others are opening.
const POLL: Duration = Duration::from_millis(2);

/// With so many pages the write-ahead log is copied into the database: SQLite's own number.
const CHECKPOINT: i32 = 1000;

/// Steps of SQLite's machine that a component's statement may take on the loop, well under a millisecond: enough for a
/// row or a page of them, found by an index.
const STEPS: i32 = 5_000;

/// Short work that takes longer than this has waited for the disk: what follows is not done on the loop for a while,
/// so that a disk which cannot keep up costs a moment, not the worker.
const SLOW: Duration = Duration::from_millis(5);
/// How long that while is.
const WARY: Duration = Duration::from_secs(1);

/// The most bytes that one result may hold: Spin's bound.
pub const LARGEST_RESULT: usize = 128 << 20;

/// The databases of this process, opened when first used.
#[derive(Debug, Default)]
pub struct Databases(Mutex<HashMap<SqliteDatabase, Database>>);

impl Databases {
    /// The database of a file; whatever the label, the same file is the same connection.
    pub fn get(&self, database: &SqliteDatabase) -> Database {
        let mut databases = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(known) = databases.get(database) {
            return known.clone();
        }
        let new = Database(Arc::new(File {
            path: database.path.clone(),
            allow_attach_file: database.allow_attach_file,
            connection: Mutex::default(),
            prepared: OnceCell::new(),
            log_pages: Arc::default(),
            is_copying: AtomicBool::new(false),
            wary: Mutex::new(None),
        }));
        databases.insert(database.clone(), new.clone());
        new
    }
}

/// One SQLite file.
#[derive(Debug, Clone)]
pub struct Database(Arc<File>);

#[derive(Debug)]
struct File {
    path: PathBuf,
    allow_attach_file: bool,
    connection: Mutex<Option<Connection>>,
    prepared: OnceCell<()>,
    /// The pages of the write-ahead log after the last write; 0 once that was looked at.
    log_pages: Arc<AtomicI32>,
    /// Whether the write-ahead log is being copied.
    is_copying: AtomicBool,
    /// Until when the disk is taken for slow.
    wary: Mutex<Option<Instant>>,
}

impl Database {
    /// Does `work` with the connection. If the caller goes away (a request that timed out), the
    /// statement is stopped.
    pub async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let database = self.clone();
        let gone = Arc::new(AtomicBool::new(false));
        let _guard = SetOnDrop(gone.clone());
        let work = move || {
            let file = &database.0;
            // A panic in SQLite's bindings leaves no half-made connection behind worth keeping.
            let mut connection = file.connection.lock().unwrap_or_else(|poisoned| {
                let mut connection = poisoned.into_inner();
                *connection = None;
                connection
            });
            if connection.is_none() {
                let opened = open(&file.path, file.allow_attach_file).and_then(|mut opened| {
                    let pages = file.log_pages.clone();
                    // Instead of SQLite's own, which copies the log there and then.
                    opened.wal_hook(Some(move |_: &mut Wal, now| {
                        pages.store(now, Ordering::Relaxed);
                        Ok(())
                    }))?;
                    Ok(opened)
                });
                let failed = |error| format!("{}: {error}", file.path.display());
                *connection = Some(opened.map_err(failed)?);
            }
            let Some(connection) = connection.as_mut() else { unreachable!("it was just opened") };
            let result = connection
                .progress_handler(10_000, Some(move || gone.load(Ordering::Relaxed)))
                .and_then(|()| work(connection));
            database.copy_log();
            result.map_err(|error| error.to_string())
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())?
    }
}

impl Database {
    /// Prepares a database for short work by a statement, once for this process.
    pub async fn prepare(&self, statement: &'static str) -> Result<(), String> {
        let prepare = || self.work(move |connection| connection.execute(statement, []).map(drop));
        self.0.prepared.get_or_try_init(prepare).await.copied()
    }

    /// Does short work here and now: the way to another thread and back costs several times as much.
    /// Where another process or thread is at it, the work is done again off the loop.
    pub async fn quick<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        self.within(None, work).await
    }

    /// Does what a component asks for, which may take any time: here and now as far as [`STEPS`] go, and anew off the
    /// loop where they do not reach. What is stopped has changed nothing.
    pub async fn statement<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        self.within(Some(STEPS), work).await
    }

    /// Does work here and now as far as so many steps go, if they are limited, else off the loop.
    async fn within<T: Send + 'static>(
        &self,
        steps: Option<i32>,
        work: impl Fn(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        match self.at_once(steps, &work) {
            Some(result) => result.map_err(|error| error.to_string()),
            None => self.work(move |connection| work(connection)).await,
        }
    }

    /// Copies the write-ahead log into the database where it has just become long. That waits for the disk, so
    /// SQLite does not do it with whatever write comes along: it is done off the loop.
    fn copy_log(&self) {
        let file = &self.0;
        let is_long = file.log_pages.swap(0, Ordering::Relaxed) >= CHECKPOINT;
        if !is_long || file.is_copying.swap(true, Ordering::Relaxed) {
            return;
        }
        let database = self.clone();
        tokio::spawn(async move {
            let copied = database.work(|connection| {
                connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
            });
            if let Err(error) = copied.await {
                crate::say!(Warn, "madang: {}: {error}", database.0.path.display());
            }
            database.0.is_copying.store(false, Ordering::Relaxed);
        });
    }

    /// The result, unless it would take waiting, opening or more than so many steps.
    fn at_once<T>(
        &self,
        steps: Option<i32>,
        work: impl Fn(&mut Connection) -> rusqlite::Result<T>,
    ) -> Option<rusqlite::Result<T>> {
        let begin = Instant::now();
        let mut wary = self.0.wary.lock().unwrap_or_else(PoisonError::into_inner);
        if wary.is_some_and(|until| begin < until) {
            return None;
        }
        let mut connection = self.0.connection.try_lock().ok()?;
        let connection = connection.as_mut()?;
        // Stopping a statement ends the transaction that it is in.
        if steps.is_some() && !connection.is_autocommit() {
            return None;
        }
        let result = connection
            .busy_timeout(Duration::ZERO)
            .and_then(|()| connection.progress_handler(steps.unwrap_or(0), steps.map(|_| || true)))
            .and_then(|()| work(connection));
        self.copy_log();
        let reset = connection.busy_timeout(BUSY);
        let end = Instant::now();
        *wary = (end - begin > SLOW).then(|| end + WARY);
        match result {
            Err(error) if is_busy(&error) || is_stopped(&error) => None,
            result => Some(result.and_then(|value| reset.map(|()| value))),
        }
    }
}

struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Opens a file, anew while others are opening it, too: SQLite waits for no one while a new file is given its journal.
fn open(path: &Path, allow_attach_file: bool) -> rusqlite::Result<Connection> {
    let begin = Instant::now();
    loop {
        match connect(path, allow_attach_file) {
            Err(error) if is_busy(&error) && begin.elapsed() < BUSY => thread::sleep(POLL),
            result => return result,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

fn is_stopped(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted)
}

fn connect(path: &Path, allow_attach_file: bool) -> rusqlite::Result<Connection> {
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
    if allow_attach_file {
        return Ok(connection);
    }
    // As in Spin, a component must not reach other files through its own.
    connection.authorizer(Some(|context: AuthContext<'_>| match context.action {
        AuthAction::Attach { filename } if !matches!(filename, "" | ":memory:") => {
            Authorization::Deny
        }
        _ => Authorization::Allow,
    }))?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_files_are_attached_where_that_is_allowed_only() {
        let folder = tempfile::tempdir().unwrap();
        let attach = format!("ATTACH '{}' AS other", folder.path().join("other.db").display());
        for allowed in [false, true] {
            let database = open(&folder.path().join("one.db"), allowed).unwrap();
            assert_eq!(database.execute(&attach, []).is_ok(), allowed);
            assert!(database.execute("ATTACH ':memory:' AS scratch", []).is_ok());
        }
    }

    #[test]
    fn a_new_file_can_be_opened_by_several_at_once() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..50 {
            let path = folder.path().join(format!("{round}.db"));
            std::thread::scope(|scope| {
                let opening: Vec<_> =
                    (0..4).map(|_| scope.spawn(|| open(&path, false).map(drop))).collect();
                for opened in opening {
                    opened.join().unwrap().unwrap();
                }
            });
        }
    }

    const MANY: &str =
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 100000)";

    fn one_of(folder: &tempfile::TempDir) -> Database {
        let path = folder.path().join("one.db");
        Databases::default().get(&SqliteDatabase { path, allow_attach_file: false })
    }

    async fn execute(database: &Database, sql: String) -> usize {
        let changed = database.statement(move |connection| connection.execute(&sql, [])).await;
        changed.unwrap()
    }

    async fn rows(database: &Database) -> i64 {
        let count = |connection: &mut Connection| {
            connection.query_row("SELECT count(*) FROM rows", [], |row| row.get(0))
        };
        database.statement(count).await.unwrap()
    }

    #[tokio::test]
    async fn what_takes_long_is_done_once_whatever_was_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let database = one_of(&folder);
        execute(&database, "CREATE TABLE rows (i INTEGER)".to_owned()).await;
        let many = format!("INSERT INTO rows {MANY} SELECT i FROM n");
        let stopped = database.at_once(Some(STEPS), |connection| connection.execute(&many, []));
        assert!(stopped.is_none(), "it takes more than that");
        assert_eq!(rows(&database).await, 0);
        assert_eq!(execute(&database, many).await, 100_000);
        assert_eq!(rows(&database).await, 100_000);
    }

    #[tokio::test]
    async fn a_transaction_of_a_component_outlives_what_takes_long_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let database = one_of(&folder);
        let many = format!("INSERT INTO rows {MANY} SELECT i FROM n");
        let all = ["CREATE TABLE rows (i INTEGER)", "BEGIN", "INSERT INTO rows VALUES (0)", &many];
        for sql in all {
            execute(&database, sql.to_owned()).await;
        }
        execute(&database, "COMMIT".to_owned()).await;
        assert_eq!(rows(&database).await, 100_001);
    }

    #[tokio::test]
    async fn the_write_ahead_log_is_copied_from_time_to_time() {
        let folder = tempfile::tempdir().unwrap();
        let database = one_of(&folder);
        execute(&database, "CREATE TABLE rows (i INTEGER)".to_owned()).await;
        let size = || fs::metadata(folder.path().join("one.db")).map_or(0, |file| file.len());
        let before = size();
        for _ in 0..CHECKPOINT {
            execute(&database, "INSERT INTO rows VALUES (1)".to_owned()).await;
        }
        let begin = Instant::now();
        while size() == before {
            assert!(begin.elapsed() < Duration::from_secs(20), "the log is not copied");
            tokio::time::sleep(POLL).await;
        }
    }
}
