//! The embedded Spin-compatible host, `madang`.
//!
//! `madang up` is a supervisor: it reads the application ([`app`]), compiles its components, starts
//! Redis if none is given, and keeps one worker process per core and one process for the Redis
//! triggers alive ([`supervisor`], [`process`]). Those run the components ([`guest`]). Nothing is
//! shared between processes but files, sockets and Redis, so that a dead one is simply replaced.

pub mod app;
mod breakers;
pub mod cli;
mod client;
mod commands;
pub mod contexts;
pub mod control;
mod flags;
pub mod guest;
pub mod problem;
pub mod process;
pub mod say;
mod seldom;
pub mod supervisor;
mod table;
pub mod telemetry;
