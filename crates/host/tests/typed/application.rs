//! The repository's application in this process, without HTTP: nothing listens, no route leads anywhere, and
//! the address at which contexts ask each other is nobody's.

use crate::linked::{Answer, Export, Linked};
use crate::value;
use madang_host::{
    app::{
        plan::{Limits, Plan},
        stores::KeyValueStore,
    },
    guest::{
        code, engine,
        failure::Failure,
        state::{Guest, Host},
    },
    supervisor::load::{Load, Redis as Server, Source},
};
use madang_testing::{Redis, repository, spin_manifest};
use serde_json::Value;
use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};
use tempfile::TempDir;
use tokio::runtime::{self, Runtime};

/// What an instance may have: as `madang up` has it.
pub const MEMORY: usize = 64 << 20;

static COMPILING: Mutex<()> = Mutex::new(());

/// An application, and what it stands on. Everything blocks.
pub struct Application {
    /// Its Redis.
    pub redis: Redis,
    linked: Arc<Linked>,
    runtime: Runtime,
    _folder: TempDir,
}

impl Application {
    /// Starts one.
    ///
    /// # Panics
    /// Where it does not start: the reason says how to mend it.
    #[track_caller]
    pub fn start() -> Self {
        let (redis, folder) = (Redis::start(), tempfile::tempdir().expect("a folder"));
        let plan = plan(&redis, folder.path()).unwrap_or_else(|error| panic!("{error:#}"));
        let linked = Host::new(plan).and_then(Linked::new);
        let linked = linked.unwrap_or_else(|error| panic!("{error:#}"));
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        Self { redis, linked, runtime: runtime.expect("a runtime"), _folder: folder }
    }

    /// The functions of the contexts' own interfaces.
    pub fn typed(&self) -> impl Iterator<Item = &Export> {
        self.linked.exports.iter().filter(|export| export.interface.starts_with("madang:"))
    }

    /// The component of this id.
    #[track_caller]
    pub fn component(&self, id: &str) -> &Arc<Guest> {
        self.linked.host.guest(id).unwrap_or_else(|| panic!("spin.toml has no component {id}"))
    }

    /// What its components have asked each other, as paths in order.
    pub fn asked(&self) -> Vec<String> {
        self.linked.asked.lock().expect("nobody failed with it").clone()
    }

    /// Calls a function and gives its answer.
    ///
    /// # Panics
    /// Where there is none.
    #[track_caller]
    pub fn call(&self, export: &Export, arguments: &[Value]) -> Answer {
        let answer = self.try_call(export, arguments);
        answer.unwrap_or_else(|failure| {
            panic!("{} {}: the component {failure}", export.guest.id, export.function)
        })
    }

    /// Calls a function.
    ///
    /// # Errors
    /// How the instance ended without an answer.
    ///
    /// # Panics
    /// Where the arguments do not fit the function's type.
    #[track_caller]
    pub fn try_call(&self, export: &Export, arguments: &[Value]) -> Result<Answer, Failure> {
        let Export { guest, function, params, .. } = export;
        let place = format!("{} {function}", guest.id);
        assert_eq!(arguments.len(), params.len(), "{place} takes {params:?}");
        let argument = |(value, (_, ty)): (&Value, &(_, _))| value::from_json(value, ty);
        let arguments = arguments.iter().zip(params).map(argument).collect::<Result<_, _>>();
        let arguments = arguments.unwrap_or_else(|why| panic!("{place}: {why}"));
        self.runtime.block_on(self.linked.call(export, arguments))
    }

    /// The function of a system that is named so: `books.check-and-change-status`.
    ///
    /// # Panics
    /// Where there is none.
    #[track_caller]
    pub fn function(&self, system: &str, name: &str) -> &Export {
        let (interface, function) = name.split_once('.').expect("an interface and its function");
        let interface = format!("madang:{system}/{interface}@");
        self.typed()
            .find(|export| export.interface.starts_with(&interface) && export.function == function)
            .unwrap_or_else(|| panic!("no component exports {interface}…#{function}"))
    }

    /// What a function of a system answers, which is no problem.
    ///
    /// # Panics
    /// Where it is one.
    #[track_caller]
    pub fn ask(&self, system: &str, name: &str, arguments: &[Value]) -> Value {
        let answer = self.call(self.function(system, name), arguments);
        answer.unwrap_or_else(|problem| panic!("{system} {name}{arguments:?}: {problem}"))
    }

    /// Has all contexts of a system hear its events, until there is nothing more to hear. The doorbell is an
    /// export like any other.
    ///
    /// # Panics
    /// Where one cannot.
    #[track_caller]
    pub fn settle(&self, system: &str) {
        let mut redis = self.redis.connect();
        let mut told = || madang_testing::log::read(&mut redis, system).len();
        let component = format!("{system}-");
        loop {
            let before = told();
            let doorbells = self.linked.exports.iter().filter(|export| {
                export.guest.id.starts_with(&component) && export.function == "handle-message"
            });
            for doorbell in doorbells {
                let heard = self.call(doorbell, &[Value::Array(Vec::new())]);
                assert_eq!(heard, Ok(Value::Null), "{} did not hear", doorbell.guest.id);
            }
            if told() == before {
                return;
            }
        }
    }
}

fn plan(redis: &Redis, folder: &Path) -> anyhow::Result<Plan> {
    let variable = |name: &str, value: &str| format!("{name}={value}");
    let load = Load::new(&Source {
        from: spin_manifest(),
        runtime_config: Some(repository().join("runtime-config.toml")),
        variables: vec![
            variable("redis_address", &redis.address()),
            variable("base_url", "http://nobody.invalid"),
            // Nothing here may depend on how long a call takes, or how many failed before.
            variable("call_timeout_ms", "20000"),
            variable("breaker_calls", "1000"),
        ],
        state_dir: Some(folder.to_owned()),
        ..Source::default()
    })?;
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let limits = Limits { memory: MEMORY, ..Limits::default() };
    let mut plan = load.plan(nowhere, None, &Server::None, true, limits)?;
    plan.routes.clear();
    plan.subscriptions.clear();
    // A developer's own stores are left alone.
    let files = plan.key_value_stores.values_mut().filter_map(KeyValueStore::file_mut);
    for database in files.chain(plan.sqlite_databases.values_mut()) {
        database.path = folder.join(database.path.file_name().unwrap_or_default());
    }
    // One after the other: what the first has compiled is there for the next.
    let _compiling = COMPILING.lock().unwrap_or_else(PoisonError::into_inner);
    // The cache that all tests share.
    let cache = Path::new(env!("CARGO_BIN_EXE_madang")).with_file_name("madang-test-cache");
    let engine = engine::engine(1, MEMORY)?;
    for component in plan.components.values_mut() {
        (component.http, component.redis) = (false, false);
        component.artifact = code::compile(&engine, &component.source, &cache)?;
    }
    Ok(plan)
}
