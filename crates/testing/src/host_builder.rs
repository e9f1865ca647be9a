//! How a [`Host`] is to be started.

use crate::host::Host;
use std::env;
use std::path::{Path, PathBuf};

/// What runs the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// `madang up`, the embedded host.
    Madang,
    /// `spin up`, which must be on the `PATH`.
    Spin,
}

impl Backend {
    /// What `MADANG_TEST_BACKEND` names: `spin`, or `madang`, which is the default.
    ///
    /// # Panics
    /// When it names something else.
    pub fn from_env() -> Self {
        match env::var("MADANG_TEST_BACKEND").as_deref() {
            Err(_) | Ok("" | "madang") => Self::Madang,
            Ok("spin") => Self::Spin,
            Ok(other) => {
                panic!("MADANG_TEST_BACKEND is {other:?}: it may be \"madang\" or \"spin\"")
            }
        }
    }
}

/// Settings of a [`Host`] to be started. All have defaults: the repository's manifest, or the one that
/// `MADANG_TEST_MANIFEST` names, on the backend that the environment names, with a Redis, stores and
/// state of its own.
#[derive(Clone, Debug)]
pub struct HostBuilder {
    pub(crate) backend: Backend,
    pub(crate) manifest: PathBuf,
    pub(crate) runtime_config: Option<PathBuf>,
    pub(crate) state_dir: Option<PathBuf>,
    pub(crate) current_dir: Option<PathBuf>,
    pub(crate) redis_url: Option<String>,
    pub(crate) workers: Option<usize>,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) has_own_cache: bool,
}

impl Default for HostBuilder {
    fn default() -> Self {
        Self {
            backend: Backend::from_env(),
            manifest: manifest_from_env().unwrap_or_else(spin_manifest),
            runtime_config: None,
            state_dir: None,
            current_dir: None,
            redis_url: None,
            workers: None,
            variables: Vec::new(),
            args: Vec::new(),
            env: Vec::new(),
            has_own_cache: false,
        }
    }
}

impl HostBuilder {
    /// What runs the manifest, whatever the environment names.
    pub fn backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// Another manifest than the repository's.
    pub fn manifest(mut self, path: impl Into<PathBuf>) -> Self {
        self.manifest = path.into();
        self
    }

    /// A runtime config. Without one, each label of the manifest gets a store in a temporary
    /// directory, and `service_token` is [`crate::SERVICE_TOKEN`].
    pub fn runtime_config(mut self, path: impl Into<PathBuf>) -> Self {
        self.runtime_config = Some(path.into());
        self
    }

    /// A state directory that outlives the host. Without one, it is temporary.
    pub fn state_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.state_dir = Some(path.into());
        self
    }

    /// Where the host is started, instead of where the test is.
    pub fn current_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.current_dir = Some(path.into());
        self
    }

    /// A Redis that is given, like [`crate::Redis::url`]. Without one, the host has its own.
    pub fn redis_url(mut self, url: impl Into<String>) -> Self {
        self.redis_url = Some(url.into());
        self
    }

    /// How many worker processes; only `madang up` has them.
    pub fn workers(mut self, n: usize) -> Self {
        self.workers = Some(n);
        self
    }

    /// A variable's value.
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// One more argument of `up`.
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// An environment variable of the host.
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// Has it compile components into a cache of its own, instead of the one that tests share: for
    /// components that nobody else has.
    pub fn own_cache(mut self) -> Self {
        self.has_own_cache = true;
        self
    }

    /// Starts the host and waits until it serves.
    ///
    /// # Panics
    /// With all that it printed, when it does not.
    #[track_caller]
    pub fn start(self) -> Host {
        self.try_start().unwrap_or_else(|printed| panic!("the host did not start\n{printed}"))
    }

    /// Like [`HostBuilder::start`], for hosts that should refuse to start.
    ///
    /// # Errors
    /// How it ended and all that it printed.
    ///
    /// # Panics
    /// When there is no host to start, or no place for its files.
    #[track_caller]
    pub fn try_start(self) -> Result<Host, String> {
        Host::launch(self)
    }
}

/// The repository that these tests belong to.
pub fn repository() -> &'static Path {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    crates.and_then(Path::parent).expect("the repository holds crates/testing")
}

/// The manifest that `MADANG_TEST_MANIFEST` names, where the same tests are to be run on another
/// application.
pub fn manifest_from_env() -> Option<PathBuf> {
    env::var_os("MADANG_TEST_MANIFEST").filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// The repository's manifest.
pub fn spin_manifest() -> PathBuf {
    repository().join("spin.toml")
}
