//! Rust for the WIT of `wit/`.
#![allow(missing_docs, reason = "generated; the WIT documents it")]

use super::{key_value, redis, sqlite};

wasmtime::component::bindgen!({
    path: "wit",
    world: "host",
    imports: { default: async | trappable },
    with: {
        "fermyon:spin/redis@2.0.0.connection": redis::Connection,
        "fermyon:spin/sqlite@2.0.0.connection": sqlite::Connection,
        "spin:sqlite/sqlite@3.0.0.connection": sqlite::Connection,
        "fermyon:spin/key-value@2.0.0.store": key_value::Store,
        "wasi:keyvalue/store@0.2.0-draft2.bucket": key_value::Store,
        "wasi:keyvalue/atomics@0.2.0-draft2.cas": key_value::Cas,
    },
});

/// What the Redis trigger calls.
pub mod listener {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "listener",
        exports: { default: async },
    });
}
