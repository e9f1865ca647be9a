//! `wasi:keyvalue`.

use super::{Cas, Pairs, Store};
use crate::guest::{
    bindings::wasi::keyvalue::{atomics, batch, store as wasi},
    state::State,
};
use wasmtime::component::Resource;

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
        let result = self.store(&bucket, "wasi_key_value.get")?.get(key).await;
        self.done(result, wasi::Error::Other).await
    }

    async fn set(
        &mut self,
        bucket: Resource<Store>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), wasi::Error>> {
        let result = self.store(&bucket, "wasi_key_value.set")?.set(vec![(key, value)]).await;
        self.done(result, wasi::Error::Other).await
    }

    async fn delete(
        &mut self,
        bucket: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<(), wasi::Error>> {
        let result = self.store(&bucket, "wasi_key_value.delete")?.delete(vec![key]).await;
        self.done(result, wasi::Error::Other).await
    }

    async fn exists(
        &mut self,
        bucket: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<bool, wasi::Error>> {
        let result = self
            .store(&bucket, "wasi_key_value.exists")?
            .get(key)
            .await
            .map(|value| value.is_some());
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
        let result = self.store(&bucket, "wasi_key_value.list_keys")?.keys().await;
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
        let result = self.store(&bucket, "spin_key_value.get_many")?.get_many(keys).await;
        self.done(result, wasi::Error::Other).await
    }

    async fn set_many(
        &mut self,
        bucket: Resource<Store>,
        pairs: Pairs,
    ) -> wasmtime::Result<Result<(), wasi::Error>> {
        let result = self.store(&bucket, "spin_key_value.set_many")?.set(pairs).await;
        self.done(result, wasi::Error::Other).await
    }

    async fn delete_many(
        &mut self,
        bucket: Resource<Store>,
        keys: Vec<String>,
    ) -> wasmtime::Result<Result<(), wasi::Error>> {
        let result = self.store(&bucket, "spin_key_value.delete_many")?.delete(keys).await;
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
        let result = self.store(&bucket, "spin_key_value.increment")?.increment(key, delta).await;
        self.done(result, wasi::Error::Other).await
    }

    async fn swap(
        &mut self,
        cas: Resource<Cas>,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), atomics::CasError>> {
        let Cas { store, key, seen } = self.table.delete(cas)?;
        let span = self.call("spin_key_value.swap");
        let present = match store.swap(key.clone(), value, seen).await {
            Ok(false) => store.get(key.clone()).await.map(Some),
            Ok(true) => Ok(None),
            Err(fault) => Err(fault),
        };
        if let Some(span) = span {
            span.ended(&present);
        }
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
        let store = self.table.get(&bucket)?.clone();
        Ok(Ok(self.table.push(Cas { store, key, seen: None })?))
    }

    async fn current(
        &mut self,
        cas: Resource<Cas>,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, wasi::Error>> {
        self.operation = self.call("wasi_key_value_cas.current");
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
