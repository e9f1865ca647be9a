//! Names each Lua script by its SHA-1, so that a component asks Redis for it by name (EVALSHA)
//! without hashing anything itself.

use std::fmt::Write as _;
use std::{env, fs, path::Path};

use sha1::{Digest, Sha1};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=src/scripts");
    let mut scripts: Vec<_> = fs::read_dir("src/scripts")?.collect::<Result<_, _>>()?;
    scripts.sort_by_key(|script| script.file_name());
    let mut constants = String::new();
    for script in scripts {
        let path = script.path().canonicalize()?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().to_uppercase();
        let digest = Sha1::digest(fs::read(&path)?);
        let sha: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(
            constants,
            "/// `scripts/{}`.\npub(crate) const {name}: Script = Script {{ sha: {sha:?}, text: include_str!({path:?}) }};",
            script.file_name().to_string_lossy()
        )?;
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("scripts.rs"), constants)?;
    Ok(())
}
