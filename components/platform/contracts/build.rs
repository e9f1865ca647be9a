//! Takes the documents of `docs/contracts` in, without the white space that is for people.

use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/contracts");
    println!("cargo::rerun-if-changed={}", folder.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names the folder"));
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut systems: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    systems.retain(|path| path.is_dir());
    systems.sort();
    let mut table = String::new();
    for system in systems {
        let name = system.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let documents = ["openapi", "asyncapi"].map(|kind| {
            let (from, to) = (format!("{kind}.json"), format!("{name}.{kind}.json"));
            take_in(&system.join(from), &out.join(&to));
            format!("{kind}: include_str!(concat!(env!(\"OUT_DIR\"), \"/{to}\"))")
        });
        table += &format!("System {{ name: \"{name}\", {} }},", documents.join(", "));
    }
    let table = format!("pub(crate) const SYSTEMS: &[System] = &[{table}];");
    fs::write(out.join("systems.rs"), table).expect("the table is written");
}

fn take_in(from: &Path, to: &Path) {
    println!("cargo::rerun-if-changed={}", from.display());
    let text = fs::read_to_string(from)
        .unwrap_or_else(|e| panic!("{}: {e}; `cargo xtask contracts` writes it", from.display()));
    let document: Value =
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", from.display()));
    fs::write(to, document.to_string()).unwrap_or_else(|e| panic!("{}: {e}", to.display()));
}
