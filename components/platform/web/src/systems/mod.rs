//! The five systems, as their pages know them.

mod bookrent;
mod kvaccine;
mod lecture;
mod outerpark;
mod professor;

use crate::model::System;

/// All of them.
pub(crate) static SYSTEMS: [&System; 5] = [
    &bookrent::SYSTEM,
    &outerpark::SYSTEM,
    &kvaccine::SYSTEM,
    &professor::SYSTEM,
    &lecture::SYSTEM,
];

/// A system by its name.
pub(crate) fn named(name: &str) -> Option<&'static System> {
    SYSTEMS.into_iter().find(|system| system.name == name)
}
