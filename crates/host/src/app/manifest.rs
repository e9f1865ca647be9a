//! `spin.toml`, manifest version 2. What the host cannot do is refused by name here, never ignored.

use super::template;
use anyhow::{Context, Result, anyhow, bail, ensure};
use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, de};
use std::{fmt, path::Path};

/// A manifest whose keys, names and references are all in order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    spin_manifest_version: u32,
    /// `[application]`.
    pub application: Application,
    /// `[variables]`, by name.
    #[serde(default)]
    pub variables: IndexMap<String, Variable>,
    /// `[[trigger.<kind>]]`.
    #[serde(rename = "trigger")]
    pub triggers: Triggers,
    /// `[component.<id>]`.
    #[serde(default, rename = "component")]
    pub components: IndexMap<String, Component>,
}

/// `[application]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// The application's name.
    pub name: String,
    /// Its version, possibly empty.
    #[serde(default)]
    pub version: String,
    #[serde(default, rename = "description")]
    _description: de::IgnoredAny,
    #[serde(default, rename = "authors")]
    _authors: de::IgnoredAny,
    #[serde(default, rename = "targets")]
    _targets: de::IgnoredAny,
    /// `[application.trigger.<kind>]`.
    #[serde(default)]
    pub trigger: TriggerDefaults,
    #[serde(default)]
    tool: ApplicationTools,
}

/// Settings for all triggers of a kind.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriggerDefaults {
    /// `[application.trigger.redis]`.
    pub redis: Option<RedisDefaults>,
}

/// `[application.trigger.redis]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisDefaults {
    /// The server of triggers that name none; may be a template.
    pub address: String,
}

#[derive(Debug, Default, Deserialize)]
struct ApplicationTools {
    #[serde(default)]
    madang: ApplicationSettings,
}

/// `[application.tool.madang]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApplicationSettings {
    /// How often each component's `ready` path is asked, in milliseconds.
    pub ready_interval_ms: u64,
}

impl Default for ApplicationSettings {
    fn default() -> Self {
        Self { ready_interval_ms: 1000 }
    }
}

/// One of `[variables]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    #[serde(default, rename = "description")]
    _description: de::IgnoredAny,
    /// A value must come from outside.
    #[serde(default)]
    pub required: bool,
    /// The value where none comes from outside.
    pub default: Option<String>,
    #[serde(default, rename = "secret")]
    _secret: bool,
}

/// The application's triggers.
#[derive(Debug, Default)]
pub struct Triggers {
    /// `[[trigger.http]]`.
    pub http: Vec<HttpTrigger>,
    /// `[[trigger.redis]]`.
    pub redis: Vec<RedisTrigger>,
}

/// One `[[trigger.http]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpTrigger {
    #[serde(default, rename = "id")]
    _id: de::IgnoredAny,
    /// Where the component is reached.
    pub route: RouteConfig,
    /// The component's id.
    pub component: String,
    executor: Option<Executor>,
}

/// The route of an HTTP trigger.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a route is a text such as \"/books/...\", or { private = true }")]
pub enum RouteConfig {
    /// Reached by this pattern.
    Public(String),
    /// Not reached from outside.
    Private {
        /// Must be true.
        private: bool,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Executor {
    #[serde(rename = "type")]
    kind: String,
}

/// One `[[trigger.redis]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisTrigger {
    #[serde(default, rename = "id")]
    _id: de::IgnoredAny,
    /// The channel; may be a template.
    pub channel: String,
    /// The component's id.
    pub component: String,
    /// Another server than the application's; may be a template.
    pub address: Option<String>,
}

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
    files: Option<toml::Value>,
    exclude_files: Option<toml::Value>,
    environment: Option<toml::Value>,
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
    /// Messages only say "look": those that wait become one.
    pub doorbell: bool,
    /// Key patterns that the component's Redis user may touch.
    pub redis_keys: Vec<String>,
    /// Channels that it may publish on.
    pub redis_channels: Vec<String>,
}

