//! `cargo xtask test`: what CI runs, step by step.

use crate::build;
use crate::cargo::{Packages, WASM, cargo, root};
use crate::progress::Executable;
use crate::setup::{self, Toolchain, Tools};
use anyhow::{Context, Result, bail};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The package whose tests can also be run on `spin up`.
const END_TO_END: &str = "madang-tests";

/// Runs the steps in order, up to the first that fails.
pub fn run() -> Result<()> {
    let mut steps = Steps::default();
    let tools =
        steps.run("set-up", || setup::run().and_then(|t| setup::for_tests().map(|()| t)))?;
    steps.run("rustfmt", || check(cargo().args(["fmt", "--all", "--check"]), "`cargo fmt`"))?;
    steps.run("clippy", || clippy(&tools))?;
    let tests = steps.run("build", || build::with_tests(&tools))?;
    steps.run("tests", || {
        let what = "the code or the test: the test's output is above";
        check(cargo().args(["test", "--release", "--workspace"]), what)
    })?;
    if setup::is_on_path("spin") {
        steps.run("tests on spin up", || on_spin(&tests))?;
    } else {
        println!("spin is not on the PATH: end-to-end tests on spin up skipped");
    }
    steps.summary();
    Ok(())
}

fn clippy(tools: &Tools) -> Result<()> {
    const MEND: &str = "what it points at above";
    let deny = ["--", "--deny", "warnings"];
    let mut native = cargo();
    native.args(["clippy", "--quiet", "--release", "--workspace", "--all-targets"]);
    check(native.args(deny), MEND)?;
    if tools.component == Toolchain::Debian {
        println!("clippy of the components as WebAssembly skipped: this toolchain lacks {WASM}");
        return Ok(());
    }
    let packages = Packages::read()?;
    let mut wasm = cargo();
    wasm.args(["clippy", "--quiet", "--profile", "component", "--target", WASM]);
    wasm.args(packages.components().iter().flat_map(|name| ["--package", name]));
    check(wasm.args(deny), MEND)
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

fn check(command: &mut Command, mend: &str) -> Result<()> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("{} cannot be run", command.get_program().display()))?;
    if !status.success() {
        bail!("mend it with {mend}");
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
            println!("{name:>20} {:>8.1} s", time.as_secs_f64());
        }
        let total: Duration = self.done.iter().map(|(_, time)| *time).sum();
        println!("{:>20} {:>8.1} s", "total", total.as_secs_f64());
    }
}
