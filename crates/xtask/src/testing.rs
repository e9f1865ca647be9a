//! `cargo xtask bench` and `cargo xtask drill`: build and run binaries of `madang-testing`, so that
//! those who neither measure nor drill do not compile a load generator.

use crate::{build, cargo, setup};
use anyhow::{Context, Result};
use std::process::{Command, ExitCode};

/// Measures, beside targets.
pub const BENCH: &str = "madang-bench";
/// Breaks something under load, and compares what is seen with what is expected.
pub const DRILL: &str = "madang-drill";

/// Builds all that is needed, runs one of the binaries with these arguments, and passes on how that
/// ended.
pub fn run(binary: &str, args: &[&str]) -> Result<ExitCode> {
    let tools = setup::run()?;
    setup::redis_server()?;
    build::with_native(&tools, &["madang-host", "madang-testing"])?;
    let path = cargo::binary(binary);
    let status = Command::new(&path).args(args).status();
    let status = status.with_context(|| path.display().to_string())?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
