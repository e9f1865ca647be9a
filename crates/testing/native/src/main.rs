//! All contexts as one native server: their own code, script and keys, without sandbox, host or processes of
//! their own. What the host is measured beside: `cargo xtask bench systems` starts it.
//!
//! A request is answered on a thread that blocks, which has connections to Redis and databases of its own; a
//! neighbour is called as a function. A thread for each context that hears events drains the log when its channel
//! rings, and each second does what `health/ready` does.

mod contexts;
mod doorbell;
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
    server::serve(ports::Settings::new(redis, data, variables)?)
}
