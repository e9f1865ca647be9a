//! The state folder: one supervisor at a time, and a file that tells where it is.

use crate::{app::stores::MEMORY, contexts::Context};
use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, TryLockError},
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// The folder, held by this process until it ends.
#[derive(Debug)]
pub struct StateDir {
    path: PathBuf,
    _lock: File,
}

/// `running.json`: where a running application is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Running {
    /// The supervisor's process id.
    pub pid: u32,
    /// The application's base URL.
    pub http: String,
    /// The certificate that it shows, and those that vouch for it, in PEM, where that is HTTPS.
    #[serde(default)]
    pub certificate: Option<String>,
    /// The admin port's base URL.
    pub admin: String,
    /// Its Redis, if it uses one.
    pub redis: Option<RunningRedis>,
    /// The workers' process ids.
    pub workers: Vec<u32>,
    /// The process id of the one that listens to Redis, if there is one.
    pub trigger: Option<u32>,
    /// Its components that are contexts of systems, with what their internal paths ask for.
    #[serde(default)]
    pub contexts: Vec<Context>,
}

/// The Redis of a running application.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunningRedis {
    /// `host:port`.
    pub address: String,
    /// A URL that may do everything.
    pub admin_url: String,
    /// Its process id, if the supervisor started it.
    pub pid: Option<u32>,
}

impl StateDir {
    /// Takes the folder, made if need be. Refused while another supervisor holds it.
    pub fn take(path: &Path) -> Result<Self> {
        fs::create_dir_all(path)
            .with_context(|| format!("cannot make the state folder {}", path.display()))?;
        let name = path.join("lock");
        let mut lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&name)
            .with_context(|| format!("cannot open {}", name.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                lock.read_to_string(&mut pid)?;
                bail!(
                    "the state folder {} is in use by `madang up` (process {}): stop it, or \
                     choose another with \
                     --state-dir",
                    path.display(),
                    pid.trim()
                );
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", name.display()));
            }
        }
        lock.set_len(0)?;
        lock.write_all(std::process::id().to_string().as_bytes())?;
        // Left by a supervisor that was killed.
        let _ = fs::remove_file(path.join("running.json"));
        let _ = fs::remove_dir_all(path.join(MEMORY));
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Tells where the application is.
    pub fn announce(&self, running: &Running) -> Result<()> {
        write_private(&self.path.join("running.json"), &serde_json::to_vec_pretty(running)?)
    }
}

impl Drop for StateDir {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.path.join("running.json"));
        let _ = fs::remove_dir_all(self.path.join(MEMORY));
    }
}

impl Running {
    /// Reads where the application of a state folder is.
    pub fn read(state_dir: &Path) -> Result<Self> {
        let path = state_dir.join("running.json");
        let text = fs::read(&path).with_context(|| {
            format!(
                "no application is running ({} is not there): start one with `madang up`",
                path.display()
            )
        })?;
        serde_json::from_slice(&text).with_context(|| format!("{} is not in order", path.display()))
    }
}

/// Writes a file that only this user may read, all of it or nothing.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let aside = path.with_extension("new");
    let _ = fs::remove_file(&aside);
    File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&aside)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&aside, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_taken_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let taken = StateDir::take(folder.path()).unwrap();
        let error = StateDir::take(folder.path()).unwrap_err().to_string();
        assert!(error.contains(&format!("(process {})", std::process::id())), "{error}");
        drop(taken);
        StateDir::take(folder.path()).unwrap();
    }
}
