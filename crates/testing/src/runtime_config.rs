//! A runtime config for tests: every store that a manifest names, in a temporary directory.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The `service_token` of hosts that tests start; [`crate::Client::with`] sends it.
pub const SERVICE_TOKEN: &str = "test-service-token";

/// The parts of a manifest that tests must know.
#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    #[serde(default)]
    component: BTreeMap<String, Component>,
}

#[derive(Debug, Deserialize)]
struct Component {
    #[serde(default)]
    sqlite_databases: Vec<String>,
    #[serde(default)]
    key_value_stores: Vec<String>,
    #[serde(default)]
    tool: Tool,
}

#[derive(Debug, Default, Deserialize)]
struct Tool {
    madang: Option<Madang>,
}

#[derive(Debug, Deserialize)]
struct Madang {
    ready: Option<String>,
}

impl Manifest {
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
    }

    /// The paths at which components are asked whether they are ready.
    pub(crate) fn ready_paths(&self) -> Vec<String> {
        let tools = self.component.values().filter_map(|c| c.tool.madang.as_ref());
        tools.filter_map(|madang| madang.ready.clone()).collect()
    }

    /// A runtime config with all stores below `stores`. A label named `default` is left to the
    /// host, which has it without being told.
    pub(crate) fn runtime_config(&self, stores: &Path) -> String {
        let mut config = format!(
            "[[variables_provider]]\ntype = \"static\"\nvalues = {{ service_token = {} }}\n",
            quoted(SERVICE_TOKEN)
        );
        let mut stores_of = |kind: &str, labels: &dyn Fn(&Component) -> &Vec<String>| {
            let labels: BTreeSet<_> = self.component.values().flat_map(labels).collect();
            for label in labels.into_iter().filter(|label| *label != "default") {
                let path = stores.join(format!("{kind}-{label}.db"));
                let (label, path) = (quoted(label), quoted(&path.to_string_lossy()));
                let _ = write!(config, "\n[{kind}.{label}]\ntype = \"spin\"\npath = {path}\n");
            }
        };
        stores_of("sqlite_database", &|component| &component.sqlite_databases);
        stores_of("key_value_store", &|component| &component.key_value_stores);
        config
    }
}

/// A TOML basic string: its escapes are those of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_gets_a_store_of_its_own() {
        let manifest: Manifest = toml::from_str(
            r#"
            spin_manifest_version = 2
            [component.a]
            sqlite_databases = ["default", "views"]
            key_value_stores = ["views"]
            [component.b]
            sqlite_databases = ["views"]
            [component.b.tool.madang]
            ready = "/b/ready"
            "#,
        )
        .unwrap();
        assert_eq!(manifest.ready_paths(), ["/b/ready"]);

        let config = manifest.runtime_config(Path::new("/a \"dir\""));
        let config: toml::Table = toml::from_str(&config).unwrap();
        let databases = config["sqlite_database"].as_table().unwrap();
        assert_eq!(databases.keys().collect::<Vec<_>>(), ["views"]);
        assert_eq!(
            databases["views"]["path"].as_str(),
            Some("/a \"dir\"/sqlite_database-views.db")
        );
        let path = &config["key_value_store"]["views"]["path"];
        assert_eq!(path.as_str(), Some("/a \"dir\"/key_value_store-views.db"));
        let provider = &config["variables_provider"][0];
        assert_eq!(provider["values"]["service_token"].as_str(), Some(SERVICE_TOKEN));
    }
}
