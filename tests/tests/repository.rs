//! What must be true of the repository itself.

use madang_testing::{repository, spin_manifest};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The most bytes that a component may have.
const LARGEST: u64 = 500 * 1024;

/// What is no context, in `components/platform`.
const SITES: [&str; 2] = ["contracts", "web"];

/// The contexts: the folders `components/<system>/<context>`.
fn contexts() -> Vec<PathBuf> {
    let folders = |path: PathBuf| {
        let entries = fs::read_dir(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let paths = entries.map(|entry| entry.expect("an entry").path());
        paths.filter(|path| path.is_dir()).collect::<BTreeSet<_>>()
    };
    let contexts: Vec<_> = folders(repository().join("components"))
        .into_iter()
        .filter(|system| !system.ends_with("platform"))
        .flat_map(folders)
        .filter(|folder| folder.join("Cargo.toml").is_file())
        .collect();
    assert!(contexts.len() >= 4, "{contexts:?}");
    contexts
}

fn metadata() -> Value {
    let output = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(repository())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo tells JSON")
}

fn manifest() -> toml::Table {
    let text = fs::read_to_string(spin_manifest()).expect("spin.toml");
    text.parse().expect("spin.toml is TOML")
}

#[test]
fn no_context_depends_on_another_contexts_crate() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let components = repository().join("components");
    let is_context =
        |path: &Value| path.as_str().is_some_and(|p| Path::new(p).starts_with(&components));
    let mut seen = 0;
    for package in packages.iter().filter(|package| is_context(&package["manifest_path"])) {
        seen += 1;
        for dependency in package["dependencies"].as_array().unwrap() {
            // Of the workspace, a context may know the platform and nothing else.
            if dependency["path"].is_null() {
                continue;
            }
            assert_eq!(dependency["name"], "madang-platform", "{} needs it", package["name"]);
        }
    }
    assert_eq!(seen, contexts().len() + SITES.len());
}

#[test]
fn every_component_is_small() {
    let manifest = manifest();
    for (id, component) in manifest["component"].as_table().unwrap() {
        let source = component["source"].as_str().unwrap();
        let path = repository().join(source);
        let size = fs::metadata(&path).unwrap_or_else(|e| panic!("{source}: {e}")).len();
        assert!(size < LARGEST, "{id} has {size} bytes: at most {LARGEST} are allowed");
    }
}

#[test]
fn every_route_and_channel_leads_to_a_component_and_every_component_has_both_kinds_of_routes() {
    let manifest = manifest();
    let components = manifest["component"].as_table().unwrap();
    let mut routes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for trigger in manifest["trigger"]["http"].as_array().unwrap() {
        let component = trigger["component"].as_str().unwrap();
        assert!(components.contains_key(component), "{component} is not in spin.toml");
        routes.entry(component).or_default().push(trigger["route"].as_str().unwrap());
    }
    for trigger in manifest["trigger"]["redis"].as_array().unwrap() {
        let (component, channel) =
            (trigger["component"].as_str().unwrap(), trigger["channel"].as_str().unwrap());
        assert!(components.contains_key(component), "{component} is not in spin.toml");
        assert_eq!(component.split_once('-').unwrap().0, channel, "a channel per system");
    }
    assert_eq!(
        routes["web"],
        ["/", "/pages/..."],
        "the pages leave every other path to the systems"
    );
    for id in components.keys().filter(|id| !SITES.contains(&id.as_str())) {
        let (system, context) = id.split_once('-').unwrap();
        let own = routes.get(id.as_str()).cloned().unwrap_or_default();
        assert!(own.contains(&format!("/{system}/-/{context}/...").as_str()), "{id}: {own:?}");
        assert!(own.iter().any(|route| !route.contains("/-/")), "{id}: {own:?}");
        assert!(own.iter().all(|route| route.starts_with(&format!("/{system}/"))), "{id}: {own:?}");
    }
}

