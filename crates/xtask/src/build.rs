//! Building what `up`, `test`, `bench` and `drill` run.

use crate::cargo::{Packages, WASM, cargo, select};
use crate::progress::{Executable, Progress};
use crate::setup::Tools;
use anyhow::Result;
use std::process::Command;

/// Builds the components and the host.
pub fn run(tools: &Tools) -> Result<()> {
    with_native(tools, &["madang-host"], &[])
}

/// Builds the components, these others that no application has, and the binaries of native packages.
///
/// Which packages are selected together decides which features their dependencies have: all native ones are, as
/// the tests do it, so that both share what takes long.
pub fn with_native(tools: &Tools, names: &[&str], others: &[&str]) -> Result<()> {
    let packages = Packages::read()?;
    let mut native = cargo();
    select(native.args(["build", "--release"]), &packages.natives());
    native.args(packages.binaries(names).iter().flat_map(|name| ["--bin", name]));
    let components = components(tools, [&packages.components(), others].concat());
    all(&packages, vec![components, ("host", names.to_vec(), native)])?;
    Ok(())
}

/// Builds the components and all tests, with the binaries that the tests start; gives back the
/// tests.
///
/// Native packages are built apart from the components' own tests, for the same reason as in [`with_native`].
pub fn with_tests(tools: &Tools, packages: &Packages) -> Result<Vec<Executable>> {
    let tests = |names: &[&str]| {
        let mut command = cargo();
        select(command.args(["test", "--release", "--no-run"]), names);
        command
    };
    let (natives, guests) = (packages.natives(), packages.guests());
    let (native_tests, guest_tests) = (tests(&natives), tests(&guests));
    let components =
        components(tools, [packages.components(), packages.test_components()].concat());
    let host = ("host and its tests", natives, native_tests);
    all(packages, vec![components, host, ("components' tests", guests, guest_tests)])
}

/// One build: its name, the packages that it is about, and the command.
type Build<'a> = (&'static str, Vec<&'a str>, Command);

fn components<'a>(tools: &Tools, names: Vec<&'a str>) -> Build<'a> {
    let mut cargo = tools.component.cargo();
    select(cargo.args(["build", "--profile", "component", "--target", WASM]), &names);
    ("components", names, cargo)
}

fn all(packages: &Packages, builds: Vec<Build>) -> Result<Vec<Executable>> {
    let count = |names: &[&str]| packages.count_needed_by(names);
    let progress = Progress::new(builds.iter().map(|(_, names, _)| count(names)).sum());
    let mut executables = Vec::new();
    for (what, names, command) in builds {
        executables.extend(progress.run(what, count(&names), command)?);
    }
    progress.finish();
    Ok(executables)
}
