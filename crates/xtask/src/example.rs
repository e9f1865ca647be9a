//! `cargo xtask example`: what is in `examples/`, built, and tested as what it stands in for is tested.

use crate::cargo::{self, Packages, select};
use crate::test::check;
use crate::{build, setup};
use anyhow::Result;
use clap::ValueEnum;
use std::path::PathBuf;
use std::process::Command;

/// The examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Example {
    /// Lecture's `alert` in Python: needs Python 3.11 and PyPI
    AlertPython,
}

/// Builds an example, and tests it unless there is nothing but building to do.
pub fn run(example: Example, only_build: bool) -> Result<()> {
    match example {
        Example::AlertPython => alert_python(only_build),
    }
}

fn alert_python(only_build: bool) -> Result<()> {
    let tools = setup::run()?;
    let python = setup::python()?;
    build::with_native(&tools, &["madang-host"], &[])?;
    let script = cargo::root().join("examples/alert-python/build.py");
    let run = |arguments: &[&str]| {
        check(Command::new(python).arg("-B").arg(&script).args(arguments), "what it says above")
    };
    run(&[])?;
    let manifest = cargo::root().join("target/alert-python/spin.toml");
    if only_build {
        println!("Serve it: cargo xtask up -- --from target/alert-python/spin.toml");
        return Ok(());
    }
    setup::redis_server()?;
    run(&["test"])?;
    end_to_end(&["--test", "lecture_*"], &[], &manifest)?;
    end_to_end(&["--test", "golden"], &["lecture"], &manifest)?;
    end_to_end(&["--test", "alert_python"], &["--ignored"], &manifest)
}

/// Runs end-to-end tests on this manifest. They are selected as `cargo xtask test` builds them, so that
/// both share what is built.
fn end_to_end(targets: &[&str], arguments: &[&str], manifest: &PathBuf) -> Result<()> {
    let packages = Packages::read()?;
    let mut tests = cargo::cargo();
    select(tests.args(["test", "--release", "--no-fail-fast"]), &packages.natives());
    tests.args(targets).arg("--").args(arguments).env("MADANG_TEST_MANIFEST", manifest);
    check(&mut tests, "what differs between the context in Python and the one in Rust")
}
