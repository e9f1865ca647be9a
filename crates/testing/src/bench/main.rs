//! Madang, measured.
fn main() {}
