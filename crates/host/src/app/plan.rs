//! What a worker needs to know of the application: everything resolved, nothing left to look up.

use super::{
    grants::Grants,
    manifest::{Manifest, RouteConfig},
    routes::{Route, Router},
    runtime_config::RuntimeConfig,
    template::{self, Values},
};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// How many of a component's requests may be at work at once where the manifest does not say.
const MAX_REQUESTS: usize = 64;

/// Ends the `ready` path of a component that has an info.
const READY: &str = "/health/ready";
/// Ends the info's own path.
const INFO: &str = "/info";

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
    /// SQLite files of key-value stores, by label.
    pub key_value_stores: BTreeMap<String, PathBuf>,
    /// SQLite files of databases, by label.
    pub sqlite_databases: BTreeMap<String, PathBuf>,
    /// Where the application is reached.
    pub listen: SocketAddr,
    /// Where component output goes.
    pub logs: PathBuf,
    /// Whether component output is kept from the console.
    pub quiet: bool,
    /// Bounds that the command line sets.
    pub limits: Limits,
    /// Milliseconds between two questions for a component's readiness.
    pub ready_interval_ms: u64,
}

/// Bounds that the command line sets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// How long an instance may live, in milliseconds.
    pub request_timeout_ms: u64,
    /// How much memory an instance may have, in bytes.
    pub memory: usize,
    /// Workers that share in a component's [`ComponentPlan::max_requests`].
    pub workers: usize,
}

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
    /// Labels of key-value stores that it may open.
    pub key_value_stores: Vec<String>,
    /// Labels of SQLite databases that it may open.
    pub sqlite_databases: Vec<String>,
    /// The path to ask for its readiness.
    pub ready: Option<String>,
    /// How many of its requests may be at work at once, and as many more wait. Each worker takes its
    /// share, rounded up; the trigger process, whose policies call neighbours too, has the same.
    pub max_requests: usize,
    /// Redis key patterns that it may touch.
    pub redis_keys: Vec<String>,
    /// Redis channels that it may publish on.
    pub redis_channels: Vec<String>,
    /// Whether waiting messages become one.
    pub doorbell: bool,
    /// Whether an HTTP trigger calls it.
    pub http: bool,
    /// Whether a Redis trigger calls it.
    pub redis: bool,
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

    /// Resolves every template and label of a manifest. Errors name the place and the mend.
    pub fn new(
        manifest: &Manifest,
        config: &RuntimeConfig,
        values: &Values,
        places: &Places,
        quiet: bool,
        limits: Limits,
    ) -> Result<Self> {
        let with_default = |stores: &BTreeMap<String, PathBuf>, file: &str| {
            let mut stores = stores.clone();
            stores.entry("default".to_owned()).or_insert_with(|| places.state.join(file));
            stores
        };
        // Spin's names for the stores that need no config.
        let key_value_stores = with_default(&config.key_value_stores, "sqlite_key_value.db");
        let sqlite_databases = with_default(&config.sqlite_databases, "sqlite_db.db");

        let max_requests = match &manifest.settings().max_requests {
            Some(count) => count
                .resolve(values)
                .context("max_requests")
                .context("[application.tool.madang]")?,
            None => MAX_REQUESTS,
        };

        let mut components = BTreeMap::new();
        for (id, component) in &manifest.components {
            let plan = (|| -> Result<_> {
                let grants: Vec<_> = component
                    .allowed_outbound_hosts
                    .iter()
                    .map(|entry| template::resolve(entry, values))
                    .collect::<Result<_>>()
                    .context("allowed_outbound_hosts")?;
                Grants::parse(grants.iter().map(String::as_str))
                    .context("allowed_outbound_hosts")?;
                check_labels(&component.key_value_stores, &key_value_stores, "key_value_store")?;
                check_labels(&component.sqlite_databases, &sqlite_databases, "sqlite_database")?;
                Ok(ComponentPlan {
                    source: places.base.join(component.source()),
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
                    key_value_stores: component.key_value_stores.clone(),
                    sqlite_databases: component.sqlite_databases.clone(),
                    ready: component.settings().ready.clone(),
                    max_requests: match &component.settings().max_requests {
                        Some(count) => count.resolve(values).context("tool.madang.max_requests")?,
                        None => max_requests,
                    },
                    redis_keys: component.settings().redis_keys.clone(),
                    redis_channels: component.settings().redis_channels.clone(),
                    doorbell: component.settings().doorbell,
                    http: manifest.triggers.http.iter().any(|trigger| trigger.component == *id),
                    redis: manifest.triggers.redis.iter().any(|trigger| trigger.component == *id),
                })
            })();
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
                redis::parse_redis_url(&address)
                    .with_context(|| {
                        format!("the address is no redis:// URL: {}", without_password(&address))
                    })
                    .with_context(place)?;
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
            logs: places.state.join("logs"),
            quiet,
            limits,
            ready_interval_ms: manifest.settings().ready_interval_ms.max(10),
        })
    }
}

impl ComponentPlan {
    /// Whether `path` asks how the component is: the `ready` path, and what lies in the same folder
    /// if that is named `health`.
    pub fn is_health(&self, path: &str) -> bool {
        let Some(ready) = &self.ready else { return false };
        let folder = &ready[..=ready.rfind('/').unwrap_or_default()];
        path == ready || folder.ends_with("/health/") && path.starts_with(folder)
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

/// A URL fit for a log line.
pub fn without_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 < at => {
            format!("{}…{}", &url[..scheme + 3], &url[at..])
        }
        _ => url.to_owned(),
    }
}

fn check_labels(labels: &[String], stores: &BTreeMap<String, PathBuf>, table: &str) -> Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(rest: &str) -> Result<Plan> {
        let manifest = Manifest::parse(&format!(
            "spin_manifest_version = 2\napplication.name = \"a\"\n[variables]\nport = {{ default \
             = \"1\" }}\n\
             [[trigger.http]]\nroute = \"/\"\ncomponent = \"a\"\n[[trigger.http]]\nroute = {{ \
             private = true }}\n\
             component = \"a\"\n[component.a]\nsource = \"a.wasm\"\n{rest}"
        ))?;
        let values = [("port".to_owned(), "1".to_owned())].into();
        let places = Places {
            base: Path::new("/base"),
            state: Path::new("/state"),
            listen: "127.0.0.1:3000".parse()?,
        };
        let limits = Limits { request_timeout_ms: 1, memory: 1, workers: 1 };
        Plan::new(&manifest, &RuntimeConfig::default(), &values, &places, false, limits)
    }

    #[test]
    fn templates_labels_and_paths_are_resolved() {
        let plan = plan(
            "allowed_outbound_hosts = [\"redis://h:{{ port }}\"]\nkey_value_stores = \
             [\"default\"]\n\
             variables = { url = \"x{{ port }}\" }",
        )
        .unwrap();
        let component = &plan.components["a"];
        assert_eq!(component.source, Path::new("/base/a.wasm"));
        assert_eq!(component.grants, ["redis://h:1"]);
        assert_eq!(component.variables["url"], "x1");
        assert_eq!(plan.key_value_stores["default"], Path::new("/state/sqlite_key_value.db"));
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

    #[test]
    fn passwords_stay_out_of_log_lines() {
        assert_eq!(without_password("redis://me:secret@h:1"), "redis://…@h:1");
        assert_eq!(without_password("redis://h:1"), "redis://h:1");
    }
}
