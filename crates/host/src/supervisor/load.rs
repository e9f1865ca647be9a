//! From the command line and the files to a plan.

use super::{
    acl::{self, Logins, TRIGGER},
    redis::{Fsync, Given, Server},
};
use crate::app::{
    manifest::{Manifest, RouteConfig},
    plan::{Limits, Places, Plan},
    runtime_config::RuntimeConfig,
    template::Values,
    tls::{Tls, TlsFiles},
    variables::{self, DOTENV, Provider},
};
use crate::telemetry::settings::Settings;
use anyhow::{Context, Result, ensure};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What to run.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The manifest, or its folder.
    pub from: PathBuf,
    /// The runtime config.
    pub runtime_config: Option<PathBuf>,
    /// `--variable` arguments.
    pub variables: Vec<String>,
    /// `--env`: environment variables of all components.
    pub environment: Vec<(String, String)>,
    /// Only these components; all if empty.
    pub components: Vec<String>,
    /// Mount folders of `files` as they are.
    pub direct_mounts: bool,
    /// What to serve HTTPS with.
    pub tls: Option<TlsFiles>,
    /// Where to keep state.
    pub state_dir: Option<PathBuf>,
}

/// An application that was read.
#[derive(Debug)]
pub struct Load {
    /// What it is.
    pub manifest: Manifest,
    /// The passwords of its Redis users.
    pub logins: Logins,
    /// Where it keeps its state.
    pub state_dir: PathBuf,
    config: RuntimeConfig,
    providers: Vec<Provider>,
    environment: Vec<(String, String)>,
    direct_mounts: bool,
    tls: Option<Tls>,
    base: PathBuf,
}

/// The application's Redis.
#[derive(Debug, Clone)]
pub enum Redis {
    /// It uses none.
    None,
    /// One of its own.
    Own(Arc<Server>),
    /// One that was given, and whether it knows the application's users.
    Given(Given, bool),
}

impl Source {
    fn manifest(&self) -> PathBuf {
        if self.from.is_dir() { self.from.join("spin.toml") } else { self.from.clone() }
    }

    /// The files that say what to run, and those that run, as far as what they say is in order.
    pub fn files(&self) -> Vec<PathBuf> {
        let path = self.manifest();
        let mut files = vec![path.clone(), PathBuf::from(DOTENV)];
        files.extend(self.runtime_config.clone());
        files.extend(self.tls.iter().flat_map(|tls| [tls.certificate.clone(), tls.key.clone()]));
        if let (Ok(manifest), Ok(base)) = (Manifest::read(&path), base(&path)) {
            for component in manifest.components.values() {
                files.push(base.join(component.source()));
                if !self.direct_mounts {
                    files.extend(component.files(&base).find().unwrap_or_default().into_values());
                }
            }
        }
        files
    }

    /// The state folder, where the runtime config does not say otherwise.
    pub fn state_dir(&self, configured: Option<PathBuf>) -> Result<PathBuf> {
        let base = base(&self.manifest())?;
        let path = self.state_dir.clone().or(configured).unwrap_or_else(|| base.join(".madang"));
        std::path::absolute(&path).with_context(|| format!("{} is no path", path.display()))
    }
}

fn base(manifest: &Path) -> Result<PathBuf> {
    let manifest = std::path::absolute(manifest)
        .with_context(|| format!("{} is no path", manifest.display()))?;
    Ok(manifest.parent().map_or_else(|| manifest.clone(), Path::to_owned))
}

impl Load {
    /// Reads the manifest and the runtime config.
    pub fn new(source: &Source) -> Result<Self> {
        let path = source.manifest();
        let mut manifest = Manifest::read(&path)?;
        if !source.components.is_empty() {
            manifest.select(&source.components)?;
        }
        let mut config = match &source.runtime_config {
            Some(path) => RuntimeConfig::read(path)?,
            None => RuntimeConfig::default(),
        };
        let mut providers = vec![variables::from_arguments(&source.variables)?];
        providers.append(&mut config.providers);
        providers.push(Provider::environment());
        let state_dir = source.state_dir(config.state_dir.take())?;
        let logins = Logins::read(&manifest, &state_dir)?;
        Ok(Self {
            manifest,
            logins,
            state_dir,
            config,
            providers,
            environment: source.environment.clone(),
            direct_mounts: source.direct_mounts,
            tls: source.tls.as_ref().map(Tls::read).transpose()?,
            base: base(&path)?,
        })
    }

    fn uses_redis(&self) -> bool {
        !self.manifest.triggers.redis.is_empty()
            || acl::users(&self.manifest).next().is_some()
            || self.manifest.variables.contains_key("redis_address")
    }

    /// Finds out which Redis the application gets.
    pub async fn redis(&self, url: Option<&str>, fsync: Fsync) -> Result<Redis> {
        if !self.uses_redis() {
            return Ok(Redis::None);
        }
        let Some(url) = url.filter(|url| !url.is_empty()) else {
            return Ok(Redis::Own(Arc::new(
                Server::prepare(&self.state_dir, &self.logins, fsync).await?,
            )));
        };
        let given = Given::parse(url)?;
        let known = self.are_known(&given).await;
        if known.is_none() {
            crate::say!(
                Warn,
                "madang: Redis at {} is away; serving without it until it is back",
                given.address
            );
        }
        Ok(Redis::Given(given, known == Some(true)))
    }

