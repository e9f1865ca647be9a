//! `[component.<id>]`.

use crate::app::{
    files::{Files, Mount},
    template::{self, Count},
};
use anyhow::{Result, anyhow, bail, ensure};
use indexmap::IndexMap;
use serde::{Deserialize, de};
use std::path::Path;

/// One `[component.<id>]`. Keys of Spin that the host has no use for are read and dropped.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    source: Source,
    #[serde(default, rename = "description")]
    _description: de::IgnoredAny,
    /// Outbound hosts, possibly templates.
    #[serde(default)]
    pub allowed_outbound_hosts: Vec<String>,
    /// Labels of key-value stores.
    #[serde(default)]
    pub key_value_stores: Vec<String>,
    /// Labels of SQLite databases.
    #[serde(default)]
    pub sqlite_databases: Vec<String>,
    /// The component's variables, possibly templates.
    #[serde(default)]
    pub variables: IndexMap<String, String>,
    #[serde(default, rename = "build")]
    _build: de::IgnoredAny,
    #[serde(default, rename = "targets")]
    _targets: de::IgnoredAny,
    #[serde(default, rename = "profile")]
    _profile: de::IgnoredAny,
    #[serde(default)]
    tool: ComponentTools,
    /// The files that an instance may read.
    #[serde(default)]
    pub files: Vec<Mount>,
    /// Patterns of files that `files` leave out.
    #[serde(default)]
    pub exclude_files: Vec<String>,
    /// Environment variables, as they are.
    #[serde(default)]
    pub environment: IndexMap<String, String>,
    ai_models: Option<toml::Value>,
    dependencies: Option<toml::Value>,
    dependencies_inherit_configuration: Option<toml::Value>,
    allowed_http_hosts: Option<toml::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a source is the path of a .wasm file")]
enum Source {
    Path(String),
    Elsewhere(toml::Table),
}

#[derive(Debug, Default, Deserialize)]
struct ComponentTools {
    #[serde(default)]
    madang: ComponentSettings,
}

/// `[component.<id>.tool.madang]`.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ComponentSettings {
    /// The path that is asked at start, after a reconnect and every `ready_interval_ms`.
    pub ready: Option<String>,
    /// How many requests of it may be at work at once in each worker; as many more wait, and so in the
    /// trigger process for the calls of its policies. For each process, since what it bounds is a
    /// process's memory. Questions for health are not counted.
    pub max_requests: Option<Count>,
    /// Messages only say "look": those that wait become one.
    pub doorbell: bool,
    /// Key patterns that the component's Redis user may touch.
    pub redis_keys: Vec<String>,
    /// Key patterns that it may read and not write.
    pub redis_reads: Vec<String>,
    /// Channels that it may publish on.
    pub redis_channels: Vec<String>,
}

impl Component {
    /// Which files it may read, of an application in the folder `base`.
    pub fn files(&self, base: &Path) -> Files {
        Files {
            base: base.to_owned(),
            mounts: self.files.clone(),
            exclude: self.exclude_files.clone(),
            direct: false,
        }
    }

    /// The .wasm file, as written: relative to the manifest.
    pub fn source(&self) -> &Path {
        match &self.source {
            Source::Path(path) => Path::new(path),
            Source::Elsewhere(_) => unreachable!("refused by check"),
        }
    }

    /// `[component.<id>.tool.madang]`.
    pub fn settings(&self) -> &ComponentSettings {
        &self.tool.madang
    }

    pub(super) fn check(&self, id: &str) -> Result<()> {
        let word = |word: &str| {
            word.starts_with(|c: char| c.is_ascii_alphabetic())
                && word.chars().all(|c| c.is_ascii_alphanumeric())
        };
        ensure!(
            id.split('-').all(word),
            "a component's id is words of letters and digits joined by `-`"
        );
        if let Source::Elsewhere(table) = &self.source {
            let key = if table.contains_key("url") { "URL" } else { "registry" };
            bail!(
                "`source` by {key} is not supported: fetch the file and write `source = \
                 \"path/to/file.wasm\"`"
            );
        }
        for (key, value, mend) in [
            ("ai_models", &self.ai_models, "call a model over HTTP"),
            ("dependencies", &self.dependencies, "compose the component when it is built"),
            (
                "dependencies_inherit_configuration",
                &self.dependencies_inherit_configuration,
                "remove it",
            ),
            ("allowed_http_hosts", &self.allowed_http_hosts, "use `allowed_outbound_hosts`"),
        ] {
            ensure!(value.is_none(), "`{key}` is not supported: {mend}");
        }
        for name in self.variables.keys() {
            template::check_name(name).map_err(|fault| anyhow!("variables: {fault}"))?;
        }
        let settings = self.settings();
        if let Some(path) = &settings.ready {
            ensure!(
                path.starts_with('/'),
                "tool.madang.ready: {path:?} is no path, it must start with `/`"
            );
        }
        let patterns = [&settings.redis_keys, &settings.redis_reads, &settings.redis_channels];
        for pattern in patterns.into_iter().flatten() {
            // They go into an ACL line, where a space would begin a rule of its own.
            ensure!(
                !pattern.is_empty()
                    && !pattern.contains(|c: char| c.is_whitespace() || c.is_control()),
                "tool.madang: {pattern:?} is no Redis pattern, it must not be empty or hold spaces"
            );
        }
        Ok(())
    }
}
