//! What a bounded context is built on
