//! Where a running host is reached: what `madang up` writes to `running.json`.

use serde::Deserialize;
use std::path::Path;

/// A running host's addresses and processes.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Running {
    /// The supervisor.
    pub pid: u32,
    /// The base URL, without a slash at its end.
    pub http: String,
    /// The base URL of the admin port; none on `spin up`.
    pub admin: Option<String>,
    /// The Redis it uses, if its application needs one.
    pub redis: Option<RunningRedis>,
    /// The worker processes.
    #[serde(default)]
    pub workers: Vec<u32>,
    /// The process of the Redis triggers.
    pub trigger: Option<u32>,
}

/// The Redis of a running host.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct RunningRedis {
    /// `host:port`.
    pub address: String,
    /// A URL whose user may do everything.
    pub admin_url: String,
    /// Its process, when the host started it.
    pub pid: Option<u32>,
}

impl Running {
    /// The process of its Redis, when the host started it.
    pub fn redis_pid(&self) -> Option<u32> {
        self.redis.as_ref().and_then(|redis| redis.pid)
    }

    /// Reads `running.json` of a state directory.
    ///
    /// # Errors
    /// The file and what is wrong with it; it is absent while the host does not serve.
    pub fn read(state_dir: &Path) -> Result<Self, String> {
        let path = state_dir.join("running.json");
        let text =
            std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
    }
}
