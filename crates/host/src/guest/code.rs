//! Compiled components on disk: compiled once by the supervisor, mapped into memory by every
//! worker.

use anyhow::{Context, Result, anyhow};
use sha2::{Digest, Sha256};
use std::{
    fs,
    hash::{Hash, Hasher},
    path::{Path, PathBuf},
};
use wasmtime::{Engine, component::Component};

/// Compiles `source` into `cache` unless it is there, and returns the compiled file. The file's
/// name is a digest of the code and of all that its compilation depends on. Errors name the file
/// and the mend.
pub fn compile(engine: &Engine, source: &Path, cache: &Path) -> Result<PathBuf> {
    let code = fs::read(source).with_context(|| {
        format!(
            "cannot read {}: build the component first (`spin build` or `cargo xtask build`)",
            source.display()
        )
    })?;
    let mut digest = DigestHasher(Sha256::new());
    digest.write(&code);
    engine.precompile_compatibility_hash().hash(&mut digest);
    let name: String =
        digest.0.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let artifact = cache.join(format!("{name}.cwasm"));
    if artifact.exists() {
        return Ok(artifact);
    }
    let compiled = engine.precompile_component(&code).map_err(|error| {
        anyhow!(
            "{} is not a component that can run here: build it again ({error:#})",
            source.display()
        )
    })?;
    // Written aside and renamed, so that no one ever maps half a file.
    fs::create_dir_all(cache).with_context(|| format!("cannot make {}", cache.display()))?;
    let aside = cache.join(format!("{name}.{}", std::process::id()));
    fs::write(&aside, compiled)
        .and_then(|()| fs::rename(&aside, &artifact))
        .with_context(|| format!("cannot write {}", artifact.display()))?;
    Ok(artifact)
}

/// Maps a compiled file.
#[allow(
    unsafe_code,
    reason = "mapping machine code is as safe as the state folder, which only this user writes"
)]
pub fn load(engine: &Engine, artifact: &Path) -> Result<Component> {
    unsafe { Component::deserialize_file(engine, artifact) }.map_err(|error| {
        anyhow!(
            "cannot load the compiled {}: remove it, it will be compiled again ({error:#})",
            artifact.display()
        )
    })
}

/// Feeds what is `Hash` into a digest.
struct DigestHasher(Sha256);

impl Hasher for DigestHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("the digest is taken instead")
    }
}
