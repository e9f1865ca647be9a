//! The host as a user meets it: the program, run on small components.

mod admin;
mod app;
mod bulkhead;
mod console;
mod deadline;
mod lifecycle;
mod metrics;
mod redis;
mod refusals;
mod reload;
mod serving;
mod systems;
