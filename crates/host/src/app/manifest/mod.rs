//! `spin.toml`, manifest version 2. What the host cannot do is refused by name here, never ignored.

mod component;
mod triggers;

pub use component::{Component, ComponentSettings};
pub use triggers::{
    HttpTrigger, RedisDefaults, RedisTrigger, RouteConfig, TriggerDefaults, Triggers,
};

use super::{
    chaining,
    parse::from_toml,
    template::{self, Count},
};
use anyhow::{Context, Result, anyhow, bail, ensure};
use indexmap::IndexMap;
use serde::{Deserialize, de};
use std::path::Path;

/// A manifest whose keys, names and references are all in order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    #[serde(rename = "spin_manifest_version")]
    _version: de::IgnoredAny,
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
    /// [`ComponentSettings::max_requests`] of components that do not say it themselves.
    pub max_requests: Option<Count>,
}

impl Default for ApplicationSettings {
    fn default() -> Self {
        Self { ready_interval_ms: 1000, max_requests: None }
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

/// What tells a manifest of another version, whose other keys are unknown here.
#[derive(Deserialize)]
struct Version {
    /// Version 1 also knew it as `spin_version`.
    #[serde(alias = "spin_version")]
    spin_manifest_version: Option<toml::Value>,
}

impl Version {
    fn check(&self) -> Result<()> {
        match &self.spin_manifest_version {
            // That it is missing is told with what else is.
            None | Some(toml::Value::Integer(2)) => Ok(()),
            Some(_) => {
                bail!(
                    "spin_manifest_version must be 2: `spin doctor` converts a manifest of version 1"
                )
            }
        }
    }
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
        from_toml::<Version>(text)?.check()?;
        let manifest: Self = from_toml(text)?;
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
        for (id, component) in &self.components {
            chaining::check_selected(component, ids)
                .with_context(|| format!("[component.{id}]"))?;
        }
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
        for (name, variable) in &self.variables {
            template::check_name(name).map_err(|fault| anyhow!("[variables]: {fault}"))?;
            ensure!(
                variable.required != variable.default.is_some(),
                "[variables]: `{name}` must have either `required = true` or a `default`"
            );
        }
        self.application.trigger.check()?;
        for trigger in &self.triggers.http {
            trigger.check()?;
            self.known(&trigger.component, "[[trigger.http]]")?;
        }
        for trigger in &self.triggers.redis {
            self.known(&trigger.component, "[[trigger.redis]]")?;
            ensure!(
                trigger.address.is_some() || self.application.trigger.redis.is_some(),
                "[[trigger.redis]] of `{}` has no server: give it an `address`, or all of them \
                 one in \
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

#[cfg(test)]
mod tests;
