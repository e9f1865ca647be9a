//! All contexts as one native server: their own code, script and keys, without sandbox, host or processes of
//! their own. What the host is measured beside: `cargo xtask bench systems` starts it.
//!
//! A thread for each core answers requests, with one connection to Redis, as the host's workers do; a neighbour is
//! called as a function. One more thread is for those who hear events: each reads the log when its channel rings,
//! and each second does what `health/ready` does.

mod doorbell;
mod fiber;
mod ports;
mod routes;
mod server;

use anyhow::Result;
use clap::Parser;
use std::path::PathBuf;

/// Serves all contexts on a free port, which it prints, until its input ends.
#[derive(Parser)]
struct Command {
    /// The Redis, which has no users
    #[arg(long)]
    redis: String,
    /// A folder for the read models' databases
    #[arg(long)]
    data: PathBuf,
    /// A variable of all contexts
    #[arg(long = "variable", value_name = "NAME=VALUE", value_parser = pair)]
    variables: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it has no =")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn main() -> Result<()> {
    let Command { redis, data, variables } = Command::parse();
    server::serve(&ports::Settings::new(redis, data, variables)?)
}
