//! What a worker needs to know of the application: everything resolved, nothing left to look up.

mod component;
mod limits;

pub use super::stores::without_password;
pub use component::{ComponentPlan, info_path};
pub use limits::Limits;

use super::{
    manifest::{Manifest, RouteConfig},
    routes::{Route, Router},
    runtime_config::RuntimeConfig,
    stores::{self, KeyValueStore, SqliteDatabase},
    template::{self, Values},
    tls::Tls,
};
use crate::telemetry::settings::Settings;
use anyhow::{Context, Result};
use component::Stores;
use http::uri::Scheme;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// How many of a component's requests may be at work at once where the manifest does not say.
const MAX_REQUESTS: usize = 64;

/// The whole of it: the supervisor sends it to each process that it starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The application's name.
    pub name: String,
    /// Its version, possibly empty.
    pub version: String,
    /// The components, by id.
    pub components: BTreeMap<String, ComponentPlan>,
    /// The public routes.
    pub routes: Vec<Route>,
    /// The Redis channels.
    pub subscriptions: Vec<Subscription>,
    /// Key-value stores, by label.
    pub key_value_stores: BTreeMap<String, KeyValueStore>,
    /// SQLite databases, by label.
    pub sqlite_databases: BTreeMap<String, SqliteDatabase>,
    /// Where the application is reached.
    pub listen: SocketAddr,
    /// What it is served with by HTTPS, if it is.
    pub tls: Option<Tls>,
    /// Where component output goes.
    pub logs: PathBuf,
    /// Whether component output is kept from the console.
    pub quiet: bool,
    /// Bounds that the command line sets.
    pub limits: Limits,
    /// Milliseconds between two questions for a component's readiness.
    pub ready_interval_ms: u64,
    /// Where spans go, if they are made.
    pub telemetry: Option<Settings>,
}

/// One `[[trigger.redis]]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    /// The server's URL.
    pub address: String,
    /// The channel's name.
    pub channel: String,
    /// The id of the component that is called.
    pub component: String,
}

/// Where things are on this machine.
#[derive(Debug)]
pub struct Places<'a> {
    /// The manifest's folder.
    pub base: &'a Path,
    /// The state folder.
    pub state: &'a Path,
    /// Where the application is reached.
    pub listen: SocketAddr,
}

