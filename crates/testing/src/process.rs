//! A process that a test started, with what it printed.

use crate::guard::Guard;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A child process whose output goes to a file.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
    _guard: Guard,
}

impl Process {
    /// Starts it, appending both its outputs to `log`, a file in the temporary directory in which
    /// it works. If this process is gone before it, it is ended with the signal `at_last`, and the
    /// directory is removed.
    pub(crate) fn spawn(command: &mut Command, log: &Path, at_last: &str) -> io::Result<Self> {
        let output = File::options().create(true).append(true).open(log)?;
        let mut child =
            command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).spawn()?;
        let dir = log.parent().unwrap_or(log);
        match Guard::over(child.id(), at_last, dir) {
            Ok(guard) => Ok(Self { child, log: log.to_owned(), _guard: guard }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self, within: Duration) -> Option<ExitStatus> {
        let begin = Instant::now();
        loop {
            match self.ended() {
                Some(status) => return Some(status),
                None if begin.elapsed() > within => return None,
                None => thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        signal(self.pid(), Signal::TERM);
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// What it has printed so far.
    pub(crate) fn printed(&self) -> String {
        fs::read(&self.log).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends a signal; a process that is gone already is no error.
pub(crate) fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// The last lines of a log, enough to see what went wrong.
pub(crate) fn tail(text: &str) -> String {
    const LINES: usize = 200;
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
