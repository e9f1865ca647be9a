//! `cargo xtask contracts`: writes the documents of every system into `docs/contracts`, or says which
//! are stale.
#![allow(clippy::print_stdout, reason = "what this prints is its result")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use madang_contracts::{Routes, documents};
use madang_testing::{Host, repository, spin_manifest};

#[derive(Parser)]
#[command(bin_name = "cargo xtask contracts")]
struct Args {
    /// Write nothing; fail where a document is not what WIT and the routes say
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<bool> {
    let folder = repository().join("docs/contracts");
    let mut made = BTreeMap::new();
    for routes in systems()?.into_values() {
        for (path, document) in documents(&repository().join("wit"), &routes)? {
            made.insert(path, format!("{}\n", serde_json::to_string_pretty(&document)?));
        }
    }
    if args.check {
        return check(&folder, &made);
    }
    for (path, text) in &made {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&folder))?;
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    println!("{} documents written to docs/contracts", made.len());
    Ok(true)
}

/// The route tables of all contexts in the manifest, as they serve them, by system.
fn systems() -> Result<BTreeMap<String, Vec<Routes>>> {
    let manifest: toml::Table = fs::read_to_string(spin_manifest())?.parse()?;
    let components = manifest.get("component").and_then(|all| all.as_table());
    let host = Host::start();
    let client = host.client();
    let mut systems = BTreeMap::<String, Vec<Routes>>::new();
    for id in components.into_iter().flat_map(|all| all.keys()) {
        let Some((system, context)) = id.split_once('-') else { continue };
        if !repository().join("wit").join(system).is_dir() {
            continue;
        }
        let answer = client.get(&format!("/{system}/-/{context}/routes"));
        ensure!(answer.status == 200, "{id} does not tell its routes: {}", answer.text());
        let routes = Routes::read(answer.json()).with_context(|| id.clone())?;
        systems.entry(system.to_owned()).or_default().push(routes);
    }
    Ok(systems)
}

fn check(folder: &Path, made: &BTreeMap<String, String>) -> Result<bool> {
    let mut stale: Vec<String> = made
        .iter()
        .filter(|(path, text)| fs::read_to_string(folder.join(path)).ok().as_ref() != Some(text))
        .map(|(path, _)| path.clone())
        .collect();
    for system in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let system = system?;
        if !system.file_type()?.is_dir() {
            continue;
        }
        for document in fs::read_dir(system.path())? {
            let document = document?;
            // `events/` is looked after by the tests of golden events.
            if document.file_type()?.is_dir() {
                continue;
            }
            let name = document.file_name();
            let path = format!("{}/{}", system.file_name().display(), name.display());
            if !made.contains_key(&path) {
                stale.push(format!("{path} (nobody serves this any more: delete it)"));
            }
        }
    }
    for path in &stale {
        println!("docs/contracts/{path} is stale");
    }
    if !stale.is_empty() {
        println!("`cargo xtask contracts` writes them anew");
    }
    Ok(stale.is_empty())
}
