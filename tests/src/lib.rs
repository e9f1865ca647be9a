//! What the end-to-end tests share: steps at which BookRent's components are killed, its channel, and
//! its errors.

mod channel;
mod kill;
pub mod outerpark;
mod problem;
mod shared;

pub use channel::Channel;
pub use kill::{Step, kill_at_each_step, kills};
pub use problem::{errors, problem};
pub use shared::Shared;

pub use madang_testing::bookrent::{BookRent, Entry, SETTLING};
