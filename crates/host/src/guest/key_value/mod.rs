//! `fermyon:spin/key-value` and `wasi:keyvalue`, in SQLite files of Spin's own layout or in Redis.

mod redis;
mod sqlite;
mod wasi;

use super::{
    bindings::{fermyon::spin2_0_0::key_value as spin, wasi::keyvalue::store::Error},
    database::Databases,
    redis_pool::Pool,
    state::State,
};
use crate::app::stores::KeyValueStore;
use wasmtime::component::Resource;

/// An open store.
#[derive(Clone)]
pub enum Store {
    /// In a SQLite file.
    Sqlite(sqlite::Store),
    /// In Redis.
    Redis(redis::Store),
}

/// A value that may be swapped if it is still the one that was read.
pub struct Cas {
    store: Store,
    key: String,
    seen: Option<Vec<u8>>,
}

type Pairs = Vec<(String, Vec<u8>)>;

impl Store {
    /// Opens the store of a label. Errors are in the words that a guest is told.
    pub async fn open(
        label: &str,
        place: &KeyValueStore,
        databases: &Databases,
        pool: &Pool,
    ) -> Result<Self, String> {
        match place {
            KeyValueStore::Sqlite(file) => {
                sqlite::Store::open(label, databases.get(file)).await.map(Self::Sqlite)
            }
            KeyValueStore::Redis(url) => redis::Store::open(url, pool).await.map(Self::Redis),
        }
    }

    async fn get(&self, key: String) -> Result<Option<Vec<u8>>, String> {
        match self {
            Self::Sqlite(store) => store.get(key).await,
            Self::Redis(store) => store.get(key).await,
        }
    }

    /// The values of those keys that there are, as in Spin.
    async fn get_many(&self, keys: Vec<String>) -> Result<Vec<(String, Option<Vec<u8>>)>, String> {
        match self {
            Self::Sqlite(store) => store.get_many(keys).await,
            Self::Redis(store) => store.get_many(keys).await,
        }
    }

    /// Sets all pairs, or none.
    pub async fn set(&self, pairs: Pairs) -> Result<(), String> {
        match self {
            Self::Sqlite(store) => store.set(pairs).await,
            Self::Redis(store) => store.set(pairs).await,
        }
    }

    async fn delete(&self, keys: Vec<String>) -> Result<(), String> {
        match self {
            Self::Sqlite(store) => store.delete(keys).await,
            Self::Redis(store) => store.delete(keys).await,
        }
    }

    async fn keys(&self) -> Result<Vec<String>, String> {
        match self {
            Self::Sqlite(store) => store.keys().await,
            Self::Redis(store) => store.keys().await,
        }
    }

    async fn increment(&self, key: String, delta: i64) -> Result<i64, String> {
        match self {
            Self::Sqlite(store) => store.increment(key, delta).await,
            Self::Redis(store) => store.increment(key, delta).await,
        }
    }

    /// Sets a value if it still is what was seen; whether it was. Unlike Spin's, a swap of an absent
    /// key has one winner.
    async fn swap(
        &self,
        key: String,
        value: Vec<u8>,
        seen: Option<Vec<u8>>,
    ) -> Result<bool, String> {
        match self {
            Self::Sqlite(store) => store.swap(key, value, seen).await,
            Self::Redis(store) => store.swap(key, value, seen).await,
        }
    }
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
        let Some(place) = host.plan.key_value_stores.get(&label) else {
            return Ok(Err(Error::NoSuchStore));
        };
        match Store::open(&label, place, &host.databases, &host.redis).await {
            Ok(store) => Ok(Ok(self.table.push(store)?)),
            Err(fault) => Ok(Err(Error::Other(fault))),
        }
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
