//! `[[trigger.…]]` and `[application.trigger.…]`.

use anyhow::{Result, bail, ensure};
use serde::{Deserialize, Deserializer, de};
use std::fmt;

/// Settings for all triggers of a kind.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriggerDefaults {
    /// `[application.trigger.redis]`.
    pub redis: Option<RedisDefaults>,
    http: Option<HttpDefaults>,
}

/// `[application.trigger.http]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpDefaults {
    base: Option<String>,
}

/// `[application.trigger.redis]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisDefaults {
    /// The server of triggers that name none; may be a template.
    pub address: String,
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
    #[serde(default, deserialize_with = "component_id")]
    pub component: String,
    executor: Option<Executor>,
    static_response: Option<toml::Value>,
    components: Option<toml::Value>,
    dependencies: Option<toml::Value>,
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
    #[serde(deserialize_with = "component_id")]
    pub component: String,
    /// Another server than the application's; may be a template.
    pub address: Option<String>,
}

fn component_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a component is named by its id")]
    enum Reference {
        Id(String),
        InPlace(de::IgnoredAny),
    }
    match Reference::deserialize(deserializer)? {
        Reference::Id(id) => Ok(id),
        Reference::InPlace(_) => Err(de::Error::custom(
            "a component that is written in its trigger is not supported: give it a table \
             [component.<id>] and write `component = \"<id>\"`",
        )),
    }
}

impl TriggerDefaults {
    pub(super) fn check(&self) -> Result<()> {
        match self.http.as_ref().and_then(|http| http.base.as_deref()) {
            None | Some("/") => Ok(()),
            Some(base) => bail!(
                "[application.trigger.http]: `base` is not supported, in Spin neither: write {base:?} \
                 before each route"
            ),
        }
    }
}

impl HttpTrigger {
    pub(super) fn check(&self) -> Result<()> {
        for (key, value, mend) in [
            ("static_response", &self.static_response, "answer it by a component"),
            ("components", &self.components, "call them from the component"),
            ("dependencies", &self.dependencies, "compose the component when it is built"),
        ] {
            ensure!(value.is_none(), "[[trigger.http]]: `{key}` is not supported: {mend}");
        }
        ensure!(!self.component.is_empty(), "[[trigger.http]] names no `component`: add its id");
        if let RouteConfig::Private { private: false } = self.route {
            bail!(
                "[[trigger.http]] of `{}`: write `route = {{ private = true }}` or a path",
                self.component
            );
        }
        match &self.executor {
            Some(executor) if !matches!(executor.kind.as_str(), "http" | "spin") => bail!(
                "[[trigger.http]] of `{}`: the executor \"{}\" is not supported, remove it (a \
                 component that \
                 exports wasi:http needs none)",
                self.component,
                executor.kind
            ),
            _ => Ok(()),
        }
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
