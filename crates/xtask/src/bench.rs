//! `cargo xtask bench`: builds and runs `madang-bench`, so that those who never measure do not
//! compile a load generator.

use crate::{build, cargo, setup};
use anyhow::{Context, Result};
use std::process::{Command, ExitCode};

/// Measures, and passes on how that ended.
pub fn run(short: bool) -> Result<ExitCode> {
    let tools = setup::run()?;
    setup::redis_server()?;
    build::with_native(&tools, &["madang-host", "madang-testing"])?;
    let bench = cargo::binary("madang-bench");
    let status = Command::new(&bench)
        .args(short.then_some("--short"))
        .status()
        .with_context(|| bench.display().to_string())?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
