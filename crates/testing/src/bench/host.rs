//! The embedded host alone: the least that a component can do, and one thing of the host's each; beside
//! `spin up` and the bare server, one after the other in the same run and several times over, so that
//! what disturbs the machine disturbs all of them.

use crate::{args::What, child::Served, figures::number};
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use madang_testing::{
    Backend, Host, Redis, has_spin,
    load::{self, Clients, End, Exchange, Outcome},
    procfs, repository,
};
use std::{collections::BTreeMap, fs, net::SocketAddr, time::Duration};

const CONNECTIONS: usize = 32;
const ROUNDS: usize = 3;

/// What is measured, by the path that the gauge knows it by, and whether the bare server answers it.
const MEASURED: [(&str, &str, bool); 5] = [
    ("hello", "answers \"hello\"", true),
    ("key-value", "reads a key of the key-value store", false),
    ("redis", "opens Redis and runs one script", false),
    ("chained", "asks http://<component>.spin.internal", false),
    ("called", "asks a neighbour by the base URL", false),
];

/// The host serves so many times the requests that `spin up` serves, at the same p99 or better.
const TIMES_SPIN: f64 = 5.0;

/// A server that is measured.
struct Server {
    name: &'static str,
    address: SocketAddr,
    /// The process that it is, with its children.
    pid: u32,
    measured: BTreeMap<&'static str, Measured>,
}

/// What came of all rounds.
#[derive(Default)]
struct Measured {
    outcome: Outcome,
    /// Seconds of processor time.
    cpu: f64,
}

/// Measures, and prints the table.
pub fn run(short: bool) -> Result<()> {
    let time = if short { Duration::from_millis(500) } else { Duration::from_secs(4) };
    let folder = tempfile::tempdir()?;
    lay_out(&folder)?;
    let redis = Redis::start();
    let start = |backend| {
        let builder = Host::builder().backend(backend).redis_url(redis.url());
        builder.manifest(folder.path().join("spin.toml")).start()
    };
    let mut madang = start(Backend::Madang);
    let mut spin = has_spin().then(|| start(Backend::Spin));
    let bare = Served::start(What::Bare)?;
    let mut servers = vec![Server::new("madang", madang.address(), madang.running().pid)];
    if let Some(spin) = &mut spin {
        servers.push(Server::new("spin up", spin.address(), spin.running().pid));
    }
    servers.push(Server::new("bare hyper", bare.address, bare.pid()));

    // Without a figure: connections are made, caches filled.
    for server in &mut servers {
        server.all(time / 8)?;
        server.measured.clear();
    }
    for _ in 0..ROUNDS {
        for server in &mut servers {
            server.all(time)?;
        }
    }
    print(&servers, &memory(&mut madang))
}

/// Puts the manifest and the gauge beside each other.
fn lay_out(folder: &tempfile::TempDir) -> Result<()> {
    let gauge = repository().join("target/wasm32-wasip2/component/gauge.wasm");
    fs::copy(&gauge, folder.path().join("gauge.wasm"))
        .with_context(|| gauge.display().to_string())?;
    fs::copy(
        repository().join("crates/host/tests/gauge/spin.toml"),
        folder.path().join("spin.toml"),
    )?;
    Ok(())
}

/// What each worker has resident, in megabytes.
fn memory(host: &mut Host) -> Vec<f64> {
    let workers = host.running().workers;
    let memories = workers.iter().filter_map(|pid| procfs::memory(*pid));
    memories.map(|memory| memory.rss as f64 / 1e6).collect()
}

impl Server {
    fn new(name: &'static str, address: SocketAddr, pid: u32) -> Self {
        Self { name, address, pid, measured: BTreeMap::new() }
    }

    fn all(&mut self, time: Duration) -> Result<()> {
        for (path, _, with_bare) in MEASURED {
            if with_bare || self.name != "bare hyper" {
                self.measure(path, time)?;
            }
        }
        Ok(())
    }

