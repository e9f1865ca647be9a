//! Reading the application anew while it runs: what `madang up` would do with it now, but for what
//! cannot change: where it is served, how many workers there are, its Redis and its state folder.

use super::{
    Options, compile,
    handover::Done,
    load::{Load, Redis, Source},
};
use crate::app::plan::{ComponentPlan, Plan};
use anyhow::{Context, Result};
use serde::Serialize;
use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc};
use tokio::sync::{mpsc, oneshot};

/// What a reload needs to know of the running application.
#[derive(Debug)]
pub struct Reload {
    /// How it was started.
    pub options: Arc<Options>,
    /// Where it is served.
    pub listen: SocketAddr,
    /// Its admin port.
    pub admin: SocketAddr,
    /// Its state folder.
    pub state_dir: PathBuf,
    /// Its Redis.
    pub redis: Redis,
    /// What its processes run.
    pub plan: Plan,
    /// Takes a new plan to those who can make it theirs.
    pub proposals: mpsc::Sender<(Plan, Done)>,
}

/// What a reload has changed.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Components that there were not.
    pub added: Vec<String>,
    /// Components whose code is another, or what the manifest, its variables or the runtime config
    /// say of them.
    pub changed: Vec<String>,
    /// Components that there are no more.
    pub removed: Vec<String>,
    /// Whether the processes were replaced: not if all is as it was.
    pub replaced: bool,
}

impl Reload {
    /// Reads the application and has new processes take over. Whatever is wrong with it, the old
    /// ones go on; errors tell what `madang up` would.
    pub async fn run(self) -> Result<Changes> {
        let Options { source, quiet, limits, .. } = &*self.options;
        let source = Source { state_dir: Some(self.state_dir.clone()), ..source.clone() };
        let loaded = Load::new(&source)?;
        let redis = loaded.redis_again(&self.redis).await?;
        let plan = loaded.plan(self.listen, Some(self.admin), &redis, *quiet, *limits)?;
        // The old processes may have to be replaced until the new ones take over.
        let keep = self.plan.components.values().flat_map(ComponentPlan::made);
        let plan = compile::compile(plan, &self.state_dir, keep.collect()).await?;
        let changes = Changes::between(&self.plan, &plan);
        if !changes.replaced {
            return Ok(changes);
        }
        let users = match &redis {
            Redis::Own(server) => Some((server, loaded.logins.file(&plan))),
            _ => None,
        };
        if let Some((server, users)) = &users {
            server.extend_users(users).await?;
        }
        let (done, taken_over) = oneshot::channel();
        let _ = self.proposals.send((plan, done)).await;
        taken_over.await.context("the application is stopping")??;
        if let Some((server, users)) = users {
            server.adopt_users(users);
        }
        Ok(changes)
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let all = [("added", &self.added), ("changed", &self.changed), ("removed", &self.removed)];
        let all = all.into_iter().filter(|(_, ids)| !ids.is_empty());
        let all: Vec<_> = all.map(|(what, ids)| format!("{what} {}", ids.join(", "))).collect();
        match all.is_empty() {
            // Routes, for example.
            true => f.write_str("no component has changed"),
            false => f.write_str(&all.join("; ")),
        }
    }
}

impl Changes {
    fn between(old: &Plan, new: &Plan) -> Self {
        let lacking = |plan: &Plan, other: &Plan| {
            let ids = plan.components.keys().filter(|id| !other.components.contains_key(*id));
            ids.cloned().collect()
        };
        let is_other = |id: &String| {
            old.components.get(id).is_some_and(|component| *component != new.components[id])
        };
        Self {
            added: lacking(new, old),
            changed: new.components.keys().filter(|id| is_other(id)).cloned().collect(),
            removed: lacking(old, new),
            replaced: old != new,
        }
    }
}
