//! `madang up`: reads the application, starts what it needs, and keeps it alive.

pub mod acl;
pub mod admin;
pub mod child;
pub mod compile;
pub mod fleet;
pub mod handover;
pub mod load;
pub mod redis;
pub mod reload;
pub mod sockets;
pub mod state_dir;
pub mod tally;

use self::{
    admin::{Question, Refused},
    child::Event,
    fleet::Fleet,
    handover::Done,
    load::{Load, Source},
    reload::Reload,
    state_dir::{Running, RunningRedis, StateDir},
};
use crate::app::plan::{Limits, Plan};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

/// How to run an application.
#[derive(Debug)]
pub struct Options {
    /// What to run.
    pub source: Source,
    /// Where to serve it.
    pub listen: SocketAddr,
    /// Where to be ordered about; loopback.
    pub admin: SocketAddr,
    /// Whether component output is kept from the console.
    pub quiet: bool,
    /// A Redis to use instead of starting one.
    pub redis_url: Option<String>,
    /// When a Redis that is started writes to the disk.
    pub redis_fsync: redis::Fsync,
    /// Bounds of requests, and how many workers there are.
    pub limits: Limits,
}

/// Runs an application until a signal ends it.
pub fn up(options: Options) -> Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(options))
}

async fn run(options: Options) -> Result<()> {
    let mut signals = Signals::new()?;
    let loaded = Load::new(&options.source)?;
    let state = StateDir::take(&loaded.state_dir)?;
    let (listen, queues) = sockets::listen(options.listen, options.limits.workers)?;

    let store = loaded.redis(options.redis_url.as_deref(), options.redis_fsync).await?;
    let plan = loaded.plan(listen, &store, options.quiet, options.limits)?;
    let own_redis = match &store {
        load::Redis::Own(server) => {
            server.adopt_users(loaded.logins.file(&plan));
            Some(Arc::clone(server))
        }
        _ => None,
    };
    let starting = async {
        match &own_redis {
            Some(server) => server.start().await.map(Some),
            None => Ok(None),
        }
    };
    // While Redis reads its log, the components are compiled.
    let both = async { tokio::join!(starting, compile::compile(plan, state.path(), Vec::new())) };
    let (child, plan) = tokio::select! {
        both = both => both,
        () = signals.next() => {
            store.terminate();
            return Ok(());
        }
    };
    let (stop_redis, redis_stopped) = watch::channel(false);
    let redis_watch = match (own_redis, child?) {
        (Some(server), Some(child)) => Some(tokio::spawn(async move {
            server.watch(child, redis_stopped).await;
        })),
        _ => None,
    };
    let stop_redis = async || {
        stop_redis.send_replace(true);
        if let Some(watch) = redis_watch {
            let _ = watch.await;
        }
    };
    let started = async {
        let plan = plan?;
        let (questions, asked) = mpsc::channel(16);
        let admin = admin::serve(options.admin, questions).await?;
        let (fleet, events) = Fleet::start(plan, queues).await?;
        anyhow::Ok((fleet, events, asked, admin))
    };
    let started = tokio::select! {
        started = started => started,
        () = signals.next() => {
            stop_redis().await;
            return Ok(());
        }
    };
    let (fleet, events, asked, admin) = match started {
        Ok(started) => started,
        Err(error) => {
            stop_redis().await;
            return Err(error);
        }
    };

    let mut supervisor = Supervisor {
        options: Arc::new(options),
        state,
        fleet,
        redis: store,
        listen,
        admin,
        reload: None,
    };
    supervisor.announce()?;
    let mut out = std::io::stdout().lock();
    // Whoever started this may have closed its output; that is no reason to stop.
    let _ = writeln!(out, "Serving {}\nAdmin {}", supervisor.http(), supervisor.admin_url());
    for route in &loaded.routes() {
        let _ = writeln!(out, "  {route}");
    }
    let _ = out.flush();
    drop(out);

    let events = supervisor.serve(events, asked, &mut signals).await;
    let Supervisor { state, fleet, redis, reload, .. } = supervisor;
    crate::say!("madang: stopping");
    if let Some(reload) = reload {
        reload.abort();
    }
    let stopping = async {
        fleet.stop(events).await;
        stop_redis().await;
    };
    tokio::select! {
        () = stopping => {}
        // Dropped, the stopping kills the processes it was waiting for. Redis is never killed: what
        // was acknowledged must get to the disk.
        () = signals.next() => {
            redis.terminate();
            crate::say!("madang: stopped at once");
        }
    }
    drop(state);
    Ok(())
}

struct Supervisor {
    options: Arc<Options>,
    state: StateDir,
    fleet: Fleet,
    redis: load::Redis,
    listen: SocketAddr,
    admin: SocketAddr,
    /// The last reload, over or not.
    reload: Option<JoinHandle<()>>,
}

