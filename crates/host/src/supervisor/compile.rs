//! Compiling components, in a process of its own: the compiler's memory goes with it.

use super::own_program;
use crate::{
    app::plan::Plan,
    guest::{code, engine, link},
};
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{io::AsyncWriteExt, process::Command};

/// How far compiling steps back for what runs.
const NICENESS: i32 = 5;

#[derive(Serialize, Deserialize)]
struct Job {
    plan: Plan,
    cache: PathBuf,
    keep: Vec<PathBuf>,
}

/// Compiles the plan's components, where that was not done before, and checks that they can run.
/// Compiled files that are neither the plan's nor in `keep` are removed. Errors name the component
/// and the mend.
pub async fn compile(plan: Plan, state_dir: &Path, keep: Vec<PathBuf>) -> Result<Plan> {
    let job = Job { plan, cache: state_dir.join("cache"), keep };
    let mut command = Command::new(own_program()?);
    command.arg("compile").stdin(Stdio::piped()).stdout(Stdio::piped());
    // A group of its own: Ctrl-C in the terminal must reach the supervisor only.
    let mut child = command.process_group(0).kill_on_drop(true).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(&serde_json::to_vec(&job)?).await?;
    }
    let output = child.wait_with_output().await?;
    match serde_json::from_slice::<Result<Plan, String>>(&output.stdout) {
        Ok(Ok(plan)) => Ok(plan),
        Ok(Err(fault)) => bail!(fault),
        Err(_) => bail!("the components could not be compiled ({})", output.status),
    }
}

/// The compiling process: a job on standard input, its result on standard output.
pub fn main() -> Result<()> {
    // At a reload there are clients to be served meanwhile.
    let _ = rustix::process::nice(NICENESS);
    let job: Job = serde_json::from_reader(std::io::stdin().lock())
        .context("this command is the supervisor's own: use `madang up`")?;
    let result = work(job).map_err(|error| format!("{error:#}"));
    serde_json::to_writer(std::io::stdout().lock(), &result).context("the supervisor is gone")
}

fn work(Job { mut plan, cache, keep }: Job) -> Result<Plan> {
    let engine = engine::engine(1, plan.limits.memory)?;
    let linker = link::linker(&engine)?;
    for (id, component) in &mut plan.components {
        let place = || format!("[component.{id}]");
        component.artifact =
            code::compile(&engine, &component.source, &cache).with_context(place)?;
        let code = code::load(&engine, &component.artifact).with_context(place)?;
        link::check(&engine, &linker, &code, component.http, component.redis)
            .with_context(|| component.source.display().to_string())
            .with_context(place)?;
    }
    forget_others(&plan, &cache, keep);
    Ok(plan)
}

/// Removes compiled files of earlier builds. Only the supervisor that holds the state folder does, and only
/// what is in it: a cache that is a link is shared with others.
fn forget_others(plan: &Plan, cache: &Path, keep: Vec<PathBuf>) {
    if cache.is_symlink() {
        return;
    }
    let mut used: HashSet<_> = keep.into_iter().collect();
    used.extend(plan.components.values().map(|component| component.artifact.clone()));
    for entry in fs::read_dir(cache).into_iter().flatten().flatten() {
        if !used.contains(&entry.path()) {
            // What cannot be removed only takes room.
            let _ = fs::remove_file(entry.path());
        }
    }
}
