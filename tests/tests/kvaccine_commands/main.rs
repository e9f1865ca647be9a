//! Every command and rule of K-Vaccine, its internal calls, and the events that it tells.

mod cancel;
mod dates;
mod events;
mod inject;
mod internal;
mod lists;
mod reserve;
mod stock;

use madang_tests::{Shared, kvaccine};

/// For tests that look at nothing but what they have made themselves.
static SHARED: Shared = Shared::new(|| kvaccine::settings().start());
