//! Components at work: compiled code, instances, and what instances may import.

pub mod admission;
pub mod bindings;
pub mod bulkhead;
pub mod call;
pub mod code;
pub mod database;
pub mod deadline;
pub mod engine;
pub mod failure;
pub mod faults;
pub mod http;
pub mod journal;
pub mod key_value;
pub mod link;
pub mod logs;
pub mod meter;
pub mod redis;
pub mod redis_pool;
pub mod slices;
pub mod sockets;
pub mod sqlite;
pub mod state;
pub mod variables;
