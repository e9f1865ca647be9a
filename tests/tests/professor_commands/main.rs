//! Every command and rule of professor, its internal calls, and the events that it tells.

mod applyments;
mod courses;
mod evaluations;
mod events;
mod internal;
mod pages;

use madang_testing::Host;
use madang_tests::Shared;

/// For tests that look at nothing but what they have made themselves.
static SHARED: Shared = Shared::new(Host::start);
