//! An application before it runs: what its files say, checked and resolved.

pub mod chaining;
pub mod files;
pub mod grants;
pub mod manifest;
pub mod parse;
pub mod plan;
pub mod routes;
pub mod runtime_config;
pub mod stores;
pub mod template;
pub mod tls;
pub mod variables;
