//! What must be on the machine, and how it gets there.

use crate::cargo::{self, WASM};
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

/// Installs the target where rustup alone cannot.
const INSTALL_TARGET: &str = include_str!("../install-wasm32-wasip2.sh");
/// The toolchain that it then makes.
const DEBIAN_TOOLCHAIN: &str = "debian-wasm";

/// What is ready after [`run`].
pub struct Tools {
    /// The toolchain that builds components.
    pub component: Toolchain,
}

/// A Rust toolchain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// The one that runs this command.
    Active,
    /// The one made from Debian's packages.
    Debian,
}

impl Toolchain {
    /// Its cargo.
    pub fn cargo(self) -> Command {
        match self {
            Self::Active => cargo::cargo(),
            Self::Debian => cargo::cargo_of(DEBIAN_TOOLCHAIN),
        }
    }
}

impl std::fmt::Display for Toolchain {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Self::Active => f.pad(&active_name().unwrap_or_else(|| "rustc".to_owned())),
            Self::Debian => f.pad(DEBIAN_TOOLCHAIN),
        }
    }
}

/// Makes sure of the target, and of Redis unless one is given. Only looks when both are there.
pub fn run() -> Result<Tools> {
    let component = match toolchain_with_target() {
        Some(toolchain) => toolchain,
        None => install_target()?,
    };
    if env::var_os("MADANG_REDIS_URL").is_none_or(|url| url.is_empty()) {
        redis_server()?;
    }
    Ok(Tools { component })
}

/// Makes sure of what `test` alone needs.
pub fn for_tests() -> Result<()> {
    redis_server()?;
    schemathesis()?;
    browser()?;
    axe()?;
    for (tool, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        let there = || succeeds(cargo::cargo().args([tool, "--version"]));
        if there() {
            continue;
        }
        eprintln!("Installing {component} (rustup component add)");
        let mut install = Command::new("rustup");
        install.args(["component", "add", component]);
        install.args(active_name().iter().flat_map(|name| ["--toolchain", name.as_str()]));
        // Where rustup has no server, it would try for many minutes.
        let _ = limited(&install, 90).status();
        if !there() {
            bail!(
                "`cargo {tool}` is missing and could not be installed: \
                 run `rustup component add {component}` where Rust's release server can be reached"
            );
        }
    }
    Ok(())
}

/// The rustc of the cargo that runs this command; without rustup's proxy, where it can be, which
/// takes longer to start than rustc itself.
pub fn rustc() -> OsString {
    let beside_cargo = env::var_os("CARGO")
        .map(|cargo| Path::new(&cargo).with_file_name(format!("rustc{}", env::consts::EXE_SUFFIX)))
        .filter(|path| path.is_file());
    beside_cargo.map_or("rustc".into(), PathBuf::into_os_string)
}

/// The name by which rustup knows the toolchain that runs this command.
fn active_name() -> Option<String> {
    env::var("RUSTUP_TOOLCHAIN").ok().filter(|name| !name.is_empty())
}

fn toolchain_with_target() -> Option<Toolchain> {
    if has_target(&mut Command::new(rustc())) {
        return Some(Toolchain::Active);
    }
    let mut debian = Command::new("rustup");
    debian.args(["run", DEBIAN_TOOLCHAIN, "rustc"]);
    has_target(&mut debian).then_some(Toolchain::Debian)
}

fn has_target(rustc: &mut Command) -> bool {
    let asked = rustc.args(["--print", "target-libdir", "--target", WASM]).stderr(Stdio::null());
    let Ok(output) = asked.output() else { return false };
    let directory = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let is_std = |name: &str| name.starts_with("libstd-") && name.ends_with(".rlib");
    output.status.success()
        && std::fs::read_dir(directory).is_ok_and(|mut files| {
            files.any(|file| file.is_ok_and(|f| f.file_name().to_str().is_some_and(is_std)))
        })
}

fn install_target() -> Result<Toolchain> {
    if !succeeds(Command::new("rustup").arg("--version")) {
        bail!(
            "the standard library for {WASM} is missing, and so is rustup, which installs it: \
             see https://rustup.rs"
        );
    }
    eprintln!("Installing the target {WASM} (rustup target add)");
    let toolchain = active_name().unwrap_or_else(|| "stable".to_owned());
    let status = Command::new("bash")
        .args(["-c", INSTALL_TARGET, "install-wasm32-wasip2.sh", &toolchain])
        .stdin(Stdio::null())
        .status()
        .context("bash, which the installation needs")?;
    if let Some(toolchain) = toolchain_with_target().filter(|_| status.success()) {
        return Ok(toolchain);
    }
    bail!("{WASM} could not be installed: see above, or run `rustup target add {WASM}` yourself")
}

/// Makes sure of `redis-server`, which tests and measurements start even where a Redis is given.
pub fn redis_server() -> Result<()> {
    const PACKAGE: &str = "redis-server";
    if is_on_path(PACKAGE) || (apt_get(PACKAGE) && is_on_path(PACKAGE)) {
        return Ok(());
    }
    bail!(
        "redis-server is missing: install it (Debian, Ubuntu: `sudo apt-get install redis-server`; macOS: \
         `brew install redis`); for `up`, MADANG_REDIS_URL may name another instead"
    )
}

/// Makes sure of libfaketime, by which a campaign has the host's clock jump.
pub fn faketime() -> Result<()> {
    const PACKAGE: &str = "libfaketime";
    let is_here = || {
        let folders = ["/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime"];
        folders.iter().any(|folder| Path::new(folder).join("libfaketimeMT.so.1").is_file())
    };
    if is_here() || (apt_get(PACKAGE) && is_here()) {
        return Ok(());
    }
    bail!("libfaketime is missing: install it (Debian, Ubuntu: `sudo apt-get install libfaketime`)")
}

