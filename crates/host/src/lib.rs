//! The embedded Spin-compatible host
