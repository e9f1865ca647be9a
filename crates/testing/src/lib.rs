//! What tests stand on: a [`Redis`] and a [`Host`] of one's own, a [`Client`] that hides no status,
//! and [`eventually`] where a test has to wait.
//!
//! Everything blocks, so that a test reads from top to bottom. Everything that is started listens on
//! a free port, writes to a temporary directory, and is gone when its value is dropped, after a
//! panic too, and at the latest when the test's process is gone; what it printed is shown when the
//! test failed.
//!
//! ```no_run
//! use madang_testing::{Host, eventually};
//! use serde_json::json;
//! use std::time::Duration;
//!
//! let host = Host::start();
//! let client = host.client();
//! client.post("/bookrent/books", json!({"title": "Madang", "status": true})).expect(201);
//! let rent = json!({"bookId": 1, "userId": 1, "address": "Seoul"});
//! client.post("/bookrent/rents", rent).expect(201);
//! eventually(Duration::from_secs(10), || {
//!     let view = client.get("/bookrent/views/1").expect(200).json();
//!     (view["deliveryStatus"] == "Delivery Started").then_some(())
//! });
//! ```

pub mod bookrent;
pub mod browser;
mod client;
pub mod collector;
mod guard;
mod host;
mod host_builder;
pub mod kvaccine;
mod launcher;
pub mod lecture;
pub mod load;
pub mod log;
pub mod outerpark;
mod process;
pub mod procfs;
pub mod professor;
mod redis;
mod repeat;
mod running;
mod runtime_config;
mod spin;
pub mod system;
pub mod usage;
mod wait;

pub use client::{Answer, Body, Client};
pub use host::{Host, Trigger};
pub use host_builder::{Backend, HostBuilder, manifest_from_env, repository, spin_manifest};
pub use redis::Redis;
pub use repeat::{tell_again, without_leases};
pub use running::{Running, RunningRedis};
pub use runtime_config::SERVICE_TOKEN;
pub use spin::has_spin;
pub use wait::{Attempt, eventually, in_parallel};