    /// Finds out how the application, read anew, gets on with the Redis that it runs with.
    pub async fn redis_again(&self, running: &Redis) -> Result<Redis> {
        match running {
            Redis::None => {
                ensure!(
                    !self.uses_redis(),
                    "the application uses Redis now, which it did not when it was started: stop it \
                     and start it again"
                );
                Ok(Redis::None)
            }
            Redis::Own(server) => Ok(Redis::Own(server.clone())),
            Redis::Given(given, _) => {
                let known = self.are_known(given).await.with_context(|| {
                    format!("Redis at {} is away: try again when it is back", given.address)
                })?;
                Ok(Redis::Given(given.clone(), known))
            }
        }
    }

    /// Whether a given Redis knows the application's users; `None` if it does not answer.
    async fn are_known(&self, given: &Given) -> Option<bool> {
        let users: Vec<_> = acl::users(&self.manifest).collect();
        let known = given.knows(&users, &self.logins).await;
        if known == Some(false) {
            crate::say!(
                Warn,
                "madang: Redis at {} does not know this application's users, so all components \
                 share its login: `madang acl` prints the users to create there",
                given.address
            );
        }
        known
    }

    /// Resolves everything.
    pub fn plan(
        &self,
        listen: SocketAddr,
        admin: Option<SocketAddr>,
        redis: &Redis,
        quiet: bool,
        limits: Limits,
    ) -> Result<Plan> {
        let own = self.own_values(listen, admin, redis);
        let values = variables::resolve(&self.manifest, &self.providers, &own)?;
        let places = Places { base: &self.base, state: &self.state_dir, listen };
        let mut plan = Plan::new(&self.manifest, &self.config, &values, &places, quiet, limits)?;
        let triggers = &self.manifest.triggers;
        ensure!(
            !triggers.http.is_empty() || !triggers.redis.is_empty(),
            "no trigger calls a component that runs: add a [[trigger.http]] or a [[trigger.redis]]"
        );
        plan.tls.clone_from(&self.tls);
        plan.telemetry = Settings::from_environment(&plan.name, &plan.version)?;
        for component in plan.components.values_mut() {
            component.environment.extend(self.environment.iter().cloned());
            component.files.direct = self.direct_mounts;
        }
        Ok(plan)
    }

    /// The variables that the host fills in by itself.
    fn own_values(&self, listen: SocketAddr, admin: Option<SocketAddr>, redis: &Redis) -> Values {
        let mut own = Values::new();
        // An address to call, where one to listen on stands for all.
        let ip = match listen.ip() {
            ip if !ip.is_unspecified() => ip,
            ip if ip.is_ipv4() => std::net::Ipv4Addr::LOCALHOST.into(),
            _ => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let address = SocketAddr::new(ip, listen.port());
        own.insert("base_url".to_owned(), format!("{scheme}://{address}"));
        if let Some(admin) = admin {
            own.insert("admin_url".to_owned(), format!("http://{admin}"));
        }
        if let Some(address) = redis.address() {
            own.insert("redis_address".to_owned(), address);
            let login = |user: &str| match redis {
                Redis::Given(given, false) => given.login.clone(),
                _ => self.logins.login(user).unwrap_or_default(),
            };
            own.insert("redis_trigger_login".to_owned(), login(TRIGGER));
            for id in acl::users(&self.manifest) {
                own.insert(acl::variable(id), login(id));
            }
        }
        own
    }

    /// The ACL lines for a Redis that is given.
    pub fn acl(&self) -> Result<String> {
        let listen = SocketAddr::from(([127, 0, 0, 1], 3000));
        let limits = Limits::default();
        let plan = self.plan(listen, None, &Redis::None, true, limits)?;
        Ok(self.logins.users(&plan))
    }

    /// The routes, for people.
    pub fn routes(&self) -> Vec<String> {
        let route = |route: &RouteConfig| match route {
            RouteConfig::Public(pattern) => pattern.clone(),
            RouteConfig::Private { .. } => "(private)".to_owned(),
        };
        let triggers = &self.manifest.triggers;
        let http = triggers
            .http
            .iter()
            .map(|trigger| format!("{} → {}", route(&trigger.route), trigger.component));
        let redis = triggers
            .redis
            .iter()
            .map(|trigger| format!("channel {} → {}", trigger.channel, trigger.component));
        http.chain(redis).collect()
    }
}

impl Redis {
    /// `host:port`.
    pub fn address(&self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Own(server) => Some(server.address()),
            Self::Given(given, _) => Some(given.address.clone()),
        }
    }

    /// A URL that may do as much as the host may.
    pub fn admin_url(&self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Own(server) => Some(server.admin_url().to_owned()),
            Self::Given(given, _) => Some(given.url.clone()),
        }
    }

    /// Tells a server that the host started to end, without waiting for it.
    pub fn terminate(&self) {
        if let Self::Own(server) = self {
            server.terminate();
        }
    }

    /// Its process id, if the host started it.
    pub fn pid(&self) -> Option<u32> {
        match self {
            Self::Own(server) => server.pid(),
            _ => None,
        }
    }
}