#[test]
fn every_context_is_a_component_that_is_granted_its_own_and_no_more() {
    let manifest = manifest();
    let components = manifest["component"].as_table().unwrap();
    let contexts = contexts();
    assert_eq!(components.len(), contexts.len() + SITES.len());
    for folder in &contexts {
        let mut names = folder.iter().rev().map(|name| name.to_string_lossy().into_owned());
        let (context, system) = (names.next().unwrap(), names.next().unwrap());
        let id = format!("{system}-{context}");
        let component = components.get(&id).unwrap_or_else(|| panic!("{id} is not in spin.toml"));
        let settings = &component["tool"]["madang"];
        let texts = |value: &toml::Value| -> BTreeSet<String> {
            value.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
        };
        let expected = ["{S}:C:*", "{S}:dead:C", "{S}:log", "{S}:log:head"]
            .map(|key| key.replace('S', &system).replace('C', &context));
        assert_eq!(texts(&settings["redis_keys"]), expected.into(), "{id}");
        assert_eq!(texts(&settings["redis_channels"]), [system.clone()].into(), "{id}");
        assert_eq!(
            settings["ready"].as_str(),
            Some(format!("/{system}/-/{context}/health/ready").as_str()),
            "{id}"
        );
        let stores = component.get("sqlite_databases").map(texts).unwrap_or_default();
        assert!(stores.iter().all(|label| *label == id), "{id}: {stores:?}");
    }
}

#[test]
fn the_pages_read_the_logs_and_write_nothing() {
    let manifest = manifest();
    let web = manifest["component"]["web"].as_table().unwrap();
    let settings = web["tool"]["madang"].as_table().unwrap();
    assert_eq!(settings.keys().collect::<Vec<_>>(), ["max_requests", "redis_reads"]);
    let reads: BTreeSet<&str> = settings["redis_reads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key.as_str().unwrap())
        .collect();
    let systems = contexts()
        .into_iter()
        .map(|folder| folder.iter().rev().nth(1).unwrap().to_string_lossy().into_owned());
    let keys = ["{S}:log", "{S}:log:head", "{S}:*:cursor", "{S}:dead:*"];
    let expected: BTreeSet<String> =
        systems.flat_map(|system| keys.map(|key| key.replace('S', &system))).collect();
    assert_eq!(reads, expected.iter().map(String::as_str).collect());
    assert!(!web.contains_key("key_value_stores") && !web.contains_key("sqlite_databases"));
}

#[test]
fn every_system_and_every_context_tells_its_contract() {
    let manifest = manifest();
    let routes: BTreeSet<String> = manifest["trigger"]["http"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|trigger| trigger["component"].as_str() == Some("contracts"))
        .map(|trigger| trigger["route"].as_str().unwrap().to_owned())
        .collect();
    let mut expected = BTreeSet::new();
    for folder in contexts() {
        let mut names = folder.iter().rev().map(|name| name.to_string_lossy().into_owned());
        let (context, system) = (names.next().unwrap(), names.next().unwrap());
        expected.insert(format!("/{system}/-/{context}/openapi.json"));
        expected.extend(["", "/openapi.json", "/asyncapi.json"].map(|at| format!("/{system}{at}")));
    }
    assert_eq!(routes, expected);
}

#[test]
fn no_component_lacks_a_safeguard() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let platform = packages.iter().find(|package| package["name"] == "madang-platform").unwrap();
    let features = platform["features"].as_object().unwrap();
    let takes_away = features.keys().filter(|name| name.starts_with("without-")).count();
    assert_eq!(takes_away, 4, "what `cargo xtask prove sight` takes away: {features:?}");
    assert!(!features.contains_key("default"), "{features:?}");
    for package in packages {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        for dependency in dependencies.filter(|one| one["name"] == "madang-platform") {
            assert_eq!(dependency["features"], json!([]), "{} asks for some", package["name"]);
        }
    }
    for (id, component) in manifest()["component"].as_table().unwrap() {
        let build = component.get("build").and_then(|build| build["command"].as_str());
        assert!(!build.unwrap_or_default().contains("--feature"), "{id} is built with {build:?}");
        let source = fs::read(repository().join(component["source"].as_str().unwrap())).unwrap();
        // What `info` of such a component says is in it as text.
        for feature in features.keys() {
            let is_there = source.windows(feature.len()).any(|part| part == feature.as_bytes());
            assert!(!is_there, "{id} was built {feature}");
        }
    }
}

#[test]
fn contexts_look_alike() {
    for folder in contexts() {
        let name = folder.strip_prefix(repository()).unwrap().display().to_string();
        let files: BTreeSet<String> = fs::read_dir(folder.join("src"))
            .unwrap_or_else(|e| panic!("{name}/src: {e}"))
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        // A domain of several nouns has a folder beside its file.
        let files: Vec<_> = files.iter().map(String::as_str).filter(|f| *f != "domain").collect();
        let is_context = files == ["domain.rs", "lib.rs", "policies.rs"];
        let is_read_model = files == ["lib.rs", "views.rs"];
        assert!(is_context || is_read_model, "{name}/src has {files:?}");
    }
}
