//! Makes modules of one crate of all contexts. Each is a crate that is linked as a whole into a component, which
//! cargo does not do (`lto`) for one that others depend on, too; so they are taken as text, in which the root of
//! the crate is another.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let components = Path::new("../../../components");
    let out = env::var("OUT_DIR")?;
    println!("cargo::rerun-if-changed=../../../components");
    println!("cargo::rerun-if-changed=../../../wit");
    let (mut modules, mut all) = (String::new(), String::new());
    for system in folders(components)? {
        // What has no context: the pages, and the documents.
        for context in folders(&components.join(&system))?.iter().filter(|_| system != "platform") {
            let module = format!("{system}_{context}").replace('-', "_");
            let to = Path::new(&out).join(&module);
            let source = components.join(&system).join(context).join("src");
            copy(&source, &to, &format!("crate::{module}::"))?;
            let root = to.join("lib.rs");
            let mut text = fs::read_to_string(&root)?;
            let type_name = text
                .split_once("impl Context for ")
                .and_then(|(_, rest)| rest.split_whitespace().next())
                .ok_or_else(|| format!("{}: no `impl Context for`", source.display()))?;
            text += &format!(
                "\npub fn define() -> Definition {{ <{type_name} as Context>::define() }}\n"
            );
            fs::write(&root, text)?;
            writeln!(modules, "#[path = {root:?}]\nmod {module};")?;
            writeln!(all, "    ({:?}, {module}::define),", format!("{system}-{context}"))?;
        }
    }
    let text = format!(
        "{modules}\n/// Each component's name, and what it is made of.\n\
         pub const ALL: &[(&str, fn() -> madang::Definition)] = &[\n{all}];\n"
    );
    fs::write(Path::new(&out).join("contexts.rs"), text)?;
    Ok(())
}

fn folders(at: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(at)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Copies a folder of sources, with another path to the crate's root.
fn copy(from: &Path, to: &Path, root: &str) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target, root)?;
        } else {
            fs::write(target, fs::read_to_string(&path)?.replace("crate::", root))?;
        }
    }
    Ok(())
}
