//! The failure scenarios of K-Vaccine: a component is down, or slow, or wanted by all.

mod crowd;
mod dates;
mod hospital;
mod restart;
