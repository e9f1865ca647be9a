//! How the contexts of a system are: what each tells of itself, and what Redis tells of one that does not answer.

use serde_json::Value;

use crate::log::Log;
use crate::model::{Context, System};
use crate::reach::{self, Asked};
use crate::topology::Topology;

/// How a context is.
pub(crate) struct Standing {
    /// Which.
    pub(crate) context: &'static Context,
    /// Its `info`; why not, where it does not answer.
    pub(crate) info: Result<Value, String>,
    /// The last event that it has read.
    pub(crate) cursor: u64,
    /// How many events are before it.
    pub(crate) lag: u64,
    /// How many events it has given up.
    pub(crate) dead: u64,
}

impl Standing {
    /// Whether it answers.
    pub(crate) fn is_up(&self) -> bool {
        self.info.is_ok()
    }
}

/// Questions to all contexts of a system that are under way.
pub(crate) struct Questions(&'static System, Vec<(&'static Context, Asked)>);

impl Questions {
    /// Asks them all.
    pub(crate) fn to(system: &'static System) -> Self {
        let info =
            |context: &Context| reach::get(&format!("/{}/-/{}/info", system.name, context.name));
        Questions(system, system.contexts.iter().map(|context| (context, info(context))).collect())
    }

    /// Waits for their answers. Without the log, which Redis has, only those who answer are known.
    pub(crate) fn answers(self, log: Option<&Log>) -> Vec<Standing> {
        let Questions(system, asked) = self;
        let topology = Topology::of(system);
        let head = log.and_then(|log| log.head().ok());
        let standing = |(context, asked): (&'static Context, Asked)| {
            let info = asked.succeed().map(|told| told.body);
            let said = |name: &str| info.as_ref().ok().and_then(|info| info[name].as_u64());
            let stored = || log.and_then(|log| log.cursor(context.name).ok());
            let cursor = said("cursor").or_else(stored).unwrap_or(0);
            let lag = match head {
                Some(head) if topology.follows(context.name) => head.saturating_sub(cursor),
                _ => said("lag").unwrap_or(0),
            };
            let buried = || log.and_then(|log| log.dead(context.name).ok());
            let dead = said("deadLetters").or_else(buried).unwrap_or(0);
            Standing { context, info, cursor, lag, dead }
        };
        asked.into_iter().map(standing).collect()
    }
}
