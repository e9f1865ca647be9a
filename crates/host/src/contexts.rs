//! What the host knows of how the platform keeps a system in Redis and serves its contexts: a
//! context is a component whose `ready` path is `/<system>/-/<name>/health/ready`. Source: the
//! platform's `Env` (keys) and `rest::internal` (paths).

use crate::app::plan::{ComponentPlan, Plan};
use serde::{Deserialize, Serialize};

/// The variable under which contexts know the token that internal paths ask for.
const TOKEN: &str = "service_token";

/// A component that is a context of a system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Context {
    /// The component's id.
    pub component: String,
    /// The system: `bookrent`.
    pub system: String,
    /// Its name there: `rent`.
    pub name: String,
    /// What its internal paths ask for.
    pub service_token: Option<String>,
}

/// The contexts of an application, in the order of their components' ids.
pub fn contexts(plan: &Plan) -> Vec<Context> {
    plan.components.iter().filter_map(|(id, component)| Context::of(id, component)).collect()
}

/// The systems that have contexts, each once, in the order of their names.
pub fn systems(contexts: &[Context]) -> Vec<&str> {
    let mut names: Vec<_> = contexts.iter().map(|context| context.system.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The key of a system's log, a stream whose entries `<number>-0` have the fields `t`, the event's
/// type, and `e`, the CloudEvent.
pub fn log_key(system: &str) -> String {
    format!("{{{system}}}:log")
}

/// The key of the number of the log's last event.
pub fn head_key(system: &str) -> String {
    format!("{{{system}}}:log:head")
}

impl Context {
    fn of(component: &str, plan: &ComponentPlan) -> Option<Self> {
        let (system, rest) = plan.ready.as_ref()?.strip_prefix('/')?.split_once("/-/")?;
        let name = rest.strip_suffix("/health/ready")?;
        (!system.contains('/') && !name.contains('/')).then(|| Self {
            component: component.to_owned(),
            system: system.to_owned(),
            name: name.to_owned(),
            service_token: plan.variables.get(TOKEN).filter(|token| !token.is_empty()).cloned(),
        })
    }

    /// Where its internal paths begin, without a slash at the end.
    pub fn path(&self) -> String {
        format!("/{}/-/{}", self.system, self.name)
    }

    /// The key of its place in the log, which a context without policies does not have.
    pub fn cursor_key(&self) -> String {
        format!("{{{}}}:{}:cursor", self.system, self.name)
    }

    /// The key of its dead letters, a hash by their numbers.
    pub fn dead_key(&self) -> String {
        format!("{{{}}}:dead:{}", self.system, self.name)
    }
}
