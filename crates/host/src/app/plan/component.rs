//! What a worker needs to know of one component.

use crate::app::{
    chaining,
    files::Files,
    grants::Grants,
    manifest::Manifest,
    stores::{KeyValueStore, SqliteDatabase},
    template::{self, Values},
};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Ends the `ready` path of a component that has an info.
const READY: &str = "/health/ready";
/// Ends the info's own path.
const INFO: &str = "/info";

/// One component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComponentPlan {
    /// The .wasm file.
    pub source: PathBuf,
    /// The compiled file; empty until it is compiled.
    pub artifact: PathBuf,
    /// Resolved `allowed_outbound_hosts`.
    pub grants: Vec<String>,
    /// Resolved variables.
    pub variables: Values,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// Which files an instance may read.
    pub files: Files,
    /// Folders that an instance may read, with their paths inside; empty until the files are laid out.
    pub folders: Vec<(PathBuf, String)>,
    /// Labels of key-value stores that it may open.
    pub key_value_stores: Vec<String>,
    /// Labels of SQLite databases that it may open.
    pub sqlite_databases: Vec<String>,
    /// The path to ask for its readiness.
    pub ready: Option<String>,
    /// How many of its requests may be at work at once in a process, and as many more wait.
    pub max_requests: usize,
    /// Redis key patterns that it may touch.
    pub redis_keys: Vec<String>,
    /// Redis key patterns that it may read and not write.
    pub redis_reads: Vec<String>,
    /// Redis channels that it may publish on.
    pub redis_channels: Vec<String>,
    /// Whether waiting messages become one.
    pub doorbell: bool,
    /// Whether an HTTP trigger calls it.
    pub http: bool,
    /// Whether a Redis trigger calls it.
    pub redis: bool,
}

/// All stores, by label.
pub(super) struct Stores<'a> {
    pub(super) key_value: &'a BTreeMap<String, KeyValueStore>,
    pub(super) sqlite: &'a BTreeMap<String, SqliteDatabase>,
}

impl ComponentPlan {
    /// Resolves every template and label of a component. `max_requests` is what holds where it does
    /// not say itself. Errors name the place and the mend.
    pub(super) fn new(
        id: &str,
        manifest: &Manifest,
        values: &Values,
        base: &Path,
        stores: &Stores,
        max_requests: usize,
    ) -> Result<Self> {
        let component = &manifest.components[id];
        let settings = component.settings();
        let grants: Vec<_> = component
            .allowed_outbound_hosts
            .iter()
            .map(|entry| Ok((entry, template::resolve(entry, values)?)))
            // As in Spin, one that a variable left empty grants nothing.
            .filter(|resolved: &Result<_>| {
                !resolved.as_ref().is_ok_and(|(entry, resolved)| {
                    entry.contains("{{") && matches!(resolved.as_str(), "" | "http://" | "https://")
                })
            })
            .map(|resolved| resolved.map(|(_, resolved)| resolved))
            .collect::<Result<_>>()
            .context("allowed_outbound_hosts")?;
        Grants::parse(grants.iter().map(String::as_str)).context("allowed_outbound_hosts")?;
        let redis = manifest.triggers.redis.iter().any(|trigger| trigger.component == id);
        if redis {
            chaining::check_no_redis(component)?;
        }
        check_labels(&component.key_value_stores, stores.key_value, "key_value_store")?;
        check_labels(&component.sqlite_databases, stores.sqlite, "sqlite_database")?;
        Ok(Self {
            source: base.join(component.source()),
            artifact: PathBuf::new(),
            grants,
            variables: component
                .variables
                .iter()
                .map(|(name, text)| {
                    let value = template::resolve(text, values)
                        .with_context(|| format!("the variable `{name}`"))?;
                    Ok((name.clone(), value))
                })
                .collect::<Result<_>>()?,
            environment: component.environment.clone().into_iter().collect(),
            files: component.files(base),
            folders: Vec::new(),
            key_value_stores: component.key_value_stores.clone(),
            sqlite_databases: component.sqlite_databases.clone(),
            ready: settings.ready.clone(),
            max_requests: match &settings.max_requests {
                Some(count) => count.resolve(values).context("tool.madang.max_requests")?,
                None => max_requests,
            },
            redis_keys: settings.redis_keys.clone(),
            redis_reads: settings.redis_reads.clone(),
            redis_channels: settings.redis_channels.clone(),
            doorbell: settings.doorbell,
            http: manifest.triggers.http.iter().any(|trigger| trigger.component == id),
            redis,
        })
    }

    /// The files and folders that were made for it.
    pub fn made(&self) -> impl Iterator<Item = PathBuf> {
        let folders = self.folders.iter().map(|(folder, _)| folder);
        std::iter::once(&self.artifact).chain(folders).cloned()
    }

    /// Whether `path` asks how the component is: the `ready` path, and what lies in the same folder
    /// if that is named `health`.
    pub fn is_health(&self, path: &str) -> bool {
        let Some(ready) = &self.ready else { return false };
        let folder = &ready[..=ready.rfind('/').unwrap_or_default()];
        path == ready || folder.ends_with("/health/") && path.starts_with(folder)
    }

    /// Whether `path` is a question how the component is, which is always let in and never counted as
    /// work.
    pub fn asks_how_it_is(&self, path: &str) -> bool {
        self.is_health(path) || self.is_info(path)
    }

    /// Whether `path` is the component's info: beside the folder of `…/health/ready`.
    pub fn is_info(&self, path: &str) -> bool {
        let folder = self.ready.as_ref().and_then(|ready| ready.strip_suffix(READY));
        folder.is_some_and(|folder| path.strip_prefix(folder) == Some(INFO))
    }
}

/// The path of the info of a component with this `ready` path, if it is one that has an info.
pub fn info_path(ready: &str) -> Option<String> {
    ready.strip_suffix(READY).map(|folder| format!("{folder}{INFO}"))
}

fn check_labels<T>(labels: &[String], stores: &BTreeMap<String, T>, table: &str) -> Result<()> {
    for label in labels {
        ensure!(
            stores.contains_key(label),
            "the label `{label}` has no store: add to the runtime config \
             (--runtime-config-file)\n  \
             [{table}.{label}]\n  type = \"spin\"\n  path = \"{label}.db\""
        );
    }
    Ok(())
}
