//! The host as a user meets it: the program, run on small components.

mod admin;
mod app;
mod bulkhead;
mod chaining;
mod deadline;
mod files;
mod lifecycle;
mod redis;
mod refusals;
mod reload;
mod serving;
mod stores;
mod tls;