    fn measure(&mut self, path: &'static str, time: Duration) -> Result<()> {
        let clients = Clients::new(self.address, CONNECTIONS, End::After(time));
        let (host, begin) = (self.address.to_string(), self.cpu());
        let get = move |_| {
            let request = Request::get(format!("/{path}")).header("host", &host);
            request.body(Full::default()).expect("the path is one")
        };
        let outcome = load::run(&clients, get, check)?;
        let cpu = self.cpu() - begin;
        let measured = self.measured.entry(path).or_default();
        measured.cpu += cpu;
        measured.outcome.add(outcome);
        Ok(())
    }

    /// The seconds of processor time that it has used so far.
    fn cpu(&self) -> f64 {
        let pids = [self.pid].into_iter().chain(procfs::descendants(self.pid));
        pids.filter_map(procfs::cpu_seconds).sum()
    }
}

fn check(exchange: &Exchange) -> Result<(), String> {
    match &exchange.answer {
        Ok(answer) if answer.status() != StatusCode::OK => Err(answer.status().to_string()),
        Ok(answer) if answer.body() != &Bytes::from_static(b"hello") => {
            Err("another answer".to_owned())
        }
        Ok(_) => Ok(()),
        Err(error) => Err(error.clone()),
    }
}

impl Measured {
    /// Microseconds of processor time for each request, good or not.
    fn cost(&self) -> f64 {
        let errors: u64 = self.outcome.errors.values().sum();
        self.cpu * 1e6 / (self.outcome.times.len() as f64 + errors as f64)
    }
}

fn print(servers: &[Server], memory: &[f64]) -> Result<()> {
    println!(
        "\n{:<12}{:<12}{:>10}{:>9}{:>9}{:>9}{:>10}{:>8}",
        "", "", "/s", "p50 ms", "p99 ms", "p99.9", "CPU µs", "errors"
    );
    let mut failed = 0;
    for (path, what, _) in MEASURED {
        println!("{path}: {what}");
        for server in servers {
            let Some(measured) = server.measured.get(path) else { continue };
            let outcome = &measured.outcome;
            let errors: u64 = outcome.errors.values().sum();
            failed += errors;
            let share = |share| number(outcome.percentile(share));
            println!(
                "{:<12}{:<12}{:>10}{:>9}{:>9}{:>9}{:>10}{:>8}",
                "",
                server.name,
                number(outcome.rate()),
                share(0.5),
                share(0.99),
                share(0.999),
                number(measured.cost()),
                number(errors as f64),
            );
        }
    }
    let [madang, others @ ..] = servers else { bail!("nothing was measured") };
    for other in others {
        println!("\n{} against {}:", madang.name, other.name);
        for (path, _, _) in MEASURED {
            let Some(theirs) = other.measured.get(path) else { continue };
            let ours = &madang.measured[path];
            let times = ours.outcome.rate() / theirs.outcome.rate();
            let (p99, their_p99) = (ours.outcome.percentile(0.99), theirs.outcome.percentile(0.99));
            let verdict = match (other.name, times >= TIMES_SPIN && p99 <= their_p99) {
                ("spin up", true) => "pass",
                ("spin up", false) => "short",
                _ => "",
            };
            println!(
                "{:<12}{:>6} times the requests, {:>5} times the CPU of each, p99 {} ms against {} ms  {verdict}",
                path,
                number(times),
                number(ours.cost() / theirs.cost()),
                number(p99),
                number(their_p99),
            );
        }
    }
    let memory: Vec<_> = memory.iter().map(|megabytes| number(*megabytes)).collect();
    println!("\nEach worker of madang has resident: {} MB", memory.join(", "));
    let reasons =
        servers.iter().flat_map(|server| &server.measured).flat_map(|(path, measured)| {
            measured.outcome.errors.iter().map(move |(reason, count)| (path, reason, count))
        });
    for (path, reason, count) in reasons {
        println!("{count:>8} × {path}: {reason}");
    }
    if failed > 0 {
        bail!("{failed} answers were not what they should be");
    }
    Ok(())
}
