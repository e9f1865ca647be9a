//! `cargo xtask test`: what CI runs, step by step.

use crate::cargo::{self, Packages, WASM, cargo, root, select};
use crate::example::{self, Example};
use crate::progress::Executable;
use crate::setup::{self, Toolchain, Tools};
use crate::{build, prove, testing};
use anyhow::{Context, Result, bail};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What the ids of the package have in them whose tests can also be run on `spin up`.
const END_TO_END: &str = "#madang-tests@";

/// Runs the steps in order, up to the first that fails.
pub fn run() -> Result<()> {
    let mut steps = Steps::default();
    let tools =
        steps.run("set-up", || setup::run().and_then(|t| setup::for_tests().map(|()| t)))?;
    steps.run("rustfmt", || {
        check(cargo().args(["fmt", "--all", "--check"]), "it with `cargo fmt`")
    })?;
    let packages = Packages::read()?;
    steps.run("clippy", || clippy(&tools, &packages))?;
    let tests = steps.run("build", || build::with_tests(&tools, &packages))?;
    steps.run("tests of the components", || test(&packages.guests()))?;
    steps.run("tests of the host and of the whole", || test(&packages.natives()))?;
    if setup::is_on_path("spin") {
        steps.run("tests on spin up", || on_spin(&tests))?;
    } else {
        println!("spin is not on the PATH: end-to-end tests on spin up skipped");
    }
    // It runs the platform's own scripts, so it has to change with them.
    steps.run("alert in Python", || example::run(Example::AlertPython, false))?;
    steps.run("fault drills", || {
        let mut drills = Command::new(cargo::binary(testing::DRILL.name));
        check(drills.arg("--all"), "what the tables above say is not ok")
    })?;
    steps.run("what the campaigns need", || prove::prepare(&tools, None))?;
    steps.run("fault campaigns", || {
        let mut campaigns = Command::new(cargo::binary(testing::PROVE.name));
        check(&mut campaigns, "what the lines above call wrong; they say how to see it again")
    })?;
    steps.summary();
    Ok(())
}

fn clippy(tools: &Tools, packages: &Packages) -> Result<()> {
    let clippy = |options: &[&str], names: &[&str]| {
        let mut command = cargo();
        select(command.args(["clippy", "--quiet"]).args(options), names);
        check(command.args(["--", "--deny", "warnings"]), "what clippy points at above")
    };
    let native = ["--release", "--all-targets"];
    clippy(&native, &packages.natives())?;
    clippy(&native, &packages.guests())?;
    if tools.component == Toolchain::Debian {
        println!("The components as WebAssembly are not checked: clippy's toolchain lacks {WASM}");
        return Ok(());
    }
    clippy(&["--profile", "component", "--target", WASM], &packages.guests())
}

fn test(packages: &[&str]) -> Result<()> {
    let mut command = cargo();
    select(command.args(["test", "--release", "--no-fail-fast"]), packages);
    check(&mut command, "the code or the test: what the test said is above")
}

/// Runs the end-to-end tests again, as they were built, on `spin up`.
fn on_spin(tests: &[Executable]) -> Result<()> {
    for test in tests.iter().filter(|test| test.package_id.contains(END_TO_END)) {
        let mut command = Command::new(&test.path);
        command.current_dir(root().join("tests")).env("MADANG_TEST_BACKEND", "spin");
        check(&mut command, "what differs between Spin and the embedded host")?;
    }
    Ok(())
}

/// Runs a step's command.
pub fn check(command: &mut Command, mend: &str) -> Result<()> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("{} cannot be run", command.get_program().display()))?;
    if !status.success() {
        bail!("mend {mend}");
    }
    Ok(())
}

/// What was done, and how long each part took.
#[derive(Default)]
struct Steps {
    done: Vec<(&'static str, Duration)>,
}

impl Steps {
    fn run<T>(&mut self, name: &'static str, step: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("==> {name}");
        let begin = Instant::now();
        let result = step();
        self.done.push((name, begin.elapsed()));
        result.with_context(|| format!("the step `{name}` failed"))
    }

    fn summary(&self) {
        println!("\nAll of it passed:");
        for (name, time) in &self.done {
            println!("{name:>35} {:>8.1} s", time.as_secs_f64());
        }
        let total: Duration = self.done.iter().map(|(_, time)| *time).sum();
        println!("{:>35} {:>8.1} s", "total", total.as_secs_f64());
    }
}
