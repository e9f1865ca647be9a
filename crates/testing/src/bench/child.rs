//! A server that is measured beside the host: this program again, in a process of its own.

use crate::args::What;
use anyhow::{Context, Result};
use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

/// One that serves. Dropped, it ends.
pub struct Served {
    child: Child,
    /// Where it serves.
    pub address: SocketAddr,
}

impl Served {
    /// Starts one, which prints where it serves.
    pub fn start(what: What, environment: &[(&str, &str)]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(what.name()).envs(environment.iter().copied());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let address = line.trim().parse();
        let address =
            address.with_context(|| format!("the server `{}` does not serve", what.name()))?;
        Ok(Self { child, address })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Waits until who has started this process closes its input, as it does when it ends, too.
pub fn wait_for_end() {
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
