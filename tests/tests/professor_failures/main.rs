//! The failure scenarios of professor: a component is down, or slow, or all but one are.

mod confirmations;
mod slow;
mod standing;
