//! Cargo, as this repository uses it.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target that components are built for.
pub const WASM: &str = "wasm32-wasip2";

/// The repository.
pub fn root() -> PathBuf {
    // Cargo tells where the package is now; where it was compiled may have been moved since.
    let package = env::var("CARGO_MANIFEST_DIR").unwrap_or(env!("CARGO_MANIFEST_DIR").to_owned());
    Path::new(&package).ancestors().nth(2).expect("the repository holds crates/xtask").to_owned()
}

/// A binary that a release build makes.
pub fn binary(name: &str) -> PathBuf {
    root().join("target/release").join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

/// The cargo that runs this command, in the repository.
pub fn cargo() -> Command {
    in_repository(Command::new(env::var_os("CARGO").unwrap_or("cargo".into())))
}

/// The cargo of a toolchain of rustup.
pub fn cargo_of(toolchain: &str) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", toolchain, "cargo"]);
    // Set by the rustup that runs this command, it would decide for the toolchain of the latter.
    command.env_remove("CARGO").env_remove("RUSTC").env_remove("RUSTDOC");
    in_repository(command)
}

fn in_repository(mut command: Command) -> Command {
    // The manifest names components below `target/`, wherever a developer's cargo would build.
    command.current_dir(root()).env("CARGO_TARGET_DIR", root().join("target"));
    command
}

/// The packages of the repository and what they depend on.
pub struct Packages {
    members: Vec<Package>,
    dependencies: HashMap<String, Vec<String>>,
}

impl Packages {
    /// Asks cargo, which fetches what is missing.
    pub fn read() -> Result<Self> {
        let mut command = cargo();
        command.args(["metadata", "--format-version", "1", "--filter-platform", WASM]);
        command.args(["--filter-platform", &host_platform()?]);
        let output = command
            .stderr(std::process::Stdio::inherit())
            .output()
            .context("cargo metadata cannot be run")?;
        if !output.status.success() {
            bail!("cargo metadata failed: see above");
        }
        let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
        let members: HashSet<_> = metadata.workspace_members.into_iter().collect();
        let needed = |node: &NodeDependency| node.dep_kinds.iter().any(|k| k.kind != Kind::Dev);
        Ok(Self {
            members: metadata.packages.into_iter().filter(|p| members.contains(&p.id)).collect(),
            dependencies: metadata
                .resolve
                .nodes
                .into_iter()
                .map(|n| (n.id, n.deps.into_iter().filter(needed).map(|d| d.pkg).collect()))
                .collect(),
        })
    }

    /// The names of the packages that are components: those below `components/`.
    pub fn components(&self) -> Vec<&str> {
        let folder = root().join("components");
        let components = self.members.iter().filter(|p| p.manifest_path.starts_with(&folder));
        components.map(|p| p.name.as_str()).collect()
    }

    /// The packages that are compiled to WebAssembly: components, and what they are built on.
    pub fn guests(&self) -> Vec<&str> {
        let needed = self.needed_by(&self.components());
        let guests = self.members.iter().filter(|p| needed.contains(p.id.as_str()));
        guests.map(|p| p.name.as_str()).collect()
    }

    /// All other packages of the repository.
    pub fn natives(&self) -> Vec<&str> {
        let guests = self.guests();
        self.members.iter().map(|p| p.name.as_str()).filter(|n| !guests.contains(n)).collect()
    }

    /// The binaries of these packages.
    pub fn binaries(&self, names: &[&str]) -> Vec<&str> {
        let packages = self.members.iter().filter(|p| names.contains(&p.name.as_str()));
        let targets = packages.flat_map(|package| &package.targets);
        let binaries = targets.filter(|target| target.kind.iter().any(|kind| kind == "bin"));
        binaries.map(|target| target.name.as_str()).collect()
    }

    /// How many packages are compiled for these ones, themselves included. An estimate: cargo
    /// alone knows which optional ones are left out.
    pub fn count_needed_by(&self, names: &[&str]) -> usize {
        self.needed_by(names).len()
    }

    /// The ids of packages and of all that they need.
    fn needed_by(&self, names: &[&str]) -> HashSet<&str> {
        let roots = self.members.iter().filter(|p| names.contains(&p.name.as_str()));
        let mut found: HashSet<&str> = roots.map(|p| p.id.as_str()).collect();
        let mut pending: Vec<&str> = found.iter().copied().collect();
        while let Some(id) = pending.pop() {
            for dependency in self.dependencies.get(id).into_iter().flatten() {
                if found.insert(dependency) {
                    pending.push(dependency);
                }
            }
        }
        found
    }
}

/// Adds `--package` for each of these packages.
pub fn select<'a>(command: &'a mut Command, packages: &[&str]) -> &'a mut Command {
    command.args(packages.iter().flat_map(|name| ["--package", name]))
}

fn host_platform() -> Result<String> {
    let rustc = Command::new(crate::setup::rustc()).arg("-vV").output().context("rustc")?;
    let text = String::from_utf8_lossy(&rustc.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc -vV names no host")
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<NodeDependency>,
}

#[derive(Deserialize)]
struct NodeDependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    #[serde(default)]
    kind: Kind,
}

#[derive(Default, PartialEq)]
enum Kind {
    #[default]
    NormalOrBuild,
    Dev,
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name: Option<String> = Deserialize::deserialize(deserializer)?;
        Ok(if name.as_deref() == Some("dev") { Self::Dev } else { Self::NormalOrBuild })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages() -> Packages {
        let target =
            |kind: &str, name: &str| Target { name: name.to_owned(), kind: vec![kind.to_owned()] };
        let package = |name: &str, folder: &str| Package {
            id: format!("id-{name}"),
            name: name.to_owned(),
            manifest_path: root().join(folder).join("Cargo.toml"),
            targets: vec![target("lib", name), target("bin", &format!("{name}-tool"))],
        };
        let needs = |names: &[&str]| names.iter().map(|name| format!("id-{name}")).collect();
        Packages {
            members: vec![
                package("book", "components/bookrent/book"),
                package("platform", "crates/platform"),
                package("host", "crates/host"),
            ],
            dependencies: HashMap::from([
                ("id-book".to_owned(), needs(&["platform"])),
                ("id-platform".to_owned(), needs(&["serde", "macro"])),
                ("id-macro".to_owned(), needs(&["serde"])),
                ("id-host".to_owned(), needs(&["wasmtime"])),
            ]),
        }
    }

    #[test]
    fn components_are_what_is_below_their_folder() {
        assert_eq!(packages().components(), ["book"]);
    }

    #[test]
    fn guests_are_components_and_what_they_need_of_the_repository() {
        assert_eq!(packages().guests(), ["book", "platform"]);
        assert_eq!(packages().natives(), ["host"]);
    }

    #[test]
    fn binaries_are_those_of_the_packages() {
        assert_eq!(packages().binaries(&["host", "platform"]), ["platform-tool", "host-tool"]);
    }

    #[test]
    fn each_needed_package_counts_once() {
        assert_eq!(packages().count_needed_by(&["book"]), 4);
        assert_eq!(packages().count_needed_by(&["book", "host"]), 6);
    }

    #[test]
    fn dependencies_of_tests_do_not_count() {
        let kinds: Vec<DependencyKind> = serde_json::from_str(
            r#"[{"kind":"dev","target":null},{"kind":null},{"kind":"build"}]"#,
        )
        .unwrap();
        let dev: Vec<_> = kinds.iter().map(|k| k.kind == Kind::Dev).collect();
        assert_eq!(dev, [true, false, false]);
    }
}