impl Manifest {
    /// Reads and checks a manifest. Errors name the file, the key and the mend.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| {
            format!("cannot read the manifest {}: name it with --from", path.display())
        })?;
        Self::parse(&text)
            .with_context(|| format!("the manifest {} is not in order", path.display()))
    }

    /// Parses and checks a manifest's text.
    pub fn parse(text: &str) -> Result<Self> {
        let manifest: Self = toml::from_str(text)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// `[application.tool.madang]`.
    pub fn settings(&self) -> &ApplicationSettings {
        &self.application.tool.madang
    }

    /// Leaves only these components and the triggers that call them (`--component-id`).
    pub fn select(&mut self, ids: &[String]) -> Result<()> {
        for id in ids {
            self.known(id, "--component-id")?;
        }
        self.components.retain(|id, _| ids.contains(id));
        self.triggers.http.retain(|trigger| ids.contains(&trigger.component));
        self.triggers.redis.retain(|trigger| ids.contains(&trigger.component));
        Ok(())
    }

    fn known(&self, id: &str, place: &str) -> Result<()> {
        ensure!(
            self.components.contains_key(id),
            "{place} names the component `{id}`, which the manifest does not have{}",
            crate::say::suggestion(id, self.components.keys().map(String::as_str))
        );
        Ok(())
    }

    fn check(&self) -> Result<()> {
        ensure!(self.spin_manifest_version == 2, "spin_manifest_version must be 2");
        for (name, variable) in &self.variables {
            template::check_name(name).map_err(|fault| anyhow!("[variables]: {fault}"))?;
            ensure!(
                variable.required != variable.default.is_some(),
                "[variables]: `{name}` must have either `required = true` or a `default`"
            );
        }
        for trigger in &self.triggers.http {
            self.known(&trigger.component, "[[trigger.http]]")?;
            trigger.check()?;
        }
        for trigger in &self.triggers.redis {
            self.known(&trigger.component, "[[trigger.redis]]")?;
            ensure!(
                trigger.address.is_some() || self.application.trigger.redis.is_some(),
                "[[trigger.redis]] of `{}` has no server: give it an `address`, or all of them one in \
                 [application.trigger.redis]",
                trigger.component
            );
        }
        for (id, component) in &self.components {
            component.check(id).with_context(|| format!("[component.{id}]"))?;
        }
        Ok(())
    }
}

impl HttpTrigger {
    fn check(&self) -> Result<()> {
        if let RouteConfig::Private { private: false } = self.route {
            bail!(
                "[[trigger.http]] of `{}`: write `route = {{ private = true }}` or a path",
                self.component
            );
        }
        match &self.executor {
            Some(executor) if !matches!(executor.kind.as_str(), "http" | "spin") => bail!(
                "[[trigger.http]] of `{}`: the executor \"{}\" is not supported, remove it (a component that \
                 exports wasi:http needs none)",
                self.component,
                executor.kind
            ),
            _ => Ok(()),
        }
    }
}

impl Component {
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

    fn check(&self, id: &str) -> Result<()> {
        let word = |word: &str| {
            word.starts_with(|c: char| c.is_ascii_alphabetic())
                && word.chars().all(|c| c.is_ascii_alphanumeric())
        };
        ensure!(
            id.split('-').all(word),
            "a component's id is words of letters and digits joined by `-`"
        );
        if let Source::Elsewhere(table) = &self.source {
            let key = table.keys().next().map_or("an empty table", String::as_str);
            bail!(
                "`source` by {key} is not supported: fetch the file and write `source = \"path/to/file.wasm\"`"
            );
        }
        for (key, value, mend) in [
            ("files", &self.files, "keep such data in the component or in a store"),
            ("exclude_files", &self.exclude_files, "remove it"),
            ("environment", &self.environment, "use `variables`"),
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
        for pattern in settings.redis_keys.iter().chain(&settings.redis_channels) {
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

impl<'de> Deserialize<'de> for Triggers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Kinds;
        impl<'de> de::Visitor<'de> for Kinds {
            type Value = Triggers;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("[[trigger.http]] and [[trigger.redis]] tables")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut kinds: A) -> Result<Triggers, A::Error> {
                let mut triggers = Triggers::default();
                while let Some(kind) = kinds.next_key::<String>()? {
                    match kind.as_str() {
                        "http" => triggers.http = kinds.next_value()?,
                        "redis" => triggers.redis = kinds.next_value()?,
                        _ => {
                            return Err(de::Error::custom(format!(
                                "the trigger kind `{kind}` is not supported: `http` and `redis` are"
                            )));
                        }
                    }
                }
                Ok(triggers)
            }
        }
        deserializer.deserialize_map(Kinds)
    }
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
