//! The runtime config: where stores live and variables come from. What Spin knows and the host does
//! not is refused.

use super::{parse::from_toml, variables::Provider};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// A runtime config with its paths made absolute.
#[derive(Debug, Default)]
pub struct RuntimeConfig {
    /// Where the host keeps its state, if the file says so.
    pub state_dir: Option<PathBuf>,
    /// SQLite files of key-value stores, by label.
    pub key_value_stores: BTreeMap<String, PathBuf>,
    /// SQLite files of databases, by label.
    pub sqlite_databases: BTreeMap<String, PathBuf>,
    /// Sources of variables, the first first.
    pub providers: Vec<Provider>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    state_dir: Option<String>,
    #[serde(default)]
    key_value_store: BTreeMap<String, Store>,
    #[serde(default)]
    sqlite_database: BTreeMap<String, Store>,
    #[serde(default, alias = "config_provider")]
    variables_provider: Vec<toml::Table>,
}

#[derive(Debug, Deserialize)]
struct Store {
    #[serde(rename = "type")]
    kind: String,
    #[serde(flatten)]
    settings: BTreeMap<String, toml::Value>,
}

impl RuntimeConfig {
    /// Reads a runtime config. As in Spin, key-value paths are relative to the file, SQLite paths
    /// and `state_dir` to the working directory.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the runtime config {}", path.display()))?;
        let here = std::env::current_dir().context("there is no working directory")?;
        let folder =
            std::path::absolute(path)?.parent().map_or_else(|| here.clone(), Path::to_owned);
        Self::parse(&text, &folder, &here)
            .with_context(|| format!("the runtime config {} is not in order", path.display()))
    }

    fn parse(text: &str, folder: &Path, here: &Path) -> Result<Self> {
        let file: File = from_toml(text)?;
        let stores = |stores: BTreeMap<String, Store>, table: &str, base: &Path| {
            stores
                .into_iter()
                .map(|(label, store)| {
                    let path = store.path().with_context(|| format!("[{table}.{label}]"))?;
                    Ok((label, base.join(path)))
                })
                .collect::<Result<_>>()
        };
        Ok(Self {
            state_dir: file.state_dir.filter(|path| !path.is_empty()).map(|path| here.join(path)),
            key_value_stores: stores(file.key_value_store, "key_value_store", folder)?,
            sqlite_databases: stores(file.sqlite_database, "sqlite_database", here)?,
            providers: file.variables_provider.into_iter().map(provider).collect::<Result<_>>()?,
        })
    }
}

impl Store {
    fn path(mut self) -> Result<String> {
        if self.kind != "spin" {
            bail!(
                "type = \"{}\" is not supported: `type = \"spin\"`, a SQLite file, is",
                self.kind
            );
        }
        let path = match self.settings.remove("path") {
            Some(toml::Value::String(path)) => path,
            _ => bail!("a store is kept in a file: add `path = \"…\"`"),
        };
        match self.settings.keys().next() {
            Some(key) => bail!("`{key}` is not supported: remove it"),
            None => Ok(path),
        }
    }
}

fn provider(table: toml::Table) -> Result<Provider> {
    match table.get("type").and_then(toml::Value::as_str) {
        Some("static" | "env") => table.try_into().context("[[variables_provider]]"),
        Some(kind) => bail!(
            "[[variables_provider]]: type = \"{kind}\" is not supported: \"static\" and \"env\" are"
        ),
        None => bail!("[[variables_provider]] has no `type`: \"static\" or \"env\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<RuntimeConfig> {
        RuntimeConfig::parse(text, Path::new("/config"), Path::new("/here"))
    }

    #[test]
    fn paths_are_resolved_as_spin_does() {
        let config = parse(
            "state_dir = \"s\"\n[key_value_store.a]\ntype = \"spin\"\npath = \"a.db\"\n\
             [sqlite_database.b]\ntype = \"spin\"\npath = \"b.db\"\n\
             [[config_provider]]\ntype = \"static\"\nvalues = { x = \"1\" }\n",
        )
        .unwrap();
        assert_eq!(config.key_value_stores["a"], Path::new("/config/a.db"));
        assert_eq!(config.sqlite_databases["b"], Path::new("/here/b.db"));
        assert_eq!(config.state_dir.as_deref(), Some(Path::new("/here/s")));
        assert_eq!(config.providers.len(), 1);
    }

    #[test]
    fn other_kinds_and_keys_are_refused_by_name() {
        for (text, expected) in [
            ("llm_compute = 1", "unknown field `llm_compute`"),
            ("[sqlite_databases.a]\ntype = \"spin\"", ", did you mean `sqlite_database`?"),
            (
                "[key_value_store.a]\ntype = \"redis\"\nurl = \"u\"",
                "[key_value_store.a]: type = \"redis\" is not supported",
            ),
            ("[sqlite_database.a]\ntype = \"spin\"", "add `path"),
            ("[sqlite_database.a]\ntype = \"spin\"\npath = \"p\"\nx = 1", "`x` is not supported"),
            ("[[variables_provider]]\ntype = \"vault\"", "type = \"vault\" is not supported"),
            ("[[variables_provider]]\ntype = \"static\"\nvalue = 1", "value"),
        ] {
            let error = format!("{:#}", parse(text).unwrap_err());
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
