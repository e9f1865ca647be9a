//! A host of a test's own.

use crate::client::{Answer, Client};
use crate::host_builder::HostBuilder;
use crate::launcher::Launcher;
use crate::process::{Process, signal, tail};
use crate::procfs;
use crate::redis;
use crate::running::Running;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Longer than the host gives its workers to end.
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// Within this, a process that was killed is gone.
const KILL_LIMIT: Duration = Duration::from_secs(10);

/// A running host: `madang up`, or `spin up` where `MADANG_TEST_BACKEND` says so. It listens on a
/// free port, and all of its processes end, at once, when the value is dropped; [`Host::stop`] ends
/// them in order.
#[derive(Debug)]
pub struct Host {
    launcher: Launcher,
    process: Option<Process>,
    running: Running,
}

/// What starts an instance of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// An HTTP request.
    Http,
    /// A message on its Redis channel.
    Redis,
}

impl Host {
    /// Starts the repository's manifest with nothing changed.
    ///
    /// # Panics
    /// When it does not start.
    #[track_caller]
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// Settings to change before it is started.
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    pub(crate) fn launch(settings: HostBuilder) -> Result<Self, String> {
        let mut launcher = Launcher::new(settings)?;
        let (process, running) = launcher.start()?;
        Ok(Self { launcher, process: Some(process), running })
    }

    /// The base URL of its HTTP address, without a slash at its end. Another after a restart.
    pub fn url(&self) -> &str {
        &self.running.http
    }

    /// The HTTP address itself.
    ///
    /// # Panics
    /// When its URL has a name instead of an address, which no host of a test has.
    #[track_caller]
    pub fn address(&self) -> SocketAddr {
        let address = self.url().trim_start_matches("http://").parse();
        address.unwrap_or_else(|error| panic!("{}: {error}", self.url()))
    }

    /// The base URL of its admin port.
    ///
    /// # Panics
    /// On `spin up`, which has none: ask [`Host::has_faults`] first.
    #[track_caller]
    pub fn admin(&self) -> &str {
        self.running.admin.as_deref().expect("spin up has no admin port: ask has_faults() first")
    }

    /// A client of its HTTP address.
    pub fn client(&self) -> Client {
        Client::new(self.url())
    }

    /// Its processes and addresses now: workers that died have been replaced by others.
    ///
    /// # Panics
    /// When it does not run.
    #[track_caller]
    pub fn running(&mut self) -> Running {
        let process = self.process.as_ref().expect("the host runs");
        self.running = self.launcher.running(process).unwrap_or_else(|e| panic!("{e}"));
        self.running.clone()
    }

    /// Its state directory, with its logs.
    pub fn state_dir(&self) -> &Path {
        &self.launcher.state_dir
    }

    /// What it has printed since it was first started.
    pub fn printed(&self) -> String {
        self.launcher.printed()
    }

    /// A connection to its Redis, as a user who may do everything: for looking at the truth.
    ///
    /// # Panics
    /// When that Redis is away, or the application uses none.
    #[track_caller]
    pub fn redis(&self) -> ::redis::Connection {
        redis::connect(self.redis_url())
    }

    /// The URL of its Redis for a user who may do everything.
    ///
    /// # Panics
    /// When the application uses none.
    #[track_caller]
    pub fn redis_url(&self) -> &str {
        &self.running.redis.as_ref().expect("the application uses a Redis").admin_url
    }

    /// Whether faults can be injected. `spin up` has no means for it.
    pub fn has_faults(&self) -> bool {
        self.running.admin.is_some()
    }

    /// Takes a component down: its requests get 503, and it does not hear its channel.
    ///
    /// # Panics
    /// Like all faults: on `spin up`, and when the host refuses.
    #[track_caller]
    pub fn down(&self, component: &str) {
        self.fault(component, "down", json!({}));
    }

    /// Ends every fault of a component, which catches up at once.
    #[track_caller]
    pub fn heal(&self, component: &str) {
        self.fault(component, "heal", json!({}));
    }

    /// Holds a component's HTTP answers back by a random number of milliseconds in this range.
    #[track_caller]
    pub fn delay(&self, component: &str, milliseconds: RangeInclusive<u64>) {
        let body = json!({"minMs": milliseconds.start(), "maxMs": milliseconds.end()});
        self.fault(component, "delay", body);
    }

    /// Kills, once in each process, the next instance of a component right after its `call`-th
    /// outbound call (of Redis, HTTP, SQLite, key-value) has had its effect, before it sees the
    /// result; `call` 0 kills it before it begins. With `trigger`, only an instance that this
    /// started.
    #[track_caller]
    pub fn crash(&self, component: &str, call: u32, trigger: impl Into<Option<Trigger>>) {
        self.fault(component, "crash", crash(call, trigger.into(), false));
    }

