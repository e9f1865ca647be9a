//! The commands for who runs an application: what its processes are, what components say, and what
//! stands in the logs of its systems.

pub mod dead_letters;
pub mod events;
pub mod logs;
pub mod ps;

use crate::{
    contexts::{Context, systems},
    say::suggestion,
};
use anyhow::{Context as _, Result, bail};
use clap::Args;
use std::{
    error::Error,
    fmt,
    io::{self, Write},
    path::PathBuf,
};

/// Which application is meant.
#[derive(Debug, Args)]
pub struct Target {
    /// The state folder of the running application.
    #[arg(long, default_value = ".madang")]
    pub state_dir: PathBuf,
}

/// Whoever read standard output has closed it: that is no failure.
#[derive(Debug)]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("nobody reads standard output any more")
    }
}

impl Error for Closed {}

/// Writes to standard output.
pub fn print(bytes: impl AsRef<[u8]>) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes.as_ref()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Closed.into()),
        written => written.context("cannot write to standard output"),
    }
}

/// Refuses a system that there is not.
fn check_system(system: &str, contexts: &[Context]) -> Result<()> {
    let known = systems(contexts);
    if known.is_empty() {
        bail!(
            "the application has no systems: none of its components has a `ready` path \
             /<system>/-/<context>/health/ready"
        );
    }
    if !known.contains(&system) {
        let near = suggestion(system, known.iter().copied());
        bail!("there is no system `{system}`{near}; there are: {}", known.join(", "));
    }
    Ok(())
}
