//! What a bounded context is built on: commits that are whole, a log that forgets nothing, consumers
//! that handle each event once and in order, REST as its clients know it, and the harness that its
//! rules are tested with.
//!
//! A context brings three files: `domain.rs` (pure), `policies.rs` (or `views.rs`), and `lib.rs`, where
//! a [`Definition`] says what is where. Everything else is here.

pub mod aggregate;
mod breaker;
pub mod call;
pub mod consumer;
pub mod context;
pub mod date;
mod deadline;
pub mod env;
pub mod error;
pub mod event;
pub mod fetch;
pub mod health;
pub mod http;
mod index;
mod journal;
pub mod json;
pub mod keyvalue;
pub mod message;
mod pack;
pub mod problem;
pub mod redis;
pub mod rest;
mod sabotage;
pub mod site;
mod span;
pub mod spec;
pub mod spin;
pub mod trace;
pub mod view;
pub mod work;
pub mod world;

pub use aggregate::{Aggregate, Decision};
pub use consumer::Policies;
pub use context::{Context, Definition};
pub use env::Env;
pub use error::{Error, Rejection, id_from_one, text_within};
pub use rest::action::Answer;
pub use rest::collection::Collection;
pub use rest::private::holds_shape;
pub use serde_json::Value;
pub use site::Site;
pub use view::{Change, View};
pub use work::Work;

#[doc(hidden)]
pub use {spin_sdk, wasi, wit_bindgen};
