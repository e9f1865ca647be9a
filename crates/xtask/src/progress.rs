//! One progress bar over all that is built; plain lines where there is no terminal.

use anyhow::{Context, Result, bail};
use console::strip_ansi_codes;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often a line tells where a build is when there is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(15);

/// Shows how far building is.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar for this many packages.
    pub fn new(packages: usize) -> Self {
        let bar = ProgressBar::new(packages as u64);
        let style = "{spinner:.green} {prefix:.bold} [{bar:30.green}] {pos}/{len} {elapsed} {wide_msg:.dim}";
        bar.set_style(
            ProgressStyle::with_template(style)
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("━━─"),
        );
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self { bar }
    }

    /// Runs a cargo build, and gives back the executables that it made. `packages` says how many
    /// packages it was counted with.
    pub fn run(&self, step: &str, packages: usize, mut build: Command) -> Result<Vec<Executable>> {
        let (begin, first) = (Instant::now(), self.bar.position());
        self.bar.set_prefix(step.to_owned());
        let color = if console::colors_enabled_stderr() { "always" } else { "never" };
        build.args(["--message-format", "json-render-diagnostics", "--color", color]);
        let mut cargo = build
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} cannot be run", build.get_program().display()))?;

        let stderr = cargo.stderr.take().context("cargo's errors")?;
        let told = thread::spawn({
            let bar = self.bar.clone();
            move || tell(&bar, stderr)
        });
        let stdout = BufReader::new(cargo.stdout.take().context("cargo's messages")?);
        let made = self.follow(step, packages, stdout)?;
        let _ = told.join();
        if !cargo.wait()?.success() {
            self.bar.abandon();
            bail!("building the {step} failed: see above");
        }
        self.bar.set_position(first + packages as u64);
        if self.bar.is_hidden() && made.compiled > 0 {
            let seconds = begin.elapsed().as_secs_f64();
            eprintln!("Built the {step} ({} packages) in {seconds:.1} s", made.compiled);
        }
        Ok(made.executables)
    }

    /// Follows what cargo has finished.
    fn follow(&self, step: &str, packages: usize, messages: impl BufRead) -> Result<Made> {
        let (mut seen, mut made, mut last) = (HashSet::new(), Made::default(), Instant::now());
        for line in messages.lines() {
            let line = line?;
            let Ok(Message { package_id, target, fresh, executable, .. }) =
                serde_json::from_str::<Message>(&line)
            else {
                continue;
            };
            if target.kind.iter().any(|kind| kind == "custom-build") {
                continue;
            }
            if let Some(path) = executable {
                made.executables.push(Executable { package_id: package_id.clone(), path });
            }
            if seen.insert(package_id) {
                made.compiled += usize::from(!fresh);
                if seen.len() <= packages {
                    self.bar.inc(1);
                }
            }
            if self.bar.is_hidden() && last.elapsed() > LINE_INTERVAL {
                last = Instant::now();
                let about = packages.max(seen.len());
                eprintln!("Building the {step}: {} of about {about} packages", seen.len());
            }
        }
        Ok(made)
    }

    /// Takes the bar away.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}

/// An executable that cargo made.
pub struct Executable {
    /// The package that it belongs to.
    pub package_id: String,
    /// Where it is.
    pub path: PathBuf,
}

#[derive(Default)]
struct Made {
    executables: Vec<Executable>,
    compiled: usize,
}

/// A `compiler-artifact` message of cargo; others lack a field of it.
#[derive(Deserialize)]
struct Message {
    package_id: String,
    target: Target,
    fresh: bool,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
}

/// Shows what cargo is at in the bar, and all else that it says, warnings and errors, above it.
fn tell(bar: &ProgressBar, stderr: impl std::io::Read) {
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        match status(&strip_ansi_codes(&line)) {
            Some(status) => bar.set_message(status),
            None if bar.is_hidden() => eprintln!("{line}"),
            None => bar.println(line),
        }
    }
}

/// What cargo is at, like "Compiling serde v1.0.0", if a line tells that: then its first word ends
/// at the 12th column.
fn status(line: &str) -> Option<String> {
    const WORDS: [&str; 10] = [
        "Adding",
        "Blocking",
        "Building",
        "Checking",
        "Compiling",
        "Downloaded",
        "Downloading",
        "Finished",
        "Locking",
        "Updating",
    ];
    let words = line.trim_start();
    let (first, rest) = words.split_once(' ')?;
    let is_status = line.len() - words.len() + first.len() == 12 && WORDS.contains(&first);
    // Where a package of the repository lies is no news.
    let rest = rest.split(" (").next().unwrap_or_default();
    is_status.then(|| format!("{first} {rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_is_at_is_told_from_what_it_says() {
        let compiling = status("   Compiling madang-host v0.1.0 (/somewhere)");
        assert_eq!(compiling.as_deref(), Some("Compiling madang-host v0.1.0"));
        let blocking = status("    Blocking waiting for file lock on build directory");
        assert_eq!(blocking.as_deref(), Some("Blocking waiting for file lock on build directory"));
        assert_eq!(status("error[E0599]: no method"), None);
        assert_eq!(status("Compiling this failed"), None);
        assert_eq!(status(""), None);
    }

    #[test]
    fn packages_count_once_and_build_scripts_not_at_all() {
        let messages = r#"
{"reason":"compiler-artifact","package_id":"a","target":{"kind":["custom-build"]},"fresh":false,"executable":null}
{"reason":"build-script-executed","package_id":"a"}
{"reason":"compiler-artifact","package_id":"a","target":{"kind":["lib"]},"fresh":false,"executable":null}
{"reason":"compiler-artifact","package_id":"a","target":{"kind":["bin"]},"fresh":false,"executable":"/a"}
{"reason":"compiler-artifact","package_id":"b","target":{"kind":["lib"]},"fresh":true,"executable":null}
{"reason":"build-finished","success":true}
"#;
        let progress = Progress { bar: ProgressBar::hidden() };
        let made = progress.follow("host", 9, messages.as_bytes()).unwrap();
        assert_eq!((progress.bar.position(), made.compiled, made.executables.len()), (2, 1, 1));
    }
}