impl Supervisor {
    /// Deals with whatever happens until a signal comes.
    async fn serve(
        &mut self,
        mut events: mpsc::UnboundedReceiver<Event>,
        mut asked: mpsc::Receiver<Question>,
        signals: &mut Signals,
    ) -> mpsc::UnboundedReceiver<Event> {
        let mut redis_pid = self.redis.pid();
        let (proposals, mut proposed) = mpsc::channel(1);
        // Redis is watched elsewhere; its process id is looked at now and then.
        let mut look = tokio::time::interval(std::time::Duration::from_millis(500));
        loop {
            tokio::select! {
                () = signals.next() => return events,
                Some(event) = events.recv() => if self.fleet.handle(event).await {
                    self.announce_or_say();
                },
                Some(question) = asked.recv() => self.answer(question, &proposals).await,
                Some((plan, done)) = proposed.recv() => self.fleet.propose(plan, done).await,
                _ = look.tick() => {
                    if self.redis.pid() != redis_pid {
                        redis_pid = self.redis.pid();
                        self.announce_or_say();
                    }
                    self.settle_users();
                }
            }
        }
    }

    /// Takes from the users of Redis what no process needs any more.
    fn settle_users(&self) {
        if let load::Redis::Own(server) = &self.redis
            && self.fleet.is_settled()
            && !self.is_reloading()
        {
            let server = server.clone();
            tokio::spawn(async move { server.settle_users().await });
        }
    }

    fn is_reloading(&self) -> bool {
        self.reload.as_ref().is_some_and(|reload| !reload.is_finished())
    }

    fn reload(
        &mut self,
        answer: oneshot::Sender<Result<Value, Refused>>,
        proposals: &mpsc::Sender<(Plan, Done)>,
    ) {
        if self.is_reloading() {
            return drop(answer.send(Err(Refused::UnderWay)));
        }
        let reload = Reload {
            options: self.options.clone(),
            listen: self.listen,
            state_dir: self.state.path().to_owned(),
            redis: self.redis.clone(),
            plan: self.fleet.plan().clone(),
            proposals: proposals.clone(),
        };
        self.reload = Some(tokio::spawn(async move {
            let result = reload.run().await;
            if let Err(error) = &result {
                crate::say!("madang: the application was not reloaded: {error:#}");
            }
            let result = result.map(|changes| json!(changes));
            let _ = answer.send(result.map_err(|error| Refused::Faulty(format!("{error:#}"))));
        }));
    }

    async fn answer(&mut self, question: Question, proposals: &mpsc::Sender<(Plan, Done)>) {
        match question {
            Question::Reload(answer) => self.reload(answer, proposals),
            Question::Status(answer) => drop(answer.send(self.status())),
            Question::Order { component, order, answer } => {
                if !self.fleet.faults().contains_key(&component) {
                    let names = self.fleet.faults().keys().cloned().collect();
                    drop(answer.send(Err(names)));
                    return;
                }
                let obeyed = self.fleet.order(&component, &order).await;
                let faults = self.fleet.faults().get(&component);
                let faults = json!({ "component": component, "faults": faults });
                tokio::spawn(async move {
                    let _ = obeyed.await;
                    let _ = answer.send(Ok(faults));
                });
            }
        }
    }

    fn http(&self) -> String {
        format!("http://{}", self.listen)
    }

    fn admin_url(&self) -> String {
        format!("http://{}", self.admin)
    }

    fn status(&self) -> Value {
        let redis = self.redis.address();
        let redis = redis.map(|address| json!({ "address": address, "pid": self.redis.pid() }));
        let components: serde_json::Map<String, Value> = self
            .fleet
            .plan()
            .components
            .iter()
            .map(|(id, component)| {
                let status = json!({
                    "faults": self.fleet.faults().get(id),
                    "shed": self.fleet.shed(id),
                    "ready": component.ready,
                });
                (id.clone(), status)
            })
            .collect();
        json!({
            "pid": std::process::id(),
            "http": self.http(),
            "admin": self.admin_url(),
            "redis": redis,
            "workers": self.fleet.workers(),
            "trigger": self.fleet.trigger(),
            "components": components,
        })
    }

    fn announce(&self) -> Result<()> {
        self.state.announce(&Running {
            pid: std::process::id(),
            http: self.http(),
            admin: self.admin_url(),
            redis: self.redis.address().map(|address| RunningRedis {
                address,
                admin_url: self.redis.admin_url().unwrap_or_default(),
                pid: self.redis.pid(),
            }),
            workers: self.fleet.workers().into_iter().filter_map(|worker| worker.pid).collect(),
            trigger: self.fleet.trigger().and_then(|trigger| trigger.pid),
        })
    }

    fn announce_or_say(&self) {
        if let Err(error) = self.announce() {
            crate::say!("madang: {error:#}");
        }
    }
}

/// The running program itself, even if its file was replaced by a newer build meanwhile.
fn own_program() -> Result<PathBuf> {
    let program = Path::new("/proc/self/exe");
    if program.exists() {
        return Ok(program.to_owned());
    }
    std::env::current_exe().context("the program's file is gone")
}

/// Ctrl-C, and what a service manager sends.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen to signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
