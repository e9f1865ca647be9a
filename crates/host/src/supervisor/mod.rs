//! `madang up`: reads the application, starts what it needs, and keeps it alive.

pub mod acl;
pub mod admin;
mod assets;
pub mod child;
pub mod collector;
pub mod compile;
pub mod fleet;
pub mod handover;
pub mod load;
pub mod metrics;
pub mod processes;
pub mod redis;
pub mod reload;
pub mod seed;
mod service;
pub mod sockets;
pub mod state_dir;
pub mod tally;
mod watch;

use self::{
    fleet::Fleet,
    load::{Load, Source},
    seed::Seed,
    service::Supervisor,
    state_dir::StateDir,
    watch::Watch,
};
use crate::{app::plan::Limits, say::Format};
use anyhow::{Context, Result};
use std::{
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, watch as channel},
};

/// How to run an application.
#[derive(Debug)]
pub struct Options {
    /// What to run.
    pub source: Source,
    /// What to put into the stores first.
    pub seed: Seed,
    /// Whether to reload it when one of its files has changed.
    pub watch: bool,
    /// Where to serve it.
    pub listen: SocketAddr,
    /// Where to be ordered about; loopback.
    pub admin: SocketAddr,
    /// How many workers.
    pub workers: usize,
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
    let watch = options.watch.then(|| Watch::new(&options.source));
    let loaded = Load::new(&options.source)?;
    let state = StateDir::take(&loaded.state_dir)?;
    let (listen, queues) = sockets::listen(options.listen, options.workers)?;

    let store = loaded.redis(options.redis_url.as_deref(), options.redis_fsync).await?;
    // Open before there is anybody to answer, since components may be told where it is.
    let (questions, asked) = mpsc::channel(16);
    let admin = admin::serve(options.admin, questions.clone()).await?;
    let plan = loaded.plan(listen, Some(admin), &store, options.quiet, options.limits)?;
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
    let (stop_redis, redis_stopped) = channel::channel(false);
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
        options.seed.sow(&plan).await?;
        Fleet::start(plan, queues).await
    };
    let started = tokio::select! {
        started = started => started,
        () = signals.next() => {
            stop_redis().await;
            return Ok(());
        }
    };
    let (fleet, events) = match started {
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
        since: SystemTime::now(),
        reload: None,
    };
    supervisor.announce()?;
    tell(&supervisor, &loaded);
    if let Some(watch) = watch {
        tokio::spawn(watch.run(questions));
    }

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
            crate::say!(Warn, "madang: stopped at once");
        }
    }
    drop(state);
    Ok(())
}

/// Tells where the application is served.
fn tell(supervisor: &Supervisor, loaded: &Load) {
    let (http, admin) = (supervisor.http(), supervisor.admin_url());
    if Format::now() == Format::Json {
        return crate::say!("madang: serving {http}, admin {admin}");
    }
    let routes: String = loaded.routes().iter().map(|route| format!("  {route}\n")).collect();
    // Whoever started this may have closed its output; that is no reason to stop.
    let mut out = std::io::stdout().lock();
    let _ = write!(out, "Serving {http}\nAdmin {admin}\n{routes}").and_then(|()| out.flush());
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
