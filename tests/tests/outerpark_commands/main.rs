//! Every command and rule of OuterPark, its internal calls, and the events that it tells.

mod events;
mod internal;
mod musicals;
mod pages;
mod reservations;

use madang_testing::Host;
use madang_tests::Shared;

/// For tests that look at nothing but what they have made themselves.
static SHARED: Shared = Shared::new(Host::start);
