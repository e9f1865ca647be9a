//! Compiling components, in a process of its own: the compiler's memory goes with it.

use super::{assets, own_program};
use crate::{
    app::plan::{ComponentPlan, Plan},
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
    state_dir: PathBuf,
    keep: Vec<PathBuf>,
}

/// Compiles the plan's components, where that was not done before, and checks that they can run.
/// Lays out their files. What is neither the plan's nor in `keep` is removed from the state folder. Errors
/// name the component and the mend.
pub async fn compile(plan: Plan, state_dir: &Path, keep: Vec<PathBuf>) -> Result<Plan> {
    let job = Job { plan, state_dir: state_dir.to_owned(), keep };
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

fn work(Job { mut plan, state_dir, keep }: Job) -> Result<Plan> {
    let (cache, files) = (state_dir.join("cache"), state_dir.join("files"));
    let engine = engine::engine(1, plan.limits.memory)?;
    let linker = link::linker(&engine)?;
    for (id, component) in &mut plan.components {
        let place = || format!("[component.{id}]");
        component.artifact =
            code::compile(&engine, &component.source, &cache).with_context(place)?;
        let code = code::load(&engine, &component.artifact).with_context(place)?;
        component.folders = assets::lay_out(&component.files, &files).with_context(place)?;
        link::check(&engine, &linker, &code, component.http, component.redis)
            .with_context(|| component.source.display().to_string())
            .with_context(place)?;
    }
    let mut used: HashSet<_> = keep.into_iter().collect();
    used.extend(plan.components.values().flat_map(ComponentPlan::made));
    for folder in [cache, files] {
        forget_others(&folder, &used);
    }
    Ok(plan)
}

/// Removes from a folder what is not used: compiled files of earlier builds, copies of files that were
/// others. Only the supervisor that holds the state folder does, and only what is in it: a cache that is a
/// link is shared with others.
fn forget_others(folder: &Path, used: &HashSet<PathBuf>) {
    if folder.is_symlink() {
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if !used.contains(&path) {
            // What cannot be removed only takes room.
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
    }
}
