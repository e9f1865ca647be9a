//! A Redis server of the application's own.

use super::{Fsync, ping, torn, users::Users};
use crate::supervisor::{
    acl::{ADMIN, Logins},
    state_dir::write_private,
};
use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    sync::watch,
    task::spawn_blocking,
    time::{Instant, sleep, timeout},
};

/// How long a Redis may take to start or to stop: it reads or writes its log.
const PATIENCE: Duration = Duration::from_secs(30);

/// A Redis server of the application's own.
#[derive(Debug)]
pub struct Server {
    folder: PathBuf,
    port: u16,
    fsync: Fsync,
    admin_url: String,
    pid: AtomicU32,
    /// Its users.
    pub(super) users: Users,
}

impl Server {
    /// Chooses a port, the same as the last time if it is free, after making sure that no server of
    /// a supervisor that was killed still writes the log.
    pub async fn prepare(state_dir: &Path, logins: &Logins, fsync: Fsync) -> Result<Self> {
        let folder = state_dir.join("redis");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        stop_stale(&folder).await?;
        let free = |port: u16| {
            TcpListener::bind((Ipv4Addr::LOCALHOST, port))?
                .local_addr()
                .map(|address| address.port())
        };
        let name = folder.join("port");
        let last = fs::read_to_string(&name).ok().and_then(|text| text.trim().parse().ok());
        let port = match last.and_then(|port| free(port).ok()) {
            Some(port) => port,
            None => free(0).context("there is no free port for Redis")?,
        };
        fs::write(&name, port.to_string())
            .with_context(|| format!("cannot write {}", name.display()))?;
        let admin_url =
            format!("redis://{}127.0.0.1:{port}", logins.login(ADMIN).unwrap_or_default());
        Ok(Self { folder, port, fsync, admin_url, pid: AtomicU32::new(0), users: Users::default() })
    }

    /// `host:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A URL that may do everything.
    pub fn admin_url(&self) -> &str {
        &self.admin_url
    }

    /// Its process id while it runs.
    pub fn pid(&self) -> Option<u32> {
        Some(self.pid.load(Ordering::Relaxed)).filter(|pid| *pid != 0)
    }

    /// Starts the server with its users and waits until it answers. A log that it left torn is mended first.
    pub async fn start(&self) -> Result<Child> {
        let ended = match self.launch().await {
            Err(ended) if torn::is_why(&self.log()) => ended,
            started => return started,
        };
        crate::say!(
            Warn,
            "madang: Redis ended in the midst of a write; cutting off what it had begun ({ended:#})"
        );
        let folder = self.folder.clone();
        spawn_blocking(move || torn::mend(&folder)).await??;
        self.launch().await
    }

