//! What the end-to-end tests share: BookRent as a client uses it, the truth behind it, and steps at
//! which its components are killed.

mod bookrent;
mod channel;
mod kill;
mod log;
mod problem;
mod shared;
mod truth;

pub use bookrent::{BookRent, SETTLING};
pub use channel::Channel;
pub use kill::{Step, kill_at_each_step, kills};
pub use log::Entry;
pub use problem::{errors, problem};
pub use shared::Shared;
