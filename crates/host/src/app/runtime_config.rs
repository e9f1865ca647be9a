//! The runtime config: where stores live and variables come from. What Spin knows and the host does
//! not is refused.

use super::{
    parse::from_toml,
    stores::{self, KeyValueStore, SqliteDatabase},
    variables::Provider,
};
use crate::say::suggestion;
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// A runtime config. Its paths are absolute, but for those below the state folder.
#[derive(Debug, Default)]
pub struct RuntimeConfig {
    /// Where the host keeps its state, if the file says so.
    pub state_dir: Option<PathBuf>,
    /// Key-value stores, by label.
    pub key_value_stores: BTreeMap<String, KeyValueStore>,
    /// SQLite databases, by label.
    pub sqlite_databases: BTreeMap<String, SqliteDatabase>,
    /// Sources of variables, the first first.
    pub providers: Vec<Provider>,
}

#[derive(Debug, Deserialize)]
struct File {
    state_dir: Option<String>,
    #[serde(default)]
    key_value_store: BTreeMap<String, Store>,
    #[serde(default)]
    sqlite_database: BTreeMap<String, Store>,
    #[serde(default, alias = "config_provider")]
    variables_provider: Vec<toml::Table>,
    #[serde(flatten)]
    rest: toml::Table,
}

/// All keys of [`File`].
const KEYS: [&str; 5] =
    ["state_dir", "key_value_store", "sqlite_database", "variables_provider", "config_provider"];

/// What Spin knows and the host does not.
const UNSUPPORTED: [(&str, &str); 10] = [
    ("log_dir", "component output is kept in the folder `logs` of the state folder"),
    ("max_instance_memory", "the bound is given by `madang up --memory-limit`"),
    ("llm_compute", "components call a model over HTTP"),
    ("client_tls", "servers are trusted by Mozilla's roots"),
    ("outbound_networking", "a component reaches what its allowed_outbound_hosts grant"),
    ("outbound_http", "connections are kept and not counted"),
    ("outbound_redis", "one connection for each URL is shared"),
    ("outbound_pg", "there is no outbound PostgreSQL"),
    ("outbound_mysql", "there is no outbound MySQL"),
    ("outbound_mqtt", "there is no outbound MQTT"),
];

#[derive(Debug, Deserialize)]
struct Store {
    #[serde(rename = "type")]
    kind: String,
    #[serde(flatten)]
    settings: toml::Table,
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
        for (key, mend) in UNSUPPORTED {
            ensure!(!file.rest.contains_key(key), "`{key}` is not supported, {mend}: remove it");
        }
        if let Some(key) = file.rest.keys().next() {
            bail!("`{key}` is no key of a runtime config{}", suggestion(key, KEYS));
        }
        Ok(Self {
            state_dir: file.state_dir.filter(|path| !path.is_empty()).map(|path| here.join(path)),
            key_value_stores: each("key_value_store", file.key_value_store, |label, store| {
                store.key_value(label, folder)
            })?,
            sqlite_databases: each("sqlite_database", file.sqlite_database, |label, store| {
                store.database(label, here)
            })?,
            providers: file.variables_provider.into_iter().map(provider).collect::<Result<_>>()?,
        })
    }
}

/// Makes what it is of each store, with errors that name the store's table.
fn each<T>(
    table: &str,
    stores: BTreeMap<String, Store>,
    make: impl Fn(&str, Store) -> Result<T>,
) -> Result<BTreeMap<String, T>> {
    let make = |(label, store): (String, Store)| {
        let made = make(&label, store).with_context(|| format!("[{table}.{label}]"))?;
        Ok((label, made))
    };
    stores.into_iter().map(make).collect()
}

impl Store {
    fn key_value(mut self, label: &str, folder: &Path) -> Result<KeyValueStore> {
        let store = match self.kind.as_str() {
            "spin" => KeyValueStore::Sqlite(SqliteDatabase::alone(match self.text("path")? {
                Some(path) => folder.join(path),
                None => stores::memory("key-value", label),
            })),
            "redis" => {
                let url = self.text("url")?.context("add `url = \"redis://…\"`")?;
                stores::check_redis(&url).context("url")?;
                KeyValueStore::Redis(url)
            }
            kind => bail!(
                "type = \"{kind}\" is not supported: `type = \"spin\"`, a SQLite file, and \
                 `type = \"redis\"` are"
            ),
        };
        self.nothing_else().map(|()| store)
    }

