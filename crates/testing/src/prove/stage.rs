//! Where a campaign plays: a Redis and the hosts on it, which are killed and come back.

use crate::crowd::Doors;
use madang_testing::kvaccine;
use madang_testing::{Backend, Host, HostBuilder, Redis, repository};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, thread};

/// The worker processes of each host.
pub const WORKERS: usize = 2;

/// A Redis and the hosts on it.
#[derive(Debug)]
pub struct Stage {
    /// The Redis, which is the campaign's own to kill.
    pub redis: Redis,
    /// The hosts.
    pub hosts: Vec<Host>,
    /// Where clients find them.
    pub doors: Arc<Doors>,
    keep: PathBuf,
    is_kept: bool,
}

/// A host as campaigns start it.
pub fn settings() -> HostBuilder {
    // A campaign asks more of one address than a person does, and for many things at once.
    kvaccine::settings().backend(Backend::Madang).workers(WORKERS)
}

impl Stage {
    /// So many hosts, with these settings, on a Redis. What they hold is kept in the folder of this name
    /// where something was found to be wrong.
    ///
    /// # Panics
    /// When they do not start.
    #[track_caller]
    pub fn open(name: &str, redis: Redis, hosts: usize, settings: HostBuilder) -> Self {
        let hosts = (0..hosts).map(|_| settings.clone().redis_url(redis.url()).start()).collect();
        let keep = repository().join("target/prove").join(name);
        let stage = Self { redis, hosts, doors: Arc::default(), keep, is_kept: false };
        (0..stage.hosts.len()).for_each(|host| stage.open_door(host));
        stage
    }

    /// Lets clients in to a host, as it runs now.
    pub fn open_door(&self, host: usize) {
        self.doors.set(host, Some(self.hosts[host].url().to_owned()));
    }

    /// Kills a host, all of its processes at once (`kill -9`), with whatever it has under way.
    pub fn kill(&mut self, host: usize) {
        self.hosts[host].kill();
        self.doors.set(host, None);
    }

    /// Starts a host that was killed again.
    ///
    /// # Panics
    /// When it does not start.
    #[track_caller]
    pub fn restart(&mut self, host: usize) {
        self.hosts[host].restart();
        self.open_door(host);
    }

    /// Has everything be kept that the stage holds; where.
    pub fn keep(&mut self) -> &Path {
        self.is_kept = true;
        &self.keep
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !self.is_kept && !thread::panicking() {
            return;
        }
        let _ = fs::remove_dir_all(&self.keep);
        copy(self.redis.dir(), &self.keep.join("redis"));
        for (number, host) in self.hosts.iter().enumerate() {
            let folder = self.keep.join(format!("host-{number}"));
            copy(host.state_dir(), &folder);
            let _ = fs::write(folder.join("host.log"), host.printed());
        }
        eprintln!("What it held is in {}", self.keep.display());
    }
}

/// Copies what can be copied, without compiled components.
fn copy(from: &Path, to: &Path) {
    let _ = fs::create_dir_all(to);
    for entry in fs::read_dir(from).into_iter().flatten().flatten() {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() && entry.file_name() != "cache" {
            copy(&path, &to);
        } else if path.is_file() {
            let _ = fs::copy(&path, &to);
        }
    }
}
