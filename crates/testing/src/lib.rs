//! Test support: a Redis, a host, a client