    /// [`Host::crash`] that takes the whole process with it (`kill -9`).
    #[track_caller]
    pub fn crash_process(&self, component: &str, call: u32, trigger: impl Into<Option<Trigger>>) {
        self.fault(component, "crash", crash(call, trigger.into(), true));
    }

    /// Has it read its manifest again and replace what has changed, as `madang reload` does; gives its
    /// answer, whatever it is.
    ///
    /// # Panics
    /// On `spin up`, which cannot do it.
    #[must_use = "it may be refused"]
    #[track_caller]
    pub fn reload(&self) -> Answer {
        Client::new(self.admin()).post("/reload", json!({}))
    }

    #[track_caller]
    fn fault(&self, component: &str, fault: &str, body: Value) {
        let path = format!("/components/{component}/{fault}");
        let answer = Client::new(self.admin()).post(&path, body);
        assert!(answer.is_success(), "the host refused a fault\n{answer}");
    }

    /// Ends all of its processes at once, its Redis included (`kill -9`), as a power cut would.
    pub fn kill(&mut self) {
        if let Some(spin) = &mut self.launcher.spin {
            spin.stop_probes();
            if let Some(redis) = spin.redis() {
                redis.kill();
            }
        }
        let Some(mut process) = self.process.take() else { return };
        // Stopped first, it cannot start a new process while the others are being counted.
        signal(process.pid(), Signal::STOP);
        let children = procfs::descendants(process.pid());
        process.kill();
        for child in &children {
            signal(*child, Signal::KILL);
        }
        await_end(&children);
    }

    /// Kills its Redis (`kill -9`). `madang up` starts it again by itself; on `spin up` it stays
    /// away until [`Host::restart`].
    ///
    /// # Panics
    /// When the Redis was given: it is the giver's to kill.
    #[track_caller]
    pub fn kill_redis(&mut self) {
        if let Some(redis) = self.launcher.spin.as_mut().and_then(|spin| spin.redis()) {
            redis.kill();
            return;
        }
        let pid = self.running().redis_pid().expect("the Redis is the host's own");
        signal(pid, Signal::KILL);
        await_end(&[pid]);
    }

    /// Kills one of its processes (`kill -9`); its supervisor replaces it.
    ///
    /// # Panics
    /// When it is none of the workers and not the trigger process.
    #[track_caller]
    pub fn kill_process(&mut self, pid: u32) {
        let running = self.running();
        let is_own = running.workers.contains(&pid) || running.trigger == Some(pid);
        assert!(is_own, "{pid} is no process of {running:?}");
        signal(pid, Signal::KILL);
        await_end(&[pid]);
    }

    /// Stops it in order (SIGTERM) and waits until it has ended. It can be started again.
    ///
    /// # Panics
    /// When it does not end, ends with an error, or leaves a process behind.
    #[track_caller]
    pub fn stop(&mut self) {
        if let Some(spin) = &mut self.launcher.spin {
            spin.stop_probes();
        }
        let Some(mut process) = self.process.take() else { return };
        let children = procfs::descendants(process.pid());
        process.terminate();
        let ended = process.wait(STOP_LIMIT);
        let left: Vec<_> = children.into_iter().filter(|pid| procfs::is_alive(*pid)).collect();
        for pid in &left {
            signal(*pid, Signal::KILL);
        }
        let printed = tail(&self.printed());
        let status = ended.unwrap_or_else(|| panic!("the host does not stop\n{printed}"));
        // SIGTERM is the end of `spin up`, not something that it handles.
        if self.launcher.spin.is_none() {
            assert!(status.success(), "the host ended with {status}\n{printed}");
            assert!(left.is_empty(), "the host left processes behind: {left:?}\n{printed}");
        }
    }

    /// Starts it again with the same settings and state, on another port; stops it first if it
    /// still runs.
    ///
    /// # Panics
    /// When it does not stop, or does not start.
    #[track_caller]
    pub fn restart(&mut self) {
        self.stop();
        if let Some(redis) = self.launcher.spin.as_mut().and_then(|spin| spin.redis())
            && redis.pid().is_none()
        {
            redis.restart();
        }
        match self.launcher.start() {
            Ok((process, running)) => {
                self.process = Some(process);
                self.running = running;
            }
            Err(reason) => panic!("the host did not start again\n{reason}"),
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- the host printed:\n{}\n---", tail(&self.printed()));
        }
        self.kill();
    }
}

/// The body that asks for a crash.
fn crash(call: u32, trigger: Option<Trigger>, process: bool) -> Value {
    let mut body = json!({"call": call, "process": process});
    if let Some(trigger) = trigger {
        body["trigger"] = match trigger {
            Trigger::Http => "http".into(),
            Trigger::Redis => "redis".into(),
        };
    }
    body
}

fn await_end(pids: &[u32]) {
    let begin = Instant::now();
    while pids.iter().any(|pid| procfs::is_alive(*pid)) && begin.elapsed() < KILL_LIMIT {
        thread::sleep(Duration::from_millis(2));
    }
}
