//! All contexts on one server, which is measured from the outside: the host, or the native one beside it.

use crate::child::Served;
use anyhow::{Context, Result, ensure};
use madang_testing::{
    Answer, Backend, Client, Host, HostBuilder, Redis, SERVICE_TOKEN, repository, system::lease_of,
};
use serde_json::{Value, json};
use std::{
    fs::File,
    net::SocketAddr,
    process::Command,
    rc::Rc,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Within this, everything that was begun has settled, or something is wrong.
const SETTLE_LIMIT: Duration = Duration::from_secs(300);
/// Between two looks at how far a consumer is.
const LOOK: Duration = Duration::from_millis(5);
/// Longer than anybody is kept from hearing.
const LEASE: Duration = Duration::from_secs(3600);
/// As native code, beside this program.
const NATIVE: &str = "target/release/madang-native";

/// What limits real use, and is none of what is measured: of how many reservations a day has room, how many may
/// wait for their payment, and how long a neighbour may take. A machine that stops for a second, as for a disk, shows
/// in the slowest answers then, and not in refusals, which end the run.
const VARIABLES: [(&str, &str); 5] = [
    ("kvaccine_register_key", "the secret of the bench of kvaccine"),
    ("kvaccine_daily_capacity", "100000000"),
    ("outerpark_payment_max_backlog", "100000000"),
    ("call_timeout_ms", "8000"),
    ("kvaccine_call_timeout_ms", "8000"),
];
/// What the manifest gives variables by default, and the native server does not read there.
const DEFAULTS: [(&str, &str); 4] = [
    ("base_url", "http://127.0.0.1"),
    ("service_token", SERVICE_TOKEN),
    ("kvaccine_vaccine_types", "Pfizer,Moderna,Janssen,AstraZeneca"),
    ("cors_origins", "*"),
];

/// See above.
pub struct Site {
    server: Server,
    /// Where it serves.
    pub address: SocketAddr,
    /// A client of it.
    pub client: Client,
    admin: Client,
}

enum Server {
    Host(Box<Host>),
    Native(Box<Native>),
}

/// The native server, its Redis, and the folder of its databases, which end in this order.
struct Native {
    _served: Served,
    redis: Rc<Redis>,
    _data: TempDir,
}

impl Site {
    /// The host, with nothing in it.
    pub fn host() -> Self {
        Self::on(host().start())
    }

    /// The host on a Redis that others use, too, and which has to outlive it.
    pub fn host_on(redis: &Redis) -> Self {
        Self::on(host().redis_url(redis.url()).start())
    }

    /// A host that serves.
    pub fn on(host: Host) -> Self {
        let (address, client, admin) = (host.address(), host.client(), Client::new(host.admin()));
        Self { server: Server::Host(Box::new(host)), address, client, admin }
    }

    /// The native server, on a Redis as the host starts its own, with nothing in it.
    pub fn native() -> Result<Self> {
        Self::native_on(Rc::new(Redis::start_with("everysec")))
    }

    /// The native server on a Redis that others use, too.
    pub fn native_on(redis: Rc<Redis>) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let mut command = Command::new(repository().join(NATIVE));
        command.args(["--redis", &redis.url(), "--data"]).arg(data.path());
        let variables = VARIABLES.iter().chain(&DEFAULTS);
        command.args(variables.map(|(name, value)| format!("--variable={name}={value}")));
        command.stderr(File::create(data.path().join("printed"))?);
        let served = Served::started(&mut command)?;
        let address = served.address;
        let client = Client::new(format!("http://{address}"));
        let server = Server::Native(Box::new(Native { _served: served, redis, _data: data }));
        Ok(Self { server, address, admin: client.clone(), client })
    }

    /// The host that it is; none where it is native.
    pub fn as_host(&mut self) -> Option<&mut Host> {
        match &mut self.server {
            Server::Host(host) => Some(host),
            Server::Native(_) => None,
        }
    }

    /// A connection to its Redis.
    pub fn redis(&self) -> redis::Connection {
        match &self.server {
            Server::Host(host) => host.redis(),
            Server::Native(native) => native.redis.connect(),
        }
    }

    /// Keeps contexts of a system from hearing anything: those that are `asked` meanwhile by their lease, which
    /// nobody gives back, and the others by taking them down.
    pub fn deafen(&self, system: &str, contexts: &[&str], asked: &[&str]) -> Result<()> {
        for context in contexts.iter().filter(|context| asked.contains(context)) {
            let mut lease = redis::cmd("SET");
            lease.arg(lease_of(system, context)).arg("the bench").arg("PX").arg(LEASE.as_millis());
            lease.exec(&mut self.redis())?;
        }
        self.fault(system, &but(contexts, asked), "down")
    }

    /// Has contexts hear again.
    pub fn heal(&self, system: &str, contexts: &[&str]) -> Result<()> {
        for context in contexts {
            redis::cmd("DEL").arg(lease_of(system, context)).exec(&mut self.redis())?;
        }
        self.fault(system, contexts, "heal")
    }

    fn fault(&self, system: &str, contexts: &[&str], fault: &str) -> Result<()> {
        for context in contexts {
            let path = format!("/components/{system}-{context}/{fault}");
            let answer = self.admin.post(&path, json!({}));
            ensure!(answer.is_success(), "{system}-{context} {fault}: {answer}");
        }
        Ok(())
    }

    /// Where each of these contexts stands in its log, and how many events it has not handled; nothing while
    /// one does not answer.
    fn places(&self, contexts: &[(&str, &str)]) -> Result<Option<Vec<(u64, u64)>>> {
        let mut places = Vec::with_capacity(contexts.len());
        for (system, context) in contexts {
            let path = format!("/{system}/-/{context}/info");
            let answer = self.client.send("GET", &path, None);
            let Some(answer) = answer.ok().filter(Answer::is_success) else { return Ok(None) };
            let info = answer.json();
            let number = |name: &str| info[name].as_u64().with_context(|| format!("no {name}"));
            ensure!(info["deadLetters"] == 0, "{system}-{context} has dead letters: {info}");
            places.push((number("cursor")?, number("lag")?));
        }
        Ok(Some(places))
    }

    /// Waits until each of these contexts has handled the whole log of its system: until two looks, one after
    /// the other, find all of them at the same end, so that none has told anything after another had looked.
    pub fn settle(&self, system: &str, contexts: &[&str]) -> Result<()> {
        let contexts: Vec<_> = contexts.iter().map(|context| (system, *context)).collect();
        let begin = Instant::now();
        let mut last = None;
        loop {
            let now = self.places(&contexts)?;
            let at_end = |places: &Vec<(u64, u64)>| {
                places.iter().all(|place| place.1 == 0 && place.0 == places[0].0)
            };
            if now == last && now.as_ref().is_some_and(at_end) {
                return Ok(());
            }
            ensure!(begin.elapsed() < SETTLE_LIMIT, "{system} does not settle: {now:?}");
            thread::sleep(LOOK);
            last = now;
        }
    }

    /// The number of the last event in a system's log.
    pub fn head(&self, system: &str) -> Result<u64> {
        let key = format!("{{{system}}}:log:head");
        let head: Option<u64> = redis::cmd("GET").arg(key).query(&mut self.redis())?;
        Ok(head.unwrap_or(0))
    }

    /// Has contexts hear again that stood at this event each, and catch up with the log and with what they tell
    /// each other meanwhile.
    pub fn catch_up(&self, contexts: &[(&str, &str, u64)]) -> Result<CaughtUp> {
        let mut begin = Instant::now();
        let limit = begin + SETTLE_LIMIT;
        for (system, context, _) in contexts {
            self.heal(system, &[context])?;
        }
        let sum = |places: &[(u64, u64)]| -> u64 { places.iter().map(|place| place.0).sum() };
        let from = contexts.iter().map(|(.., at)| at).sum();
        let contexts: Vec<_> = contexts.iter().map(|(system, name, _)| (*system, *name)).collect();
        let mut places = None;
        loop {
            ensure!(Instant::now() < limit, "{contexts:?} did not catch up: {places:?}");
            places = self.places(&contexts)?;
            if let Some(now) = &places {
                let to = sum(now);
                if to == from {
                    // They do not know yet that they hear again.
                    begin = Instant::now();
                } else if now.iter().all(|place| place.1 == 0) {
                    let seconds = begin.elapsed().as_secs_f64();
                    // What one of them told last, another may hear.
                    if self.places(&contexts)?.as_deref().map(sum) == Some(to) {
                        return Ok(CaughtUp { from, to, seconds });
                    }
                }
            }
            thread::sleep(LOOK);
        }
    }
}

/// What consumers did that had heard nothing.
#[derive(Clone, Copy, Debug)]
pub struct CaughtUp {
    /// The sum of where each began to read.
    pub from: u64,
    /// The sum of where each stands now.
    pub to: u64,
    /// From the first event to the last.
    pub seconds: f64,
}

impl CaughtUp {
    /// Events of the log that they read, also those that they do not hear; what two read counts twice.
    pub fn events(&self) -> u64 {
        self.to - self.from
    }

    /// Events per second.
    pub fn rate(&self) -> f64 {
        self.events() as f64 / self.seconds
    }
}

/// A host as it is measured.
fn host() -> HostBuilder {
    let builder = Host::builder().backend(Backend::Madang);
    VARIABLES.iter().fold(builder, |builder, (name, value)| builder.variable(name, *value))
}

/// These contexts without those.
fn but<'c>(these: &[&'c str], those: &[&str]) -> Vec<&'c str> {
    these.iter().filter(|context| !those.contains(context)).copied().collect()
}

/// What an answer says of something that has to be there.
pub fn items(page: &Value, collection: &str) -> Vec<Value> {
    page["_embedded"][collection].as_array().cloned().unwrap_or_default()
}
