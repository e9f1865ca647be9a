//! `madang ps`: the processes of a running application.

use super::{Target, print};
use crate::{
    client,
    supervisor::processes::Process,
    table::{aligned, plain},
};
use anyhow::{Context, Result};
use clap::Args;

/// `madang ps`.
#[derive(Debug, Args)]
pub struct Ps {
    #[command(flatten)]
    target: Target,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Ps {
    /// Prints the processes.
    pub fn run(&self) -> Result<()> {
        let said = client::processes(&self.target.state_dir)?;
        if self.json {
            return print(&said);
        }
        let processes: Vec<Process> =
            serde_json::from_str(&said).context("the application's answer is not in order")?;
        print(table(&processes))
    }
}

fn table(processes: &[Process]) -> String {
    let titles = ["PROCESS", "PID", "SINCE", "RESTARTS", "INSTANCES", "MEMORY", "SERVES"];
    let none = || "-".to_owned();
    let number = |number: Option<u64>| number.map_or_else(none, |number| number.to_string());
    let row = |process: &Process| {
        vec![
            process.name.clone(),
            number(process.pid.map(u64::from)),
            process.since.clone().unwrap_or_else(none),
            number(process.restarts),
            number(process.instances),
            process.memory.map_or_else(none, |bytes| format!("{} MB", bytes / 1_000_000)),
            plain(&process.serves),
        ]
    };
    let titles = titles.map(str::to_owned).to_vec();
    aligned(&[titles].into_iter().chain(processes.iter().map(row)).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_a_dash() {
        let worker = Process {
            name: "worker 1".to_owned(),
            pid: None,
            since: None,
            restarts: Some(2),
            instances: None,
            memory: Some(45_600_000),
            serves: "http://127.0.0.1:3000".to_owned(),
        };
        assert_eq!(
            table(&[worker]),
            "PROCESS   PID  SINCE  RESTARTS  INSTANCES  MEMORY  SERVES\n\
             worker 1  -    -      2         -          45 MB   http://127.0.0.1:3000\n"
        );
    }
}
