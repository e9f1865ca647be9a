//! Running a case.

use crate::{
    case::{Case, Exchange},
    expected::compare,
    neighbour::Neighbour,
};
use madang_testing::{Backend, Client, Host, Redis, repository};
use std::{
    fs, io,
    path::Path,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long what happens by itself may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// What a Spin says that was built without a kind of store: it cannot be compared with.
const BUILT_WITHOUT: &str = "was not registered with the config resolver";
const PAUSE: Duration = Duration::from_millis(20);

/// An application that only has the probe compiled.
const ONLY_PROBE: &str = r#"
spin_manifest_version = 2
application.name = "only-probe"
trigger.http = [{ route = "/", component = "probe" }]
component.probe.source = "probe.wasm"
"#;

/// What is around the applications.
pub struct Surroundings {
    redis: Redis,
    neighbour: Neighbour,
    /// The state folder of an embedded host that ran the probe.
    warm: TempDir,
}

impl Surroundings {
    /// Starts all of it, and has the embedded host compile the probe: once, for it takes longer than a
    /// case.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("spin.toml");
        fs::write(&manifest, ONLY_PROBE).unwrap();
        bring_probe(folder.path());
        let warm = tempfile::tempdir().unwrap();
        let builder = Host::builder().backend(Backend::Madang).manifest(manifest);
        builder.state_dir(warm.path()).own_cache().workers(1).start();
        Self { redis: Redis::start(), neighbour: Neighbour::start(), warm }
    }

    /// A state folder of a case's own, where the probe is compiled.
    fn state(&self) -> TempDir {
        let state = tempfile::tempdir().unwrap();
        let cache = state.path().join("cache");
        fs::create_dir(&cache).unwrap();
        for entry in fs::read_dir(self.warm.path().join("cache")).unwrap() {
            let entry = entry.unwrap();
            fs::hard_link(entry.path(), cache.join(entry.file_name())).unwrap();
        }
        state
    }

    fn put_into(&self, text: &str) -> String {
        text.replace("$REDIS", &self.redis.url()).replace("$NEIGHBOUR", &self.neighbour.address())
    }
}

/// Runs a case on a host; what was not as the case says.
pub fn run(case: &Case, backend: Backend, surroundings: &Surroundings) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    lay_out(case, folder.path(), surroundings);
    let state = surroundings.state();
    let started = start(case, backend, surroundings, folder.path(), state.path());
    let fault = |place: &str, fault: &str| format!("==> {}{place}: {fault}", case.name);

    let begin = match (&started, &case.error) {
        (Ok(_), None) => Ok(()),
        (Ok(host), Some(_))
            if backend == Backend::Spin && ends_with_another_trigger(case, host) =>
        {
            Ok(())
        }
        (Ok(_), Some(_)) => Err("it was not refused".to_owned()),
        (Err(said), None) if backend == Backend::Spin && said.contains(BUILT_WITHOUT) => {
            eprintln!("{}: not compared, this spin has no such store", case.name);
            return Vec::new();
        }
        (Err(said), None) => Err(format!("it was refused: {said}")),
        (Err(said), Some(error)) => {
            // Spin has words of its own.
            let lines = error.lines().filter(|_| backend == Backend::Madang);
            let missing: Vec<_> = lines.filter(|line| !said.contains(line.trim())).collect();
            if missing.is_empty() { Ok(()) } else { Err(format!("{missing:?} is not in {said}")) }
        }
    };
    if let Err(wrong) = case.says.mark.judge(backend, begin) {
        return vec![fault("", &wrong)];
    }
    let Ok(host) = started else { return Vec::new() };
    let mut faults = Vec::new();
    for (index, exchange) in case.says.requests.iter().enumerate() {
        let outcome = ask(exchange, &host, surroundings);
        if let Err(wrong) = exchange.mark.judge(backend, outcome) {
            faults.push(fault(&format!(", request {}", index + 1), &wrong));
        }
    }
    if !faults.is_empty() {
        faults.push(fault("", &host.printed()));
    }
    faults
}

/// Whether Spin ends after all: it starts a process for each kind of trigger, and the one for HTTP may
/// serve for a moment before another refuses and ends them all.
fn ends_with_another_trigger(case: &Case, host: &Host) -> bool {
    let manifest = fs::read_to_string(case.folder.join("spin.toml")).unwrap();
    let begin = Instant::now();
    while manifest.contains("[[trigger.redis]]") && begin.elapsed() < DEADLINE {
        if host.client().send("GET", "/", None).is_err() {
            return true;
        }
        thread::sleep(PAUSE);
    }
    false
}

/// Puts the case, its components and the probe into a folder of its own.
fn lay_out(case: &Case, folder: &Path, surroundings: &Surroundings) {
    copy(&case.folder, folder).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "wat") {
            fs::write(path.with_extension("wasm"), wat::parse_file(&path).unwrap()).unwrap();
        }
    }
    bring_probe(folder);
    // Without one, tests are given a config in which every store is there.
    let config = folder.join("runtime-config.toml");
    let text = fs::read_to_string(&config).unwrap_or_default();
    fs::write(config, surroundings.put_into(&text)).unwrap();
}

fn bring_probe(folder: &Path) {
    let probe = repository().join("target/wasm32-wasip2/component/probe.wasm");
    fs::copy(&probe, folder.join("probe.wasm")).unwrap_or_else(|error| {
        panic!("{}: {error}; `cargo xtask test` builds it", probe.display())
    });
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn start(
    case: &Case,
    backend: Backend,
    surroundings: &Surroundings,
    folder: &Path,
    state: &Path,
) -> Result<Host, String> {
    let mut builder = Host::builder()
        .backend(backend)
        .manifest(folder.join("spin.toml"))
        .runtime_config(folder.join("runtime-config.toml"))
        .current_dir(folder)
        .state_dir(state)
        .redis_url(surroundings.redis.url())
        .workers(1)
        .own_cache();
    for argument in &case.says.arguments {
        builder = builder.arg(surroundings.put_into(argument));
    }
    for (name, value) in &case.says.environment {
        builder = builder.env(name, surroundings.put_into(value));
    }
    builder.try_start()
}

fn ask(exchange: &Exchange, host: &Host, surroundings: &Surroundings) -> Result<(), String> {
    let address = host.address().to_string();
    let known = |text: &str| surroundings.put_into(text).replace("$ADDRESS", &address);
    let headers = exchange.headers.iter();
    let client: Client =
        headers.fold(host.client(), |client, (name, value)| client.with(name, known(value)));
    let method = exchange.method.as_deref();
    let method = method.unwrap_or(if exchange.body.is_some() { "POST" } else { "GET" });
    let begin = Instant::now();
    loop {
        let body = exchange.body.as_ref().map(|body| known(body).as_str().into());
        let answer = client.send(method, &known(&exchange.path), body)?;
        let compared = compare(exchange, &answer, known);
        if compared.is_ok() || !exchange.eventually || begin.elapsed() > DEADLINE {
            return compared;
        }
        thread::sleep(PAUSE);
    }
}
