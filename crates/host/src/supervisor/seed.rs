//! What the stores hold before the first request: `--key-value` and `--sqlite`.

use crate::{
    app::{plan::Plan, stores::SqliteDatabase},
    guest::{
        database::{Database, Databases},
        key_value::Store,
        redis_pool::Pool,
    },
};
use anyhow::{Context, Result, anyhow, ensure};
use rusqlite::{Batch, Connection, fallible_iterator::FallibleIterator};

/// The store and the database that are meant where no label is given.
const DEFAULT: &str = "default";

/// What is put into the stores at each start; a reload leaves them as they are.
#[derive(Debug, Default)]
pub struct Seed {
    /// `--key-value`: keys and values for the default store.
    pub key_values: Vec<(String, String)>,
    /// `--sqlite`: a statement for the default database, `@file` or `@file:label`.
    pub statements: Vec<String>,
}

impl Seed {
    /// Runs the statements in their order, and sets the values. Errors name the flag.
    pub async fn sow(&self, plan: &Plan) -> Result<()> {
        let databases = Databases::default();
        for text in &self.statements {
            run(text, plan, &databases).await.with_context(|| format!("--sqlite {text}"))?;
        }
        let pairs: Vec<_> = self
            .key_values
            .iter()
            .map(|(key, value)| (key.clone(), value.clone().into_bytes()))
            .collect();
        if pairs.is_empty() {
            return Ok(());
        }
        let place = &plan.key_value_stores[DEFAULT];
        let set = async {
            let pool = Pool::default();
            Store::open(DEFAULT, place, &databases, &pool).await?.set(pairs).await
        };
        set.await.map_err(|fault: String| anyhow!("--key-value: the default store: {fault}"))
    }
}

async fn run(text: &str, plan: &Plan, databases: &Databases) -> Result<()> {
    let database = |label: &str| -> Result<Database> {
        let place: &SqliteDatabase = plan.sqlite_databases.get(label).with_context(|| {
            format!(
                "the label `{label}` has no database: add [sqlite_database.{label}] to the runtime \
                 config"
            )
        })?;
        Ok(databases.get(place))
    };
    let Some(file) = text.strip_prefix('@') else {
        let statement = text.to_owned();
        let done = database(DEFAULT)?.work(move |connection| one(connection, &statement)).await;
        return done.map_err(|fault| anyhow!(fault)).and_then(|alone| {
            ensure!(alone, "only one statement is run: give several as `@file`");
            Ok(())
        });
    };
    let (file, label) = file.split_once(':').unwrap_or((file, DEFAULT));
    let (file, label) = (file.trim(), label.trim());
    ensure!(!file.is_empty() && !label.is_empty(), "write `@file` or `@file:label`");
    let database = database(label)?;
    let statements =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
    let done = database.work(move |connection| connection.execute_batch(&statements)).await;
    done.map_err(|fault| anyhow!(fault))
}

/// Runs a statement if it is the only one. Spin runs the first of several and forgets the others.
fn one(connection: &Connection, statement: &str) -> rusqlite::Result<bool> {
    let mut batch = Batch::new(connection, statement);
    let Some(mut first) = batch.next()? else { return Ok(true) };
    // The second may need what the first is to make: no reason is asked why it is not in order.
    if !matches!(batch.next(), Ok(None)) {
        return Ok(false);
    }
    let mut rows = first.query([])?;
    while rows.next()?.is_some() {}
    Ok(true)
}
