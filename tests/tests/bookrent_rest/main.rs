//! REST as the specification has it, on the collections of BookRent.

mod cors;
mod idempotency;
mod items;
mod methods;
mod pages;
mod preconditions;
mod refusals;
mod searches;

use madang_testing::Host;
use madang_tests::Shared;

/// For tests that look at nothing but what they have made themselves.
static SHARED: Shared = Shared::new(Host::start);