/// Makes sure of Schemathesis in the pinned version, in an environment of its own below `target/`.
fn schemathesis() -> Result<()> {
    let folder = cargo::root().join("target/schemathesis");
    let requirements = cargo::root().join("tests/schemathesis/requirements.txt");
    let wanted =
        fs::read_to_string(&requirements).context("tests/schemathesis/requirements.txt")?;
    let installed = folder.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    eprintln!("Installing Schemathesis (PyPI) into target/schemathesis");
    let python = python()?;
    let makes = |python: &str| {
        succeeds(
            Command::new(python).args(["-m", "venv", "--clear"]).arg(&folder).stderr(Stdio::null()),
        )
    };
    let is_made = makes(python) || (apt_get("python3-venv") && makes(python));
    if !is_made {
        bail!(
            "{python} cannot make environments: install its venv module (Debian, Ubuntu: \
             `sudo apt-get install python3-venv`)"
        );
    }
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    if !succeeds(Command::new(folder.join("bin/python")).args(pip).arg(&requirements)) {
        bail!("PyPI did not give what tests/schemathesis/requirements.txt names: see above");
    }
    fs::write(installed, wanted).context("target/schemathesis/installed.txt")
}

/// Makes sure of Chromium and its driver, which the tests of the pages run, and of letters for what they say.
fn browser() -> Result<()> {
    const DRIVER: &str = "chromedriver";
    if is_on_path(DRIVER) {
        return Ok(());
    }
    if apt_get("chromium-driver") && is_on_path(DRIVER) {
        apt_get("fonts-nanum");
        return Ok(());
    }
    bail!(
        "chromedriver is missing, and maybe Chromium: install both (Debian: `sudo apt-get install chromium-driver \
         fonts-nanum`)"
    )
}

/// Makes sure of axe-core in the pinned version, below `target/`.
fn axe() -> Result<()> {
    let (folder, pinned) = (cargo::root().join("target/axe"), cargo::root().join("tests/axe"));
    let files = ["package.json", "package-lock.json"];
    let is_same = |file: &str| {
        let read = |folder: &Path| fs::read_to_string(folder.join(file)).ok();
        read(&folder).is_some_and(|installed| Some(installed) == read(&pinned))
    };
    if files.into_iter().all(is_same) && folder.join("node_modules/axe-core/axe.min.js").is_file() {
        return Ok(());
    }
    if !is_on_path("npm") && !apt_get("npm") {
        bail!("npm is missing: install it (Debian, Ubuntu: `sudo apt-get install npm`)");
    }
    eprintln!("Installing axe-core (npm) into target/axe");
    fs::create_dir_all(&folder).context("target/axe")?;
    for file in files {
        fs::copy(pinned.join(file), folder.join(file))
            .with_context(|| format!("tests/axe/{file}"))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder);
    if !succeeds(&mut npm) {
        bail!("npm did not give what tests/axe/package.json names: see above");
    }
    Ok(())
}

/// A Python that is new enough, installed where there is none.
pub fn python() -> Result<&'static str> {
    const NEW_ENOUGH: &str = "import sys; sys.exit(sys.version_info < (3, 11))";
    let is_new_enough =
        |name: &&str| succeeds(Command::new(name).args(["-c", NEW_ENOUGH]).stderr(Stdio::null()));
    let found = || ["python3", "python"].into_iter().find(is_new_enough);
    match found().or_else(|| apt_get("python3").then(found)?) {
        Some(name) => Ok(name),
        None => bail!(
            "Python 3.11 or later is missing: install it (Debian, Ubuntu: \
             `sudo apt-get install python3 python3-venv`; macOS: `brew install python`)"
        ),
    }
}

/// Installs a Debian package where that asks for nothing; whether it did.
fn apt_get(package: &str) -> bool {
    let Some(root) = becoming_root().filter(|_| is_on_path("apt-get")) else { return false };
    eprintln!("Installing {package} (apt-get)");
    let apt_get = |args: &[&str]| {
        let words = root.iter().copied().chain(["env", "DEBIAN_FRONTEND=noninteractive"]);
        let mut words = words.chain(["apt-get", "-qq"]).chain(args.iter().copied());
        let mut command = Command::new(words.next().unwrap_or_default());
        succeeds(command.args(words).stderr(Stdio::inherit()))
    };
    // The lists of a fresh machine may be absent or old; refreshing them is only tried then.
    let install = ["install", "--yes", "--no-install-recommends", package];
    apt_get(&install) || (apt_get(&["update"]) && apt_get(&install))
}

/// What a command begins with to be run as root; none where that would ask for a password.
fn becoming_root() -> Option<&'static [&'static str]> {
    if rustix::process::geteuid().is_root() {
        return Some(&[]);
    }
    succeeds(Command::new("sudo").args(["-n", "true"])).then_some(&["sudo", "-n"])
}

/// Whether a program is on the `PATH`.
pub fn is_on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

/// The same command, ended after some seconds.
fn limited(command: &Command, seconds: u32) -> Command {
    let mut limited = Command::new("timeout");
    limited.arg(seconds.to_string()).arg(command.get_program()).args(command.get_args());
    limited
}

fn succeeds(command: &mut Command) -> bool {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null());
    if silent.get_args().any(|arg| arg == "--version" || arg == "true") {
        silent.stderr(Stdio::null());
    }
    silent.status().is_ok_and(|status| status.success())
}
