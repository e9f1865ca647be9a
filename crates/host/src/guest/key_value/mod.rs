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
    seen: Seen,
}

type Pairs = Vec<(String, Vec<u8>)>;
/// The value that a swap is to find.
type Seen = Option<Vec<u8>>;

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
    async fn swap(&self, key: String, value: Vec<u8>, seen: Seen) -> Result<bool, String> {
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

    /// A store, for an operation of Spin's name for it.
    fn store(&mut self, store: &Resource<Store>, operation: &str) -> wasmtime::Result<Store> {
        let store = self.table.get(store)?.clone();
        self.operation = self.call(operation);
        Ok(store)
    }

    /// Counts the call, and gives the result the guest's kind of error.
    async fn done<T, E>(
        &mut self,
        result: Result<T, String>,
        error: fn(String) -> E,
    ) -> wasmtime::Result<Result<T, E>> {
        if let Some(span) = self.operation.take() {
            span.ended(&result);
        }
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
        let result = self.store(&store, "spin_key_value.get")?.get(key).await;
        self.done(result, spin::Error::Other).await
    }

    async fn set(
        &mut self,
        store: Resource<Store>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), spin::Error>> {
        let result = self.store(&store, "spin_key_value.set")?.set(vec![(key, value)]).await;
        self.done(result, spin::Error::Other).await
    }

    async fn delete(
        &mut self,
        store: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<(), spin::Error>> {
        let result = self.store(&store, "spin_key_value.delete")?.delete(vec![key]).await;
        self.done(result, spin::Error::Other).await
    }

    async fn exists(
        &mut self,
        store: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<bool, spin::Error>> {
        let result = self
            .store(&store, "spin_key_value.exists")?
            .get(key)
            .await
            .map(|value| value.is_some());
        self.done(result, spin::Error::Other).await
    }

    async fn get_keys(
        &mut self,
        store: Resource<Store>,
    ) -> wasmtime::Result<Result<Vec<String>, spin::Error>> {
        let result = self.store(&store, "spin_key_value.get_keys")?.keys().await;
        self.done(result, spin::Error::Other).await
    }

    async fn drop(&mut self, store: Resource<Store>) -> wasmtime::Result<()> {
        self.table.delete(store)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::stores::SqliteDatabase;
    use madang_testing::Redis;

    async fn is_a_store(place: KeyValueStore) -> Result<(), String> {
        let (databases, pool) = (Databases::default(), Pool::default());
        let store = Store::open("default", &place, &databases, &pool).await?;
        let text = |text: &str| text.to_owned();
        let bytes = |text: &str| text.as_bytes().to_vec();

        store.set(vec![(text("a"), bytes("1")), (text("b"), bytes(""))]).await?;
        store.set(Vec::new()).await?;
        assert_eq!(store.get(text("a")).await?, Some(bytes("1")), "{place:?}");
        assert_eq!(store.get(text("none")).await?, None);
        let many = store.get_many(vec![text("b"), text("none"), text("a")]).await?;
        assert_eq!(many, [(text("b"), Some(bytes(""))), (text("a"), Some(bytes("1")))]);
        assert_eq!(store.get_many(Vec::new()).await?, []);

        assert_eq!(store.increment(text("n"), 5).await?, 5);
        assert_eq!(store.increment(text("n"), -7).await?, -2);
        store.set(vec![(text("word"), bytes("word"))]).await?;
        assert!(store.increment(text("word"), 1).await.is_err());

        // A swap of what is not there has one winner, and one of what has changed has none.
        assert!(store.swap(text("c"), bytes("x"), None).await?);
        assert!(!store.swap(text("c"), bytes("y"), None).await?);
        assert!(!store.swap(text("c"), bytes("y"), Some(bytes("z"))).await?);
        assert!(store.swap(text("c"), bytes("y"), Some(bytes("x"))).await?);
        assert!(!store.swap(text("none"), bytes("y"), Some(bytes(""))).await?);
        assert_eq!(store.get(text("c")).await?, Some(bytes("y")));

        store.delete(vec![text("a"), text("none")]).await?;
        store.delete(Vec::new()).await?;
        let mut keys = store.keys().await?;
        keys.sort();
        assert_eq!(keys, ["b", "c", "n", "word"]);
        Ok(())
    }

    #[tokio::test]
    async fn a_file_is_a_store() {
        let folder = tempfile::tempdir().unwrap();
        let file = SqliteDatabase::alone(folder.path().join("a.db"));
        is_a_store(KeyValueStore::Sqlite(file)).await.unwrap();
    }

    #[tokio::test]
    async fn redis_is_a_store() {
        let server = Redis::start();
        is_a_store(KeyValueStore::Redis(server.url())).await.unwrap();
    }

    #[tokio::test]
    async fn a_server_that_is_away_is_said_to_be() {
        let place = KeyValueStore::Redis("redis://127.0.0.1:1".to_owned());
        let (databases, pool) = (Databases::default(), Pool::default());
        let opened = Store::open("default", &place, &databases, &pool).await;
        assert!(opened.err().unwrap().contains("Connection refused"));
    }
}
