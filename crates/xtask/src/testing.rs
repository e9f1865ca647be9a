//! `cargo xtask bench`, `drill`, `prove` and `contracts`: build and run binaries of other packages, so that who
//! does none of it does not compile a load generator or a reader of WIT.

use crate::{build, cargo, setup};
use anyhow::{Context, Result};
use std::process::{Command, ExitCode};

/// A binary and its package.
#[derive(Clone, Copy)]
pub struct Binary {
    package: &'static str,
    /// The packages whose binaries it starts beside the host.
    beside: &'static [&'static str],
    /// Its name.
    pub name: &'static str,
    /// The components that it runs beside the application's.
    components: &'static [&'static str],
}

/// Measures, beside targets.
pub const BENCH: Binary =
    Binary { package: "madang-testing", beside: &[], name: "madang-bench", components: &["gauge"] };
/// The same, beside the contexts as one native server, which takes minutes to build.
pub const BENCH_BESIDE_NATIVE: Binary = Binary { beside: &["madang-native"], ..BENCH };
/// Breaks something under load, and compares what is seen with what is expected.
pub const DRILL: Binary =
    Binary { package: "madang-testing", beside: &[], name: "madang-drill", components: &[] };
/// Breaks everything, and counts what was lost.
pub const PROVE: Binary =
    Binary { package: "madang-testing", beside: &[], name: "madang-prove", components: &[] };
/// Writes the contracts that clients see.
pub const CONTRACTS: Binary =
    Binary { package: "madang-contracts", beside: &[], name: "madang-contracts", components: &[] };

/// Builds all that is needed, runs one of the binaries with these arguments, and passes on how that
/// ended.
pub fn run(binary: Binary, args: &[&str]) -> Result<ExitCode> {
    let tools = setup::run()?;
    setup::redis_server()?;
    let packages = [&["madang-host", binary.package], binary.beside].concat();
    build::with_native(&tools, &packages, binary.components)?;
    let path = cargo::binary(binary.name);
    let status = Command::new(&path).args(args).status();
    let status = status.with_context(|| path.display().to_string())?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
