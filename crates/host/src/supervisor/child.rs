//! One process that runs components, as the supervisor sees it.

use crate::{
    control::{self, FromProcess, Sender, ToProcess},
    say::Format,
};
use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    os::{fd::OwnedFd, unix::net::UnixStream as StdUnixStream},
    process::Stdio,
    time::{Duration, SystemTime},
};
use tokio::{
    net::UnixStream,
    process::{Child as OsChild, Command},
    sync::mpsc,
    time::timeout,
};

/// How long draining may take before a process is killed: a little longer than the processes
/// themselves allow.
pub const DRAIN: Duration = Duration::from_secs(11);

/// A process that was started.
pub struct Child {
    /// Its number among all that the supervisor has started, from 1.
    pub life: u64,
    /// Its process id.
    pub pid: u32,
    /// What it is.
    pub name: String,
    /// Since when it runs.
    pub since: SystemTime,
    /// Whether it serves a socket, or else listens to Redis.
    pub is_worker: bool,
    sender: Sender<ToProcess>,
}

/// What happened to a process, or is due for it.
#[derive(Debug)]
pub struct Event {
    /// [`Child::life`].
    pub life: u64,
    /// What it was.
    pub kind: Kind,
}

/// See [`Event`].
#[derive(Debug)]
pub enum Kind {
    /// It said something.
    Said(FromProcess),
    /// It ended; how.
    Ended(String),
    /// It ended a while ago, and is to be replaced.
    Due,
    /// It had time enough to begin.
    Late,
    /// It had time enough to end.
    Overdue,
}

/// Where the events of all processes go.
pub type Events = mpsc::UnboundedSender<Event>;

impl Child {
    /// Starts a process and tells it `start`. One without a socket listens to Redis.
    pub async fn spawn(
        life: u64,
        name: &str,
        socket: Option<&OwnedFd>,
        start: &ToProcess,
        events: &Events,
    ) -> Result<Self> {
        let (own, theirs) = StdUnixStream::pair().context("cannot make a socket")?;
        own.set_nonblocking(true)?;
        let (mut receiver, sender) =
            control::line::<FromProcess, ToProcess>(UnixStream::from_std(own)?);
        let mut command = Command::new(super::own_program()?);
        command.arg0(format!("madang {name}"));
        match socket {
            Some(socket) => command.arg("worker").stdin(Stdio::from(socket.try_clone()?)),
            None => command.arg("trigger").stdin(Stdio::null()),
        };
        command.args(["--log-format", Format::now().name()]);
        // A group of its own: Ctrl-C in the terminal must reach the supervisor only.
        command.stdout(Stdio::from(OwnedFd::from(theirs))).process_group(0).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("cannot start a {name}"))?;
        drop(command);
        let pid = child.id().unwrap_or_default();
        let mut own = Self {
            life,
            pid,
            name: name.to_owned(),
            since: SystemTime::now(),
            is_worker: socket.is_some(),
            sender,
        };
        own.tell(start).await;
        let events = events.clone();
        tokio::spawn(async move {
            let send = |kind| events.send(Event { life, kind });
            while let Some(message) = receiver.next().await {
                let _ = send(Kind::Said(message));
            }
            let _ = send(Kind::Ended(end(&mut child).await));
        });
        Ok(own)
    }

    /// Tells the process something. Returns whether it could be told: should it be dead already, its
    /// end is an event like any other.
    pub async fn tell(&mut self, message: &ToProcess) -> bool {
        self.sender.send(message).await.is_ok()
    }

    /// Ends the process at once.
    pub fn kill(&self) {
        if let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Waits until a process that hung up has ended, and tells how.
async fn end(child: &mut OsChild) -> String {
    match timeout(DRAIN, child.wait()).await {
        Ok(Ok(status)) => status.to_string(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => {
            let _ = child.kill().await;
            "killed, it hung".to_owned()
        }
    }
}
