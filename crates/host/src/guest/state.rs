//! What an instance holds, and the process that it lives in.

use super::{
    bindings::listener::ListenerPre,
    bulkhead::Bulkhead,
    database::Databases,
    deadline::Deadlines,
    engine::{INNER_INSTANCES, OUTER_INSTANCES, engine, start_clock},
    failure::Failure,
    faults::{Faults, Life},
    http::{Client, Outbound},
    link,
    logs::Log,
    meter::{Alive, Meter},
    redis_pool::Pool,
    slices::{Slices, give_way},
    sockets,
};
use crate::app::{
    grants::Grants,
    plan::{ComponentPlan, Plan},
    routes::Router,
};
use crate::telemetry::{
    Tracer,
    scope::{Scope, VARIABLE},
    span::Span,
};
use anyhow::{Context, Result};
use std::{
    collections::{HashMap, HashSet},
    future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, Semaphore};
use url::Url;
use wasmtime::{Engine, Store, StoreLimits, StoreLimitsBuilder, component::ResourceTable};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView, p2::bindings::ProxyPre};

/// How a component that hears messages learns whether an instance of it has trapped in this process (`1`) or none has
/// (`0`). An event that was being handled when its process was killed is not to blame for it, one whose handler traps
/// is; to Redis both look the same. A process that was killed forgets it.
const TRAPPED: &str = "MADANG_TRAPPED";

/// One process's share of the application.
pub struct Host {
    /// What the application is.
    pub plan: Plan,
    /// Its public routes.
    pub router: Router,
    /// Redis connections.
    pub redis: Pool,
    /// SQLite connections.
    pub databases: Databases,
    /// Connections to the rest of the world.
    pub client: Client,
    /// Instances for requests from outside.
    pub outer: Arc<Semaphore>,
    /// Instances for calls among components.
    pub inner: Arc<Semaphore>,
    /// Writes how long a request may take.
    pub deadlines: Deadlines,
    /// Notified whenever a request was turned away.
    pub shedding: Notify,
    /// Where guests that compute take turns.
    pub slices: Slices,
    /// Makes spans, if somebody wants them.
    pub tracer: Option<Arc<Tracer>>,
    engine: Engine,
    guests: HashMap<String, Arc<Guest>>,
    authorities: Vec<String>,
}

/// One component, ready to be instantiated.
pub struct Guest {
    /// The component's id.
    pub id: String,
    /// What the manifest says of it.
    pub plan: ComponentPlan,
    /// Where it may connect.
    pub grants: Grants,
    /// How it answers requests, if a trigger asks it to.
    pub http: Option<ProxyPre<State>>,
    /// How it hears messages, if a trigger asks it to.
    pub listener: Option<ListenerPre<State>>,
    /// Its faults in this process.
    pub faults: Faults,
    /// Its places in this process.
    pub bulkhead: Bulkhead,
    /// What this process counts of it.
    pub meter: Meter,
    /// Whether an instance of it has trapped or taken too long in this process.
    trapped: AtomicBool,
    /// Redis addresses that were found granted: parsing one for each request costs more than asking Redis to open it.
    pub granted_redis: Mutex<HashSet<String>>,
    /// Whether it imports sockets.
    uses_sockets: bool,
    environment: Vec<(String, String)>,
    stdout: Log,
    stderr: Log,
}

impl Host {
    /// Loads every component of `plan`.
    pub fn new(plan: Plan) -> Result<Arc<Self>> {
        let engine = engine(OUTER_INSTANCES + INNER_INSTANCES, plan.limits.memory)?;
        start_clock(&engine)?;
        let linker = link::linker(&engine)?;
        let mut guests = HashMap::new();
        for (id, component) in &plan.components {
            let guest = Guest::new(&engine, &linker, id, component, &plan)
                .with_context(|| format!("component {id}"))?;
            guests.insert(id.clone(), Arc::new(guest));
        }
        Ok(Arc::new(Self {
            router: Router::new(&plan.routes)?,
            redis: Pool::default(),
            databases: Databases::default(),
            client: Client::new(),
            outer: Arc::new(Semaphore::new(OUTER_INSTANCES as usize)),
            inner: Arc::new(Semaphore::new(INNER_INSTANCES as usize)),
            deadlines: Deadlines::default(),
            shedding: Notify::new(),
            slices: Slices::default(),
            tracer: plan.telemetry.clone().map(Tracer::new),
            engine,
            guests,
            authorities: own_authorities(plan.listen),
            plan,
        }))
    }

    /// What its components were compiled for.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The component of this id.
    pub fn guest(&self, id: &str) -> Option<&Arc<Guest>> {
        self.guests.get(id)
    }

    /// All components.
    pub fn guests(&self) -> impl Iterator<Item = &Arc<Guest>> {
        self.guests.values()
    }

    /// Whether `authority` is this application's own address.
    pub fn is_own(&self, authority: &str) -> bool {
        self.authorities.iter().any(|own| own == authority)
    }

    /// How long an instance may live.
    pub fn time_limit(&self) -> Duration {
        Duration::from_millis(self.plan.limits.request_timeout_ms)
    }