impl Plan {
    /// Whether there is work for a process that listens to Redis; it asks for readiness, too.
    pub fn needs_trigger(&self) -> bool {
        !self.subscriptions.is_empty()
            || self.components.values().any(|component| component.ready.is_some())
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> Scheme {
        if self.tls.is_some() { Scheme::HTTPS } else { Scheme::HTTP }
    }

    /// The names of the Redis channels, each once.
    pub fn channels(&self) -> impl Iterator<Item = &str> {
        let names: BTreeSet<_> =
            self.subscriptions.iter().map(|one| one.channel.as_str()).collect();
        names.into_iter()
    }

    /// Resolves every template and label of a manifest. Errors name the place and the mend.
    pub fn new(
        manifest: &Manifest,
        config: &RuntimeConfig,
        values: &Values,
        places: &Places,
        quiet: bool,
        limits: Limits,
    ) -> Result<Self> {
        // Spin's names for the stores that need no config.
        let mut key_value_stores = config.key_value_stores.clone();
        key_value_stores
            .entry("default".to_owned())
            .or_insert_with(|| KeyValueStore::Sqlite(SqliteDatabase::alone("sqlite_key_value.db")));
        let mut sqlite_databases = config.sqlite_databases.clone();
        sqlite_databases
            .entry("default".to_owned())
            .or_insert_with(|| SqliteDatabase::alone("sqlite_db.db"));
        let files = key_value_stores.values_mut().filter_map(KeyValueStore::file_mut);
        for database in files.chain(sqlite_databases.values_mut()) {
            database.path = places.state.join(&database.path);
        }

        let max_requests = match &manifest.settings().max_requests {
            Some(count) => count
                .resolve(values)
                .context("max_requests")
                .context("[application.tool.madang]")?,
            None => MAX_REQUESTS,
        };

        let stores = Stores { key_value: &key_value_stores, sqlite: &sqlite_databases };
        let mut components = BTreeMap::new();
        for id in manifest.components.keys() {
            let plan = ComponentPlan::new(id, manifest, values, places.base, &stores, max_requests);
            components.insert(id.clone(), plan.with_context(|| format!("[component.{id}]"))?);
        }

        let routes: Vec<_> = manifest
            .triggers
            .http
            .iter()
            .filter_map(|trigger| match &trigger.route {
                RouteConfig::Public(pattern) => {
                    Some(Route { pattern: pattern.clone(), component: trigger.component.clone() })
                }
                RouteConfig::Private { .. } => None,
            })
            .collect();
        Router::new(&routes)?;

        let default = manifest.application.trigger.redis.as_ref().map(|redis| &redis.address);
        let subscriptions = manifest
            .triggers
            .redis
            .iter()
            .map(|trigger| {
                let place = || format!("[[trigger.redis]] of `{}`", trigger.component);
                let address =
                    trigger.address.as_ref().or(default).context("the manifest was checked")?;
                let address = template::resolve(address, values).with_context(place)?;
                stores::check_redis(&address).context("the address").with_context(place)?;
                let channel = template::resolve(&trigger.channel, values).with_context(place)?;
                Ok(Subscription { address, channel, component: trigger.component.clone() })
            })
            .collect::<Result<_>>()?;

        Ok(Self {
            name: manifest.application.name.clone(),
            version: manifest.application.version.clone(),
            components,
            routes,
            subscriptions,
            key_value_stores,
            sqlite_databases,
            listen: places.listen,
            tls: None,
            logs: places.state.join("logs"),
            quiet,
            limits,
            ready_interval_ms: manifest.settings().ready_interval_ms.max(10),
            telemetry: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(rest: &str) -> Result<Plan> {
        let manifest = Manifest::parse(&format!(
            "spin_manifest_version = 2\napplication.name = \"a\"\n[variables]\nport = {{ default \
             = \"1\" }}\nnone = {{ default = \"\" }}\n\
             [[trigger.http]]\nroute = \"/\"\ncomponent = \"a\"\n[[trigger.http]]\nroute = {{ \
             private = true }}\n\
             component = \"a\"\n[component.a]\nsource = \"a.wasm\"\n{rest}"
        ))?;
        let values = [("port", "1"), ("none", "")].map(|(k, v)| (k.into(), v.into())).into();
        let places = Places {
            base: Path::new("/base"),
            state: Path::new("/state"),
            listen: "127.0.0.1:3000".parse()?,
        };
        let limits = Limits::default();
        Plan::new(&manifest, &RuntimeConfig::default(), &values, &places, false, limits)
    }

    #[test]
    fn templates_labels_and_paths_are_resolved() {
        let plan = plan(
            "allowed_outbound_hosts = [\"redis://h:{{ port }}\", \"{{ none }}\", \"http://{{ none }}\"]\nkey_value_stores = \
             [\"default\"]\n\
             variables = { url = \"x{{ port }}\" }",
        )
        .unwrap();
        let component = &plan.components["a"];
        assert_eq!(component.source, Path::new("/base/a.wasm"));
        // What a variable leaves empty is no entry.
        assert_eq!(component.grants, ["redis://h:1"]);
        assert_eq!(component.variables["url"], "x1");
        let default = KeyValueStore::Sqlite(SqliteDatabase::alone("/state/sqlite_key_value.db"));
        assert_eq!(plan.key_value_stores["default"], default);
        assert_eq!(plan.sqlite_databases["default"].path, Path::new("/state/sqlite_db.db"));
        assert_eq!(plan.routes.len(), 1);
    }

    #[test]
    fn faults_name_the_component_and_the_mend() {
        for (rest, expected) in [
            (
                "sqlite_databases = [\"views\"]",
                "[component.a]: the label `views` has no store: add",
            ),
            ("sqlite_databases = [\"views\"]", "[sqlite_database.views]"),
            (
                "variables = { url = \"{{ prot }}\" }",
                "[component.a]: the variable `url`: `{{ prot }}` uses the variable `prot`",
            ),
            (
                "tool.madang.max_requests = 0",
                "[component.a]: tool.madang.max_requests: \"0\" is no whole number from 1 up",
            ),
            (
                "allowed_outbound_hosts = [\"x\"]",
                "[component.a]: allowed_outbound_hosts: \"x\" is not an outbound host",
            ),
            ("allowed_outbound_hosts = [\"http://\"]", "\"http://\" is not an outbound host"),
        ] {
            let error = format!("{:#}", plan(rest).unwrap_err());
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_components_own_bound_goes_before_the_applications() {
        assert_eq!(plan("").unwrap().components["a"].max_requests, 64);
        let own = plan("tool.madang.max_requests = \"{{ port }}\"").unwrap();
        assert_eq!(own.components["a"].max_requests, 1);
    }

    #[test]
    fn health_and_info_lie_beside_ready() {
        let component = |ready: &str| {
            let rest = format!("tool.madang.ready = \"{ready}\"");
            plan(&rest).unwrap().components.remove("a").unwrap()
        };
        let rent = component("/shop/-/rent/health/ready");
        for path in ["/shop/-/rent/health/ready", "/shop/-/rent/health/live"] {
            assert!(rent.is_health(path), "{path}");
        }
        for path in ["/shop/-/rent/info", "/shop/-/rent/health", "/shop/-/rents/health/ready", "/"]
        {
            assert!(!rent.is_health(path), "{path}");
        }
        assert!(rent.is_info("/shop/-/rent/info"));
        assert!(!rent.is_info("/shop/-/rent/info/x") && !rent.is_info("/info"));
        // Elsewhere, only the path itself is certain.
        let other = component("/ready");
        assert!(other.is_health("/ready") && !other.is_health("/live") && !other.is_info("/info"));
        assert!(!plan("").unwrap().components["a"].is_health("/"));
    }
}
