//! The same manifest on `spin up`.

use crate::client::Client;
use crate::host_builder::HostBuilder;
use crate::process::Process;
use crate::redis::{Redis, free_port};
use crate::running::{Running, RunningRedis};
use crate::runtime_config::Manifest;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Whether there is a `spin` to compare with.
pub fn has_spin() -> bool {
    Command::new("spin").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// What `spin up` needs around it: a Redis, and somebody who asks the components whether they are
/// ready, as Kubernetes does.
#[derive(Debug)]
pub(crate) struct SpinSide {
    redis: Option<Redis>,
    redis_url: String,
    port: u16,
    ready_paths: Vec<String>,
    probes: Option<Probes>,
}

impl SpinSide {
    pub(crate) fn new(settings: &HostBuilder) -> Result<Self, String> {
        let redis = settings.redis_url.is_none().then(Redis::start);
        let redis_url = match (&redis, &settings.redis_url) {
            (Some(own), _) => own.url(),
            (None, given) => given.clone().unwrap_or_default(),
        };
        // A manifest that cannot be read is Spin's to complain about.
        let manifest = Manifest::read(&settings.manifest);
        let ready_paths = manifest.map(|m| m.ready_paths()).unwrap_or_default();
        Ok(Self { redis, redis_url, port: free_port(), ready_paths, probes: None })
    }

    pub(crate) fn redis(&mut self) -> Option<&mut Redis> {
        self.redis.as_mut()
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn redis_address(&self) -> &str {
        self.redis_url.trim_start_matches("redis://")
    }

    pub(crate) fn command(&self, settings: &HostBuilder, config: &Path, state: &Path) -> Command {
        let mut command = Command::new("spin");
        command.arg("up").arg("--from").arg(&settings.manifest);
        command.arg("--listen").arg(format!("127.0.0.1:{}", self.port));
        command.arg("--runtime-config-file").arg(config).arg("--state-dir").arg(state);
        command.arg("--variable").arg(format!("base_url={}", self.url()));
        command.arg("--variable").arg(format!("redis_address={}", self.redis_address()));
        command
    }

    /// The running host, once it serves; from then on its components are asked for readiness.
    pub(crate) fn running(&mut self, process: &Process) -> Result<Running, String> {
        let client = Client::new(self.url());
        let health = client.send("GET", "/.well-known/spin/health", None)?;
        if !health.is_success() {
            return Err(health.to_string());
        }
        self.probes.get_or_insert_with(|| Probes::start(client, self.ready_paths.clone()));
        Ok(Running {
            pid: process.pid(),
            http: self.url(),
            admin: None,
            redis: Some(RunningRedis {
                address: self.redis_address().to_owned(),
                admin_url: self.redis_url.clone(),
                pid: self.redis.as_ref().and_then(Redis::pid),
            }),
            workers: Vec::new(),
            trigger: None,
        })
    }

    pub(crate) fn stop_probes(&mut self) {
        self.probes = None;
    }
}

/// Asks each component once a second whether it is ready.
#[derive(Debug)]
struct Probes {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Probes {
    fn start(client: Client, paths: Vec<String>) -> Self {
        const INTERVAL: Duration = Duration::from_secs(1);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                for path in &paths {
                    // A component that is not ready is asked again; the host may be gone too.
                    let _ = client.send("GET", path, None);
                }
                thread::park_timeout(INTERVAL);
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Probes {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}
