//! Building what `up`, `test` and `bench` run.

use crate::cargo::{Packages, WASM, cargo};
use crate::progress::{Executable, Progress};
use crate::setup::Tools;
use anyhow::Result;
use std::process::Command;

/// Builds the components and the host.
pub fn run(tools: &Tools) -> Result<()> {
    with_native(tools, &["madang-host"])
}

/// Builds the components and the binaries of native packages.
pub fn with_native(tools: &Tools, packages: &[&str]) -> Result<()> {
    let mut native = cargo();
    native.args(["build", "--release", "--bins"]);
    native.args(packages.iter().flat_map(|name| ["--package", name]));
    all(tools, packages, native)?;
    Ok(())
}

/// Builds the components, and everything native as tests need it; gives back the tests.
///
/// It is one build, for which packages are built together decides which features their
/// dependencies have, so that a second one would compile many of them again.
pub fn with_tests(tools: &Tools) -> Result<Vec<Executable>> {
    let mut native = cargo();
    native.args(["test", "--release", "--workspace", "--no-run"]);
    all(tools, &["madang-host", "madang-tests", "xtask"], native)
}

fn all(tools: &Tools, native: &[&str], build_native: Command) -> Result<Vec<Executable>> {
    let packages = Packages::read()?;
    let components = packages.components();
    let (for_components, for_native) =
        (packages.count_needed_by(&components), packages.count_needed_by(native));
    let progress = Progress::new(for_components + for_native);
    progress.run("components", for_components, build_components(tools, &components))?;
    let executables = progress.run("host", for_native, build_native)?;
    progress.finish();
    Ok(executables)
}

fn build_components(tools: &Tools, components: &[&str]) -> Command {
    let mut cargo = tools.component.cargo();
    cargo.args(["build", "--profile", "component", "--target", WASM]);
    cargo.args(components.iter().flat_map(|name| ["--package", name]));
    cargo
}
