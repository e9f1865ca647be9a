//! All contexts in one crate, as `build.rs` puts them together.

// Typed calls, which nobody makes here, and unit tests of theirs.
#![allow(dead_code, unused_imports, unused_macros, missing_docs, clippy::all)]

include!(concat!(env!("OUT_DIR"), "/contexts.rs"));
