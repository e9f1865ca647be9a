//! A log of Redis that ends in the midst of a write, since the server was killed or the power went.
//!
//! A commit is a transaction there. Redis would drop the command that is there in part and go on behind the others
//! of its transaction, so that at its next start what has been written since is read as a part of it, and some of
//! that is lost (7.0.15 does; Valkey mended it in 2026, valkey-io/valkey#4342). Hence it is told not to load such a
//! log, and its own tool cuts the whole transaction off, which nobody was told had been done.

use anyhow::{Context, Result, ensure};
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

/// Has the server refuse such a log.
pub const REFUSED: [&str; 2] = ["--aof-load-truncated", "no"];

/// Whether that is why a server ended, by its own log.
pub fn is_why(log: &str) -> bool {
    let mut last = log.lines().rev().take(3);
    last.any(|line| line.contains("Unexpected end of file reading the append only file"))
}

/// Cuts the end off.
///
/// # Errors
/// Where `redis-check-aof` is missing, or finds more at fault than the end.
pub fn mend(folder: &Path) -> Result<()> {
    // Before Redis 7 it was one file.
    let parts = folder.join("appendonlydir/appendonly.aof.manifest");
    let log = if parts.exists() { parts } else { folder.join("appendonly.aof") };
    let command = format!("redis-check-aof --fix {}", log.display());
    let mut tool = Command::new("redis-check-aof")
        .arg("--fix")
        .arg(&log)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| {
            format!("Redis' log has to be mended by `{command}`, which cannot be run")
        })?;
    if let Some(mut answers) = tool.stdin.take() {
        answers.write_all(b"y\n").with_context(|| command.clone())?;
    }
    let output = tool.wait_with_output().with_context(|| command.clone())?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "`{command}`: {}", said.lines().last().unwrap_or_default());
    Ok(())
}
