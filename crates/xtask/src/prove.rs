//! `cargo xtask prove`: what it builds before it plays.

pub use args::{Args, list};

#[path = "../../testing/src/prove/args.rs"]
mod args;

use crate::cargo::{WASM, root, select};
use crate::setup::{self, Tools};
use crate::test::check;
use crate::testing;
use anyhow::{Context, Result};
use args::{Campaign, SABOTAGES, Sabotage};
use std::fs;
use std::process::ExitCode;

/// The profile that components without a safeguard are built with, in a folder of its own: what anybody runs
/// is not touched.
const PROFILE: &str = "sabotage";

/// Builds all that is needed, and plays.
pub fn run(args: &Args) -> Result<ExitCode> {
    let tools = setup::run()?;
    prepare(&tools, args.campaign)?;
    let (seed, minutes) = (args.seed.to_string(), args.minutes.map(|minutes| minutes.to_string()));
    let name = args.campaign.map(Campaign::name);
    let mut words: Vec<&str> = name.as_deref().into_iter().chain(["--seed", &seed]).collect();
    words.extend(args.full.then_some("--full"));
    words.extend(minutes.iter().flat_map(|minutes| ["--minutes", minutes]));
    testing::run(testing::PROVE, &words)
}

/// Makes sure of what a campaign, or all of them, need beside the host and the components.
pub fn prepare(tools: &Tools, campaign: Option<Campaign>) -> Result<()> {
    if campaign.is_none_or(|campaign| campaign == Campaign::Clock) {
        setup::faketime()?;
    }
    let is_needed = |sabotage: &&Sabotage| match campaign {
        None | Some(Campaign::Sight) => true,
        Some(Campaign::Poison) => sabotage.seen_by.is_none(),
        Some(_) => false,
    };
    SABOTAGES.iter().filter(is_needed).try_for_each(|sabotage| build(tools, sabotage))
}

fn build(tools: &Tools, sabotage: &Sabotage) -> Result<()> {
    println!("Building {} {}", sabotage.components.join(", "), sabotage.feature);
    let mut cargo = tools.component.cargo();
    cargo.args(["build", "--quiet", "--profile", PROFILE, "--target", WASM]);
    select(&mut cargo, &["madang-platform"]);
    select(&mut cargo, sabotage.components);
    cargo.arg("--features").arg(format!("madang-platform/{}", sabotage.feature));
    check(&mut cargo, "what the compiler points at above")?;
    let folder = root().join("target").join(PROFILE).join(sabotage.feature);
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    for component in sabotage.components {
        let file = format!("{}.wasm", component.replace('-', "_"));
        let built = root().join("target").join(WASM).join(PROFILE).join(&file);
        fs::copy(&built, folder.join(&file)).with_context(|| built.display().to_string())?;
    }
    Ok(())
}
