//! `fermyon:spin/key-value` and `wasi:keyvalue`, in SQLite files of Spin's own layout.

use super::{
    bindings::{
        fermyon::spin2_0_0::key_value as spin,
        wasi::keyvalue::{atomics, batch, store as wasi},
    },
    database::{Database, LARGEST_RESULT},
    state::State,
};
use rusqlite::{Connection, OptionalExtension, params};
use wasmtime::component::Resource;

const CREATE: &str = "CREATE TABLE IF NOT EXISTS spin_key_value (store TEXT NOT NULL, key TEXT NOT NULL, \
                      value BLOB NOT NULL, PRIMARY KEY (store, key))";
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

    async fn get(&self, key: String) -> Result<Option<Vec<u8>>, String> {
        self.work(move |connection, label| get(connection, label, &key)).await
    }

    async fn set(&self, pairs: Pairs) -> Result<(), String> {
        self.work(move |connection, label| {
            let transaction = connection.transaction()?;
            for (key, value) in &pairs {
                transaction.prepare_cached(SET)?.execute(params![label, key, value])?;
            }
            transaction.commit()
        })
        .await
    }

    async fn delete(&self, keys: Vec<String>) -> Result<(), String> {
        self.work(move |connection, label| {
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
        let sum = self.work(move |connection, label| {
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
    ) -> wasmtime::Result<Result<Resource<Store>, wasi::Error>> {
        if !self.guest().plan.key_value_stores.contains(&label) {
            return Ok(Err(wasi::Error::AccessDenied));
        }
        let host = self.host();
        let Some(path) = host.plan.key_value_stores.get(&label) else {
            return Ok(Err(wasi::Error::NoSuchStore));
        };
        let store = Store { label, database: host.databases.get(path) };
        if let Err(fault) = store.work(|connection, _| connection.execute(CREATE, [])).await {
            return Ok(Err(wasi::Error::Other(fault)));
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
            wasi::Error::AccessDenied => spin::Error::AccessDenied,
            wasi::Error::NoSuchStore => spin::Error::NoSuchStore,
            wasi::Error::Other(text) => spin::Error::Other(text),
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

impl wasi::Host for State {
    async fn open(
        &mut self,
        identifier: String,
    ) -> wasmtime::Result<Result<Resource<Store>, wasi::Error>> {
        self.open_store(identifier).await
    }
}

impl wasi::HostBucket for State {
    async fn get(
        &mut self,
        bucket: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, wasi::Error>> {
        let result = self.store(&bucket)?.get(key).await;
        self.done(result, wasi::Error::Other).await
    }

    async fn set(
        &mut self,
        bucket: Resource<Store>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), wasi::Error>> {
        let result = self.store(&bucket)?.set(vec![(key, value)]).await;
        self.done(result, wasi::Error::Other).await
    }

    async fn delete(
        &mut self,
        bucket: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<(), wasi::Error>> {
        let result = self.store(&bucket)?.delete(vec![key]).await;
        self.done(result, wasi::Error::Other).await
    }

    async fn exists(
        &mut self,
        bucket: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<bool, wasi::Error>> {
        let result = self.store(&bucket)?.get(key).await.map(|value| value.is_some());
        self.done(result, wasi::Error::Other).await
    }

    async fn list_keys(
        &mut self,
        bucket: Resource<Store>,
        cursor: Option<String>,
    ) -> wasmtime::Result<Result<wasi::KeyResponse, wasi::Error>> {
        if cursor.is_some() {
            return Ok(Err(wasi::Error::Other("list_keys: cursor not supported".to_owned())));
        }
        let result = self.store(&bucket)?.keys().await;
        self.done(result.map(|keys| wasi::KeyResponse { keys, cursor: None }), wasi::Error::Other)
            .await
    }

    async fn drop(&mut self, bucket: Resource<Store>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl batch::Host for State {
    async fn get_many(
        &mut self,
        bucket: Resource<Store>,
        keys: Vec<String>,
    ) -> wasmtime::Result<Result<Vec<(String, Option<Vec<u8>>)>, wasi::Error>> {
        let result = self
            .store(&bucket)?
            .work(move |connection, label| {
                // As in Spin, keys that are not there are not in the answer.
                keys.into_iter()
                    .filter_map(|key| match get(connection, label, &key) {
                        Ok(None) => None,
                        Ok(value) => Some(Ok((key, value))),
                        Err(error) => Some(Err(error)),
                    })
                    .collect()
            })
            .await;
        self.done(result, wasi::Error::Other).await
    }

    async fn set_many(
        &mut self,
        bucket: Resource<Store>,
        pairs: Pairs,
    ) -> wasmtime::Result<Result<(), wasi::Error>> {
        let result = self.store(&bucket)?.set(pairs).await;
        self.done(result, wasi::Error::Other).await
    }

    async fn delete_many(
        &mut self,
        bucket: Resource<Store>,
        keys: Vec<String>,
    ) -> wasmtime::Result<Result<(), wasi::Error>> {
        let result = self.store(&bucket)?.delete(keys).await;
        self.done(result, wasi::Error::Other).await
    }
}

impl atomics::Host for State {
    async fn increment(
        &mut self,
        bucket: Resource<Store>,
        key: String,
        delta: i64,
    ) -> wasmtime::Result<Result<i64, wasi::Error>> {
        let result = self.store(&bucket)?.increment(key, delta).await;
        self.done(result, wasi::Error::Other).await
    }

    async fn swap(
        &mut self,
        cas: Resource<Cas>,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), atomics::CasError>> {
        let Cas { store, key, seen } = self.table.delete(cas)?;
        let name = key.clone();
        let swapped = store
            .work(move |connection, label| match seen {
                Some(seen) => {
                    connection.prepare_cached(SWAP)?.execute(params![label, name, value, seen])
                }
                None => {
                    connection.prepare_cached(CREATE_VALUE)?.execute(params![label, name, value])
                }
            })
            .await;
        let present = match swapped {
            Ok(0) => store.get(key.clone()).await.map(Some),
            Ok(_) => Ok(None),
            Err(fault) => Err(fault),
        };
        self.performed().await;
        Ok(match present {
            Ok(None) => Ok(()),
            Ok(Some(seen)) => {
                Err(atomics::CasError::CasFailed(self.table.push(Cas { store, key, seen })?))
            }
            Err(fault) => Err(atomics::CasError::StoreError(wasi::Error::Other(fault))),
        })
    }
}

impl atomics::HostCas for State {
    async fn new(
        &mut self,
        bucket: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<Resource<Cas>, wasi::Error>> {
        let store = self.store(&bucket)?;
        Ok(Ok(self.table.push(Cas { store, key, seen: None })?))
    }

    async fn current(
        &mut self,
        cas: Resource<Cas>,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, wasi::Error>> {
        let Cas { store, key, .. } = self.table.get(&cas)?;
        let result = store.get(key.clone()).await;
        if let Ok(value) = &result {
            self.table.get_mut(&cas)?.seen.clone_from(value);
        }
        self.done(result, wasi::Error::Other).await
    }

    async fn drop(&mut self, cas: Resource<Cas>) -> wasmtime::Result<()> {
        self.table.delete(cas)?;
        Ok(())
    }
}
