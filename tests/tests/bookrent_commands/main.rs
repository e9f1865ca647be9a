//! Every command and rule of BookRent, its internal calls, and the events that it tells.

mod books;
mod events;
mod internal;
mod rents;

use madang_testing::Host;
use madang_tests::Shared;

/// For tests that look at nothing but what they have made themselves.
static SHARED: Shared = Shared::new(Host::start);
