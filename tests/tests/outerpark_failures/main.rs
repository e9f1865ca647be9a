//! The failure scenarios of OuterPark: a component is down, or slow, or wanted by all; what is told to
//! people does not get there.

mod crowds;
mod messages;
mod musical;
mod payment;
