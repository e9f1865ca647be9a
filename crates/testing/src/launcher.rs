//! Starting a host's processes, the first time and again.

use crate::host_builder::{Backend, HostBuilder};
use crate::process::{Process, tail};
use crate::running::Running;
use crate::runtime_config::Manifest;
use crate::spin::SpinSide;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs, thread};
use tempfile::TempDir;

/// Longer than compiling every component takes on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(120);

/// What stays the same from one start of a host to the next.
#[derive(Debug)]
pub(crate) struct Launcher {
    pub(crate) settings: HostBuilder,
    pub(crate) state_dir: PathBuf,
    pub(crate) spin: Option<SpinSide>,
    runtime_config: PathBuf,
    dir: TempDir,
}

impl Launcher {
    pub(crate) fn new(settings: HostBuilder) -> Result<Self, String> {
        let dir = tempfile::Builder::new().prefix("madang-host-").tempdir().expect("temp dir");
        let state_dir = settings.state_dir.clone().unwrap_or_else(|| dir.path().join("state"));
        fs::create_dir_all(&state_dir).map_err(|e| format!("{}: {e}", state_dir.display()))?;
        let runtime_config = match &settings.runtime_config {
            Some(given) => given.clone(),
            None => generate_runtime_config(&settings.manifest, dir.path(), &state_dir)?,
        };
        let spin = match settings.backend {
            Backend::Spin => Some(SpinSide::new(&settings)?),
            Backend::Madang => None,
        };
        Ok(Self { settings, state_dir, spin, runtime_config, dir })
    }

    /// Starts the host and waits until it serves.
    pub(crate) fn start(&mut self) -> Result<(Process, Running), String> {
        let mut command = self.command()?;
        let program = command.get_program().to_owned();
        let mut process = Process::spawn(&mut command, &self.log(), "TERM")
            .map_err(|error| format!("{}: {error}", Path::new(&program).display()))?;
        let begin = Instant::now();
        loop {
            let not_yet = match self.running(&process) {
                Ok(running) => return Ok((process, running)),
                Err(reason) => reason,
            };
            if let Some(status) = process.ended() {
                return Err(format!("it ended with {status}\n{}", tail(&self.printed())));
            }
            if begin.elapsed() > START_LIMIT {
                let printed = tail(&self.printed());
                return Err(format!("it does not serve: {not_yet}\n{printed}"));
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("host.log")
    }

    /// What the host has printed, in all of its starts.
    pub(crate) fn printed(&self) -> String {
        fs::read(self.log()).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default()
    }

    /// The host as it runs now, if it is this process that serves.
    pub(crate) fn running(&mut self, process: &Process) -> Result<Running, String> {
        if let Some(spin) = &mut self.spin {
            return spin.running(process);
        }
        let running = Running::read(&self.state_dir)?;
        if running.pid != process.pid() {
            // Left over by one that was killed.
            return Err(format!("running.json is of process {}", running.pid));
        }
        Ok(running)
    }

    fn command(&self) -> Result<Command, String> {
        let settings = &self.settings;
        let mut command = match &self.spin {
            Some(spin) => spin.command(settings, &self.runtime_config, &self.state_dir),
            None => self.madang_command()?,
        };
        for (name, value) in &settings.variables {
            command.arg("--variable").arg(format!("{name}={value}"));
        }
        // What a developer has set for a host of their own must not reach a test's.
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if ["MADANG_", "SPIN_", "OTEL_"].iter().any(|prefix| text.starts_with(prefix)) {
                command.env_remove(&name);
            }
        }
        if let Some(path) = &settings.current_dir {
            command.current_dir(path);
        }
        command.args(&settings.args).envs(settings.env.iter().map(|(n, v)| (n, v)));
        Ok(command)
    }

    fn madang_command(&self) -> Result<Command, String> {
        let madang = madang()?;
        if !self.settings.has_own_cache {
            self.share_compiled_components(&madang);
        }
        let mut command = Command::new(madang);
        command.arg("up").arg("--from").arg(&self.settings.manifest);
        command.args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
        command.arg("--runtime-config-file").arg(&self.runtime_config);
        command.arg("--state-dir").arg(&self.state_dir);
        // Tests read what it says as people do.
        command.args(["--log-format", "pretty"]);
        if let Some(n) = self.settings.workers {
            command.arg("--workers").arg(n.to_string());
        }
        if let Some(url) = &self.settings.redis_url {
            command.arg("--redis-url").arg(url);
        }
        Ok(command)
    }

    /// Lets every test's host use the same cache, for compiling takes longer than most tests. Its
    /// files are named by what they hold and put in place whole, so sharing them is safe; where it
    /// cannot be shared, the host compiles for itself.
    fn share_compiled_components(&self, madang: &Path) {
        let shared = madang.with_file_name("madang-test-cache");
        if fs::create_dir_all(&shared).is_ok() {
            #[cfg(unix)]
            let _ = std::os::unix::fs::symlink(shared, self.state_dir.join("cache"));
        }
    }
}

/// The host's binary. Cargo puts it in the directory of other binaries, the one above the tests'.
fn madang() -> Result<PathBuf, String> {
    let test = env::current_exe().map_err(|e| format!("this executable has no path: {e}"))?;
    let name = format!("madang{}", env::consts::EXE_SUFFIX);
    let mut places = test.ancestors().skip(1).take(2).map(|dir| dir.join(&name));
    places.find(|path| path.is_file()).ok_or_else(|| {
        "no `madang` beside this test: run `cargo xtask test`, which builds it".to_owned()
    })
}

fn generate_runtime_config(manifest: &Path, dir: &Path, state: &Path) -> Result<PathBuf, String> {
    let path = dir.join("runtime-config.toml");
    let stores = state.join("stores");
    // A manifest that cannot be read is the host's to complain about: tests look at how it does.
    let config = Manifest::read(manifest).map(|m| m.runtime_config(&stores)).unwrap_or_default();
    fs::create_dir_all(&stores)
        .and_then(|()| fs::write(&path, config))
        .map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(path)
}
