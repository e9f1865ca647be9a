//! `fermyon:spin/key-value` and `wasi:keyvalue`, in SQLite files of Spin's own layout.

mod wasi;

use super::{
    bindings::{fermyon::spin2_0_0::key_value as spin, wasi::keyvalue::store::Error},
    database::{Database, LARGEST_RESULT},
    state::State,
};
use rusqlite::{Connection, OptionalExtension, params};
use wasmtime::component::Resource;

const CREATE: &str = "CREATE TABLE IF NOT EXISTS spin_key_value \
                      (store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, \
                      PRIMARY KEY (store, key))";
const GET: &str = "SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2";
const SET: &str = "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3) \
                   ON CONFLICT (store, key) DO UPDATE SET value = ?3";
const DELETE: &str = "DELETE FROM spin_key_value WHERE store = ?1 AND key = ?2";
const KEYS: &str = "SELECT key FROM spin_key_value WHERE store = ?1";
// Unlike Spin's, a swap of an absent key has one winner.
const CREATE_VALUE: &str =
    "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
const SWAP: &str =
    "UPDATE spin_key_value SET value = ?3 WHERE store = ?1 AND key = ?2 AND value = ?4";

/// An open store.
#[derive(Clone)]
pub struct Store {
    label: String,
    database: Database,
}

/// A value that may be swapped if it is still the one that was read.
pub struct Cas {
    store: Store,
    key: String,
    seen: Option<Vec<u8>>,
}

type Pairs = Vec<(String, Vec<u8>)>;

impl Store {
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection, &str) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let label = self.label.clone();
        self.database.work(move |connection| work(connection, &label)).await
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Connection, &str) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let label = self.label.clone();
        self.database.quick_write(move |connection| work(connection, &label)).await
    }

    async fn get(&self, key: String) -> Result<Option<Vec<u8>>, String> {
        let label = self.label.clone();
        self.database.quick(move |connection| get(connection, &label, &key)).await
    }

    async fn set(&self, pairs: Pairs) -> Result<(), String> {
        self.write(move |connection, label| {
            let transaction = connection.transaction()?;
            for (key, value) in &pairs {
                transaction.prepare_cached(SET)?.execute(params![label, key, value])?;
            }
            transaction.commit()
        })
        .await
    }

    async fn delete(&self, keys: Vec<String>) -> Result<(), String> {
        self.write(move |connection, label| {
            let transaction = connection.transaction()?;
            for key in &keys {
                transaction.prepare_cached(DELETE)?.execute(params![label, key])?;
            }
            transaction.commit()
        })
        .await
    }

    async fn keys(&self) -> Result<Vec<String>, String> {
        self.work(|connection, label| {
            let mut size = 0;
            connection
                .prepare_cached(KEYS)?
                .query_map([label], |row| {
                    let key: String = row.get(0)?;
                    size += size_of::<String>() + key.len();
                    if size > LARGEST_RESULT {
                        let text = format!("query result exceeds limit of {LARGEST_RESULT} bytes");
                        return Err(rusqlite::Error::ToSqlConversionFailure(text.into()));
                    }
                    Ok(key)
                })?
                .collect()
        })
        .await
    }

    /// Adds to a number kept as eight little-endian bytes, Spin's way.
    async fn increment(&self, key: String, delta: i64) -> Result<i64, String> {
        let sum = self.write(move |connection, label| {
            let transaction =
                connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let number = match get(&transaction, label, &key)? {
                None => Some(0),
                Some(bytes) => bytes.try_into().ok().map(i64::from_le_bytes),
            };
            let Some(sum) = number.and_then(|number| number.checked_add(delta)) else {
                return Ok(None);
            };
            transaction.prepare_cached(SET)?.execute(params![label, key, sum.to_le_bytes()])?;
            transaction.commit()?;
            Ok(Some(sum))
        });
        sum.await?.ok_or_else(|| "the value is not a number that can be incremented".to_owned())
    }
}

fn get(connection: &Connection, label: &str, key: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection.prepare_cached(GET)?.query_row([label, key], |row| row.get(0)).optional()
}

impl State {
    /// Opens a store, or says why not: granted or not comes first, as in Spin.
    async fn open_store(
        &mut self,
        label: String,
    ) -> wasmtime::Result<Result<Resource<Store>, Error>> {
        if !self.guest().plan.key_value_stores.contains(&label) {
            return Ok(Err(Error::AccessDenied));
        }
        let host = self.host();
        let Some(path) = host.plan.key_value_stores.get(&label) else {
            return Ok(Err(Error::NoSuchStore));
        };
        let store = Store { label, database: host.databases.get(path) };
        if let Err(fault) = store.database.prepare(CREATE).await {
            return Ok(Err(Error::Other(fault)));
        }
        Ok(Ok(self.table.push(store)?))
    }

    fn store(&self, store: &Resource<Store>) -> wasmtime::Result<Store> {
        Ok(self.table.get(store)?.clone())
    }

    /// Counts the call, and gives the result the guest's kind of error.
    async fn done<T, E>(
        &mut self,
        result: Result<T, String>,
        error: fn(String) -> E,
    ) -> wasmtime::Result<Result<T, E>> {
        self.performed().await;
        Ok(result.map_err(error))
    }
}

impl spin::Host for State {}

impl spin::HostStore for State {
    async fn open(
        &mut self,
        label: String,
    ) -> wasmtime::Result<Result<Resource<Store>, spin::Error>> {
        Ok(self.open_store(label).await?.map_err(|error| match error {
            Error::AccessDenied => spin::Error::AccessDenied,
            Error::NoSuchStore => spin::Error::NoSuchStore,
            Error::Other(text) => spin::Error::Other(text),
        }))
    }

    async fn get(
        &mut self,
        store: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, spin::Error>> {
        let result = self.store(&store)?.get(key).await;
        self.done(result, spin::Error::Other).await
    }

    async fn set(
        &mut self,
        store: Resource<Store>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), spin::Error>> {
        let result = self.store(&store)?.set(vec![(key, value)]).await;
        self.done(result, spin::Error::Other).await
    }

    async fn delete(
        &mut self,
        store: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<(), spin::Error>> {
        let result = self.store(&store)?.delete(vec![key]).await;
        self.done(result, spin::Error::Other).await
    }

    async fn exists(
        &mut self,
        store: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<bool, spin::Error>> {
        let result = self.store(&store)?.get(key).await.map(|value| value.is_some());
        self.done(result, spin::Error::Other).await
    }

    async fn get_keys(
        &mut self,
        store: Resource<Store>,
    ) -> wasmtime::Result<Result<Vec<String>, spin::Error>> {
        let result = self.store(&store)?.keys().await;
        self.done(result, spin::Error::Other).await
    }

    async fn drop(&mut self, store: Resource<Store>) -> wasmtime::Result<()> {
        self.table.delete(store)?;
        Ok(())
    }
}
