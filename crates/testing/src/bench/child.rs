//! A server that is measured beside the host: a program in a process of its own.

use crate::args::{What, name};
use anyhow::{Context, Result};
use std::{
    io::{self, BufRead, BufReader, Read},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    thread,
};

/// One that serves. Dropped, it ends.
pub struct Served {
    child: Child,
    /// Where it serves.
    pub address: SocketAddr,
}

impl Served {
    /// Starts this program again as one of its servers.
    pub fn start(what: What) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(name(what));
        Self::started(&mut command)
    }

    /// Starts one, which prints where it serves, and ends when its input does.
    pub fn started(command: &mut Command) -> Result<Self> {
        let name = command.get_program().display().to_string();
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.with_context(|| format!("{name} cannot be started"))?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            let mut output = BufReader::new(output);
            output.read_line(&mut line)?;
            // It may print on, which fails where nobody reads.
            thread::spawn(move || io::copy(&mut output, &mut io::sink()));
        }
        let address = line.trim().parse().with_context(|| format!("{name} does not serve"))?;
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
