//! The host as a user meets it: the program, run on small components.

mod admin;
mod app;
mod bulkhead;
mod chaining;
mod console;
mod deadline;
mod files;
mod http2;
mod lifecycle;
mod limits;
mod metrics;
mod redis;
mod refusals;
mod reload;
mod serving;
mod stores;
mod systems;
mod telemetry;
mod tls;