    /// A store for a fresh instance of `guest`.
    pub fn store(self: &Arc<Self>, guest: &Arc<Guest>, life: Arc<Life>) -> Store<State> {
        let mut store = Store::new(
            &self.engine,
            State {
                table: ResourceTable::new(),
                wasi: guest.wasi(life.scope.as_ref()),
                http: WasiHttpCtx::new(),
                outbound: Outbound { host: self.clone(), guest: guest.clone(), life },
                operation: None,
                limits: StoreLimitsBuilder::new()
                    .memory_size(self.plan.limits.memory)
                    .trap_on_grow_failure(true)
                    .build(),
                slices: 0,
                _alive: Alive::new(guest.clone()),
            },
        );
        store.limiter(|state| &mut state.limits);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(give_way);
        store
    }
}

/// The names under which a listening address is called from the same machine.
fn own_authorities(listen: std::net::SocketAddr) -> Vec<String> {
    let port = listen.port();
    let mut own = vec![listen.to_string()];
    if listen.ip().is_loopback() || listen.ip().is_unspecified() {
        own.push(format!("localhost:{port}"));
    }
    if listen.ip().is_unspecified() {
        own.push(format!("127.0.0.1:{port}"));
        own.push(format!("[::1]:{port}"));
    }
    own
}

impl Guest {
    fn new(
        engine: &Engine,
        linker: &wasmtime::component::Linker<State>,
        id: &str,
        plan: &ComponentPlan,
        app: &Plan,
    ) -> Result<Self> {
        let component = super::code::load(engine, &plan.artifact)?;
        let pre = linker.instantiate_pre(&component)?;
        let log = |output| Log::open(&app.logs, id, output, !app.quiet);
        Ok(Self {
            id: id.to_owned(),
            plan: plan.clone(),
            grants: Grants::parse(plan.grants.iter().map(String::as_str))?,
            http: plan.http.then(|| ProxyPre::new(pre.clone())).transpose()?,
            listener: plan.redis.then(|| ListenerPre::new(pre)).transpose()?,
            faults: Faults::default(),
            bulkhead: Bulkhead::new(plan.max_requests),
            meter: Meter::default(),
            trapped: AtomicBool::default(),
            granted_redis: Mutex::default(),
            uses_sockets: component
                .component_type()
                .imports(engine)
                .any(|(name, _)| name.starts_with("wasi:sockets/")),
            environment: plan.environment.clone().into_iter().collect(),
            stdout: log("stdout")?,
            stderr: log("stderr")?,
        })
    }
}

impl Guest {
    /// Logs that it was not granted what a URL names, and the mend.
    pub fn denied(&self, url: &Url) {
        let (scheme, host) = (url.scheme(), url.host_str().unwrap_or_default());
        let port = url.port().map_or(String::new(), |port| format!(":{port}"));
        self.denied_at(&format!("{scheme}://{host}{port}"));
    }

    /// As [`Guest::denied`], of an entry of `allowed_outbound_hosts`.
    pub fn denied_at(&self, place: &str) {
        crate::say!(
            Warn,
            component = self.id,
            "component {} may not reach {place}: add \"{place}\" to its allowed_outbound_hosts in \
             the manifest",
            self.id
        );
    }

    /// Takes note of an instance that ended badly.
    pub fn failed(&self, failure: &Failure) {
        self.meter.failure(failure);
        // An instance that a tester kills alone ends as one that traps.
        if matches!(failure, Failure::Trap(_) | Failure::TimedOut | Failure::Killed) {
            self.trapped.store(true, Ordering::Relaxed);
        }
    }

    /// What an instance has of the system. A folder costs opening it, a variable copying it.
    fn wasi(self: &Arc<Self>, scope: Option<&Arc<Scope>>) -> WasiCtx {
        let mut wasi = WasiCtx::builder();
        wasi.stdout(self.stdout.within(scope))
            .stderr(self.stderr.within(scope))
            .envs(&self.environment);
        if let Some(scope) = scope {
            wasi.env(VARIABLE, scope.base().to_string());
        }
        if self.listener.is_some() {
            let trapped = self.trapped.load(Ordering::Relaxed);
            wasi.env(TRAPPED, if trapped { "1" } else { "0" });
        }
        if self.uses_sockets {
            let guest = self.clone();
            wasi.allow_tcp(true).allow_udp(true).socket_addr_check(move |address, usage| {
                Box::pin(future::ready(sockets::allows(&guest, address, usage)))
            });
        }
        for (folder, path) in &self.plan.folders {
            if let Err(error) = wasi.preopened_dir(folder, path, FsPerms::ReadOnly) {
                // It was there when the component was loaded. The guest finds no files.
                crate::say!("component {}: cannot open {}: {error:#}", self.id, folder.display());
            }
        }
        wasi.build()
    }
}

/// What one instance holds.
pub struct State {
    /// Its handles.
    pub table: ResourceTable,
    /// Its way out.
    pub outbound: Outbound,
    /// How many slices it has computed through.
    pub slices: u32,
    /// The span of the operation on a store that is under way.
    pub operation: Option<Span>,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    limits: StoreLimits,
    _alive: Alive,
}

impl State {
    /// The process.
    pub fn host(&self) -> &Arc<Host> {
        &self.outbound.host
    }

    /// The component.
    pub fn guest(&self) -> &Arc<Guest> {
        &self.outbound.guest
    }

    /// The span of a call to the outside that begins, if it is recorded.
    pub fn call(&self, name: &str) -> Option<Span> {
        self.outbound.life.scope.as_ref()?.call(name)
    }

    /// To be awaited after each call to the outside: an injected crash strikes here.
    pub async fn performed(&mut self) {
        self.outbound.life.performed(&self.outbound.guest.faults).await;
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.outbound, table: &mut self.table, ctx: &mut self.http }
    }
}
