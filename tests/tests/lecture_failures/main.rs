//! The failure scenarios of Lecture: a component is down, or slow, or goes up and down.

mod course;
mod gift;
mod pay;
mod turns;