    /// What it has logged.
    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("redis.log")).unwrap_or_default()
    }

    async fn launch(&self) -> Result<Child> {
        let path = |name: &str| self.folder.join(name);
        write_private(&path("users.acl"), self.users.adopted().as_bytes())?;
        let mut command = Command::new("redis-server");
        command.arg("--port").arg(self.port.to_string()).args(["--bind", "127.0.0.1"]);
        command.arg("--dir").arg(&self.folder).arg("--aclfile").arg(path("users.acl"));
        command.arg("--logfile").arg(path("redis.log"));
        command.args(["--daemonize", "no", "--save", "", "--appendonly", "yes", "--appendfsync"]);
        command.arg(match self.fsync {
            Fsync::Always => "always",
            Fsync::Everysec => "everysec",
        });
        command.args(torn::REFUSED);
        // A group of its own: Ctrl-C in the terminal must reach the supervisor only, which stops
        // Redis last.
        command.stdin(Stdio::null()).stdout(Stdio::null()).process_group(0);
        let mut child = command.spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => anyhow::anyhow!(
                "redis-server is not installed: install it (Debian: apt-get install \
                 redis-server), or give a Redis \
                 by MADANG_REDIS_URL=redis://host:port"
            ),
            _ => anyhow::anyhow!("cannot start redis-server: {error}"),
        })?;
        let pid = child.id().unwrap_or_default();
        self.pid.store(pid, Ordering::Relaxed);
        fs::write(path("pid"), pid.to_string()).context("cannot write Redis's pid file")?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = child.try_wait()? {
                self.pid.store(0, Ordering::Relaxed);
                let log = self.log();
                let last = log.lines().last().unwrap_or_default();
                bail!(
                    "redis-server ended ({status}): {last} (see {})",
                    path("redis.log").display()
                );
            }
            match ping(&self.admin_url).await {
                Ok(()) => return Ok(child),
                Err(error) if Instant::now() > deadline => {
                    bail!(
                        "redis-server does not answer ({error}); see {}",
                        path("redis.log").display()
                    )
                }
                Err(_) => sleep(Duration::from_millis(5)).await,
            }
        }
    }

    /// Keeps the server alive until `stop` turns true, then stops it in order.
    pub async fn watch(&self, mut child: Child, mut stop: watch::Receiver<bool>) {
        let mut pause = Duration::from_millis(50);
        loop {
            tokio::select! {
                () = told(&mut stop) => break self.stop(child).await,
                status = child.wait() => {
                    self.pid.store(0, Ordering::Relaxed);
                    let status = match status {
                        Ok(status) => status.to_string(),
                        Err(error) => error.to_string(),
                    };
                    crate::say!(Warn, "madang: Redis ended ({status}); starting it again");
                }
            }
            loop {
                tokio::select! {
                    () = told(&mut stop) => return,
                    () = sleep(pause) => {}
                }
                match self.start().await {
                    Ok(started) => {
                        child = started;
                        break;
                    }
                    Err(error) => {
                        crate::say!(Warn, "madang: {error:#}; trying again");
                        pause = (pause * 2).min(Duration::from_secs(2));
                    }
                }
            }
        }
    }

    /// Tells the server to end. By its signal handler it flushes its log first, as with SHUTDOWN.
    pub fn terminate(&self) {
        if let Some(pid) = self.pid() {
            signal(pid, Signal::TERM);
        }
    }

    async fn stop(&self, mut child: Child) {
        self.terminate();
        if timeout(PATIENCE, child.wait()).await.is_err() {
            crate::say!(Warn, "madang: Redis did not stop in time and was killed");
            let _ = child.kill().await;
        }
        self.pid.store(0, Ordering::Relaxed);
        let _ = fs::remove_file(self.folder.join("pid"));
    }
}

/// Stops a server that a killed supervisor left behind: two on one log would ruin it.
async fn stop_stale(folder: &Path) -> Result<()> {
    let name = folder.join("pid");
    let Some(pid) = fs::read_to_string(&name).ok().and_then(|text| text.trim().parse::<u32>().ok())
    else {
        return Ok(());
    };
    // The number may belong to someone else by now; our server works in our folder.
    let is_ours = || {
        let program = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let place = fs::read_link(format!("/proc/{pid}/cwd")).ok();
        program.windows(12).any(|part| part == b"redis-server")
            && place == folder.canonicalize().ok()
    };
    if is_ours() {
        crate::say!("madang: stopping the Redis (process {pid}) that an earlier run left behind");
        signal(pid, Signal::TERM);
        let deadline = Instant::now() + PATIENCE;
        while is_ours() {
            ensure!(
                Instant::now() < deadline,
                "Redis (process {pid}) of an earlier run does not stop: kill it"
            );
            sleep(Duration::from_millis(10)).await;
        }
    }
    fs::remove_file(&name).with_context(|| format!("cannot remove {}", name.display()))
}

/// Returns when the flag is true, or no one is left who could make it so.
async fn told(flag: &mut watch::Receiver<bool>) {
    let _ = flag.wait_for(|flag| *flag).await;
}

fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid)
        .ok()
        .and_then(Pid::from_raw)
        .filter(|pid| test_kill_process(*pid).is_ok())
    {
        let _ = kill_process(pid, signal);
    }
}
