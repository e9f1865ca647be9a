//! The processes as who runs the application sees them: what each is, since when, and how much it
//! has to do.

use super::{child::Child, fleet::Fleet, tally::Tally};
use crate::{
    control::ToProcess,
    guest::meter::{Measure, Measures},
};
use humantime::format_rfc3339_seconds;
use serde::{Deserialize, Serialize};
use std::{fs, time::SystemTime};
use tokio::sync::oneshot;

/// One process, for the status.
#[derive(Debug, Clone, Serialize)]
pub struct ProcessStatus {
    /// Its id; absent while it is being replaced.
    pub pid: Option<u32>,
    /// How often it was replaced because it had ended.
    pub restarts: u64,
}

/// One process, for `madang ps`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Process {
    /// What it is: `supervisor`, `worker 1`, `trigger process`, `redis`.
    pub name: String,
    /// Its id; absent while it is being replaced.
    pub pid: Option<u32>,
    /// Since when it runs, as RFC 3339 has it, where that is known.
    pub since: Option<String>,
    /// How often it was replaced because it had ended, where that is counted.
    pub restarts: Option<u64>,
    /// Instances of components that live in it, where there are any.
    pub instances: Option<u64>,
    /// Its resident memory in bytes, what it shares with others included.
    pub memory: Option<u64>,
    /// What it does.
    pub serves: String,
}

impl Process {
    /// A process that is no component's, and that nobody counts.
    pub fn other(name: &str, pid: Option<u32>, since: Option<SystemTime>, serves: String) -> Self {
        Self {
            name: name.to_owned(),
            pid,
            since: since.map(|since| format_rfc3339_seconds(since).to_string()),
            restarts: None,
            instances: None,
            memory: pid.and_then(resident),
            serves,
        }
    }
}

/// The resident memory of a process in bytes.
fn resident(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes << 10)
}

impl Fleet {
    /// Has every process tell what it has counted; what is returned resolves when all have. One that
    /// owes an answer already is not asked again: it may hang.
    pub async fn measure(&mut self) -> oneshot::Receiver<()> {
        let owing = self.owing();
        self.ask(&owing, |number| ToProcess::Measure { number }).await
    }

    /// What was counted of every component, as far as it was told.
    pub fn measures(&self) -> Measures {
        // No process has this number.
        let told = self.meters.elsewhere(0);
        let all = self.plan.components.keys();
        all.map(|id| (id.clone(), told.get(id).copied().unwrap_or_default())).collect()
    }

    /// The processes that run components, those that are being taken over from at the end.
    pub fn processes(&self) -> Vec<Process> {
        let channels: Vec<_> = self.plan.channels().collect();
        let heard = match channels.is_empty() {
            true => "the components' readiness".to_owned(),
            false => format!("channels {}", channels.join(", ")),
        };
        let places = self.slots.iter().map(|slot| {
            let serves = match slot.socket {
                Some(_) => format!("http://{}", self.plan.listen),
                None => heard.clone(),
            };
            let restarts = Some(slot.status().restarts);
            process(&slot.name, slot.child.as_ref(), restarts, serves, &self.meters)
        });
        let leaving = self.leaving.iter().map(|leaving| {
            let child = &leaving.child;
            process(&child.name, Some(child), None, "what was begun".to_owned(), &self.meters)
        });
        places.chain(leaving).collect()
    }
}

fn process(
    name: &str,
    child: Option<&Child>,
    restarts: Option<u64>,
    serves: String,
    meters: &Tally<Measure>,
) -> Process {
    let instances = |child: &Child| meters.of(child.life).map(|measure| measure.instances).sum();
    Process {
        restarts,
        instances: child.map(instances),
        ..Process::other(name, child.map(|child| child.pid), child.map(|child| child.since), serves)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_process_has_memory_and_none_has_not() {
        assert!(super::resident(std::process::id()).is_some_and(|bytes| bytes > 1 << 20));
        assert_eq!(super::resident(u32::MAX), None);
    }
}