    fn database(mut self, label: &str, here: &Path) -> Result<SqliteDatabase> {
        if self.kind != "spin" {
            bail!(
                "type = \"{}\" is not supported: `type = \"spin\"`, a SQLite file, is",
                self.kind
            );
        }
        let path = match self.text("path")? {
            Some(path) => here.join(path),
            None => stores::memory("sqlite", label),
        };
        let allow_attach_file = match self.settings.remove("allow_attach_file") {
            None => false,
            Some(toml::Value::Boolean(allow)) => allow,
            Some(_) => bail!("`allow_attach_file` is true or false"),
        };
        self.nothing_else().map(|()| SqliteDatabase { path, allow_attach_file })
    }

    fn text(&mut self, key: &str) -> Result<Option<String>> {
        match self.settings.remove(key) {
            None => Ok(None),
            Some(toml::Value::String(text)) => Ok(Some(text)),
            Some(_) => bail!("`{key}` is a text"),
        }
    }

    fn nothing_else(&self) -> Result<()> {
        match self.settings.keys().next() {
            Some(key) => bail!("`{key}` is not supported: remove it"),
            None => Ok(()),
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
            "state_dir = \"s\"\n\
             [key_value_store.a]\ntype = \"spin\"\npath = \"a.db\"\n\
             [key_value_store.m]\ntype = \"spin\"\n\
             [key_value_store.r]\ntype = \"redis\"\nurl = \"redis://h:1\"\n\
             [sqlite_database.b]\ntype = \"spin\"\npath = \"b.db\"\nallow_attach_file = true\n\
             [sqlite_database.m]\ntype = \"spin\"\n\
             [[config_provider]]\ntype = \"static\"\nvalues = { x = \"1\" }\n",
        )
        .unwrap();
        let file = |path| KeyValueStore::Sqlite(SqliteDatabase::alone(path));
        assert_eq!(config.key_value_stores["a"], file("/config/a.db"));
        assert_eq!(config.key_value_stores["m"], file("memory/key-value-m.db"));
        let redis = KeyValueStore::Redis("redis://h:1".to_owned());
        assert_eq!(config.key_value_stores["r"], redis);
        let database =
            |path: &str, allow_attach_file| SqliteDatabase { path: path.into(), allow_attach_file };
        assert_eq!(config.sqlite_databases["b"], database("/here/b.db", true));
        assert_eq!(config.sqlite_databases["m"], database("memory/sqlite-m.db", false));
        assert_eq!(config.state_dir.as_deref(), Some(Path::new("/here/s")));
        assert_eq!(config.providers.len(), 1);
    }

    #[test]
    fn other_kinds_and_keys_are_refused_by_name() {
        for (text, expected) in [
            ("llm_compute = 1", "`llm_compute` is not supported, components call a model"),
            ("max_instance_memory = 1", "the bound is given by `madang up --memory-limit`: remove"),
            (
                "[outbound_networking]\nblock_networks = []",
                "`outbound_networking` is not supported",
            ),
            ("[sqlite_databases.a]\ntype = \"spin\"", ", did you mean `sqlite_database`?"),
            (
                "[key_value_store.a]\ntype = \"azure_cosmos\"",
                "[key_value_store.a]: type = \"azure_cosmos\" is not supported",
            ),
            ("[key_value_store.a]\ntype = \"redis\"", "[key_value_store.a]: add `url"),
            (
                "[key_value_store.a]\ntype = \"redis\"\nurl = \"http://h\"",
                "[key_value_store.a]: url: no redis://",
            ),
            ("[sqlite_database.a]\ntype = \"libsql\"", "type = \"libsql\" is not supported"),
            ("[sqlite_database.a]\ntype = \"spin\"\npath = 1", "`path` is a text"),
            (
                "[sqlite_database.a]\ntype = \"spin\"\nallow_attach_file = 1",
                "`allow_attach_file` is true or false",
            ),
            ("[sqlite_database.a]\ntype = \"spin\"\npath = \"p\"\nx = 1", "`x` is not supported"),
            ("[[variables_provider]]\ntype = \"vault\"", "type = \"vault\" is not supported"),
            ("[[variables_provider]]\ntype = \"static\"\nvalue = 1", "value"),
        ] {
            let error = format!("{:#}", parse(text).unwrap_err());
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
