//! An application whose components can be released anew while it runs: a copy of the repository's.

use madang_testing::{repository, spin_manifest};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Where the manifest says that components are.
const BUILT: &str = "target/wasm32-wasip2/component/";

/// A manifest and its components, in a folder of their own.
#[derive(Debug)]
pub struct Release {
    folder: TempDir,
}

impl Release {
    /// A copy of what was built last.
    ///
    /// # Panics
    /// When it cannot be made.
    #[track_caller]
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("madang-release-").tempdir();
        let release = Self { folder: folder.expect("a temporary folder") };
        let manifest = fs::read_to_string(spin_manifest()).expect("the manifest");
        let built = repository().join(BUILT);
        for file in fs::read_dir(&built).unwrap_or_else(|e| panic!("{}: {e}", built.display())) {
            let path = file.expect("a file").path();
            if path.extension().is_some_and(|extension| extension == "wasm") {
                let name = path.file_name().expect("a file has a name");
                fs::copy(&path, release.folder.path().join(name)).expect("a copy");
            }
        }
        fs::write(release.manifest(), manifest.replace(BUILT, "")).expect("a manifest");
        release
    }

    /// The manifest.
    pub fn manifest(&self) -> PathBuf {
        self.folder.path().join("spin.toml")
    }

    /// Replaces a component by the same with another version written into it, as a build would: in
    /// one step, so that nobody reads half of it.
    ///
    /// # Panics
    /// When it cannot be written.
    #[track_caller]
    pub fn rebuild(&self, component: &str, version: &str) {
        let path = self.path(component);
        let mut binary = fs::read(&path).expect("a component");
        binary.extend(custom_section("madang-drill", version));
        replace(&path, &binary);
    }

    /// Replaces a component by something that is none.
    ///
    /// # Panics
    /// When it cannot be written.
    #[track_caller]
    pub fn spoil(&self, component: &str) {
        replace(&self.path(component), b"this is no component");
    }

    fn path(&self, component: &str) -> PathBuf {
        self.folder.path().join(component.replace('-', "_")).with_extension("wasm")
    }
}

fn replace(path: &Path, binary: &[u8]) {
    let new = path.with_extension("new");
    fs::write(&new, binary).and_then(|()| fs::rename(&new, path)).expect("a component is written");
}

/// A custom section of a WebAssembly binary: id 0, its length, its name with its length, its
/// contents. Whoever runs the binary passes over it.
fn custom_section(name: &str, contents: &str) -> Vec<u8> {
    let length = |bytes: usize| u8::try_from(bytes).ok().filter(|bytes| *bytes < 128);
    let body = 1 + name.len() + contents.len();
    // Below 128 a length is one byte, and these are.
    let lengths = length(name.len()).zip(length(body)).expect("a short section");
    let head = [0, lengths.1, lengths.0];
    [&head, name.as_bytes(), contents.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_as_long_as_it_says() {
        let section = custom_section("name", "1.2");
        assert_eq!(section, b"\x00\x08\x04name1.2");
        assert_eq!(section.len(), 2 + usize::from(section[1]));
    }
}
