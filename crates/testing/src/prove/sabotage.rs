//! Applications with components that lack a safeguard.

use crate::args::{SABOTAGES, Sabotage};
use madang_testing::{Host, HostBuilder, eventually, repository, spin_manifest};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// Where the manifest has components.
const BUILT: &str = "target/wasm32-wasip2/component/";

/// The sabotage of this feature.
///
/// # Panics
/// Where there is none.
pub fn of(feature: &str) -> &'static Sabotage {
    SABOTAGES.iter().find(|one| one.feature == feature).expect("a sabotage of this name")
}

/// The manifest of the application with this sabotage.
///
/// # Panics
/// Where it was not built.
pub fn manifest(sabotage: &Sabotage) -> PathBuf {
    let folder = repository().join("target/sabotage").join(sabotage.feature);
    let mut text = fs::read_to_string(spin_manifest()).expect("spin.toml");
    let absolute = repository().join(BUILT);
    text = text.replace(&format!("\"{BUILT}"), &format!("\"{}/", absolute.display()));
    for component in sabotage.components {
        let file = format!("{}.wasm", component.replace('-', "_"));
        let built = folder.join(&file);
        let mend = "`cargo xtask prove` builds it";
        assert!(built.is_file(), "{} is not there: {mend}", built.display());
        let plain = format!("{}/{file}", absolute.display());
        text = text.replace(&plain, &built.display().to_string());
    }
    let path = folder.join("spin.toml");
    fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    path
}

/// Has a host run BookRent alone.
pub fn bookrent_alone(settings: HostBuilder) -> HostBuilder {
    let contexts = madang_testing::bookrent::CONTEXTS;
    contexts.iter().fold(settings, |settings, context| {
        settings.arg("--component-id").arg(format!("bookrent-{context}"))
    })
}

/// What components say that they lack: nothing, where nobody has taken anything away.
///
/// # Panics
/// Where they do not say.
pub fn told(host: &Host, components: &[&str]) -> Vec<String> {
    let told = |component: &&str| {
        let (system, context) = component.split_once('-').expect("a component of a system");
        let path = format!("/{system}/-/{context}/info");
        let info = eventually(Duration::from_secs(10), || {
            let answer = host.client().send("GET", &path, None)?;
            if answer.is_success() { Ok(answer.json()) } else { Err(answer.to_string()) }
        });
        let lacks = info["sabotage"].as_array().cloned().unwrap_or_default();
        lacks.into_iter().filter_map(|one| one.as_str().map(str::to_owned))
    };
    components.iter().flat_map(told).collect()
}
