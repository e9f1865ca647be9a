//! `cargo xtask up`: builds, starts the host, and says how to try it.

use crate::{build, cargo, setup};
use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::fs;
use std::io::Write as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::thread;
use std::time::Duration;

/// Builds what has changed and serves until it is told to stop; gives back the host's exit code.
pub fn run(args: &[String]) -> Result<ExitCode> {
    build::run(&setup::run()?)?;
    // From here on a signal is the host's to handle: it stops all in order, this command after it.
    let signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    let mut host = start(args)?;
    forward(signals, host.id());
    let status = match wait_for(&mut host, &state_dir(args))? {
        Started::Serving(running) => {
            greet(&running, option(args, &["--from", "-f"]).is_none());
            host.wait()?
        }
        Started::Ended(status) => status,
    };
    Ok(exit_code(status))
}

fn start(args: &[String]) -> Result<Child> {
    let madang = cargo::binary("madang");
    let mut command = Command::new(&madang);
    command.arg("up").current_dir(cargo::root());
    if option(args, &["--runtime-config-file"]).is_none() {
        command.args(["--runtime-config-file", "runtime-config.toml"]);
    }
    // In a process group of its own, the host gets each signal once: from here, and not from the
    // terminal as well, where a second Ctrl-C means "at once".
    command.args(args).process_group(0);
    command.spawn().with_context(|| madang.display().to_string())
}

/// Passes each signal on, for as long as this process lives.
fn forward(mut signals: Signals, host: u32) {
    thread::spawn(move || {
        for signal in signals.forever() {
            let signal = if signal == SIGINT { Signal::INT } else { Signal::TERM };
            if let Some(pid) = i32::try_from(host).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, signal);
            }
        }
    });
}

enum Started {
    Serving(Running),
    Ended(ExitStatus),
}

/// What the host writes down about itself once it serves.
#[derive(Deserialize)]
struct Running {
    pid: u32,
    http: String,
    admin: String,
    redis: RunningRedis,
}

#[derive(Deserialize)]
struct RunningRedis {
    address: String,
}

fn wait_for(host: &mut Child, state_dir: &Path) -> Result<Started> {
    let path = state_dir.join("running.json");
    loop {
        let running = fs::read(&path).ok();
        let running = running.and_then(|text| serde_json::from_slice::<Running>(&text).ok());
        // Another's is left over from a host that was killed.
        if let Some(running) = running.filter(|running| running.pid == host.id()) {
            return Ok(Started::Serving(running));
        }
        if let Some(status) = host.try_wait()? {
            return Ok(Started::Ended(status));
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn greet(Running { http, admin, redis, .. }: &Running, is_own_manifest: bool) {
    let mut text = format!("\n  HTTP   {http}\n  admin  {admin}\n  Redis  {}\n", redis.address);
    if is_own_manifest {
        let curl = "curl -H 'content-type: application/json'";
        let book = r#"{"title":"Madang","status":true}"#;
        let rent = r#"{"bookId":1,"userId":1,"address":"Seoul"}"#;
        text += &format!(
            "\nOpen {http} in a browser; or register a book, rent it, and look at the view of the rent:\n  \
             {curl} -d '{book}' {http}/bookrent/books\n  \
             {curl} -d '{rent}' {http}/bookrent/rents\n  \
             curl '{http}/bookrent/views/search/findByRentId?rentId=1'\n"
        );
    }
    text += "\nCtrl-C stops it.\n";
    // Whoever has closed the other end does not want to read; the host serves on.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Where the host keeps its state: `.madang` next to the manifest, unless it is told otherwise.
fn state_dir(args: &[String]) -> PathBuf {
    let root = cargo::root();
    if let Some(given) = option(args, &["--state-dir"]) {
        return root.join(given);
    }
    let manifest = root.join(option(args, &["--from", "-f"]).unwrap_or("spin.toml"));
    let folder = if manifest.is_dir() { Some(manifest.as_path()) } else { manifest.parent() };
    folder.unwrap_or(&root).join(".madang")
}

/// The value of an option among arguments, as `--name value`, `--name=value` or `-nvalue`.
fn option<'a>(args: &'a [String], names: &[&str]) -> Option<&'a str> {
    args.iter().enumerate().find_map(|(i, arg)| {
        names.iter().find_map(|name| match arg.strip_prefix(name)? {
            "" => args.get(i + 1).map(String::as_str),
            rest if name.starts_with("--") => rest.strip_prefix('='),
            rest => Some(rest),
        })
    })
}

/// The host's own exit code; that of a signal as shells give it.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn options_are_found_however_they_are_written() {
        let names = ["--from", "-f"];
        for line in ["--quiet --from a/b", "--from=a/b", "-f a/b --quiet", "-fa/b"] {
            assert_eq!(option(&args(line), &names), Some("a/b"), "{line}");
        }
        for line in ["", "--from-registry a/b", "--quiet", "--from"] {
            assert_eq!(option(&args(line), &names), None, "{line}");
        }
    }

    #[test]
    fn state_is_next_to_the_manifest_unless_told_otherwise() {
        let root = cargo::root();
        assert_eq!(state_dir(&[]), root.join(".madang"));
        assert_eq!(state_dir(&args("--from crates/spin.toml")), root.join("crates/.madang"));
        assert_eq!(state_dir(&args("--from crates")), root.join("crates/.madang"));
        assert_eq!(state_dir(&args("--state-dir=/tmp/state")), Path::new("/tmp/state"));
    }
}
