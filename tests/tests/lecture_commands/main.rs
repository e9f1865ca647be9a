//! Every command and rule of Lecture, its internal calls, the events that it tells, and what can only be
//! read.

mod classes;
mod courses;
mod events;
mod internal;
mod pages;

use madang_testing::Host;
use madang_tests::Shared;

/// For tests that look at nothing but what they have made themselves.
static SHARED: Shared = Shared::new(Host::start);
