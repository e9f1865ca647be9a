//! The command line.

use crate::{
    app::{plan::Limits, tls::TlsFiles},
    breakers, client,
    commands::{
        Closed, Target, dead_letters::DeadLetters, events::Events, logs::Logs, print, ps::Ps,
    },
    flags,
    guest::faults::{Crash, Delay, Order, Trigger},
    process::{self, trigger::Listener, worker::Worker},
    say::Format,
    supervisor::{
        self, Options,
        load::{Load, Source},
        redis::Fsync,
        seed::Seed,
    },
};
use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf, process::ExitCode};

/// Runs a Spin application: event-driven microservices as WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = "madang", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run an application, as `spin up` does.
    Up(Box<Up>),
    /// Print the Redis users that the application needs, as lines of an ACL file.
    Acl(SourceArgs),
    /// Print what runs, and its faults.
    Status(Target),
    /// Print the processes: since when they run, their memory, and how many instances live in them.
    Ps(Ps),
    /// Print what components have printed.
    Logs(Logs),
    /// Print the events in a system's log, one a line: number, time, source, type, subject, and the
    /// id of the saga.
    Events(Events),
    /// Events that a context could not handle: print, replay or drop them.
    #[command(subcommand)]
    DeadLetters(DeadLetters),
    /// Print the circuit breakers of the components' calls, and how many requests were turned away.
    Breakers {
        #[command(flatten)]
        target: Target,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Read the manifest, the runtime config and the components again, and replace what runs
    /// without losing a request. If anything is wrong with them, what runs goes on.
    Reload(Target),
    /// Take a component down: its requests get 503, its messages do not arrive.
    Down(Component),
    /// End all faults of a component.
    Heal(Component),
    /// Hold a component's answers back by a random time.
    Delay {
        #[command(flatten)]
        component: Component,
        /// Milliseconds: `800-1100`, or one number.
        #[arg(value_parser = range)]
        range: Delay,
    },
    /// In each process once, kill an instance of a component right after a call to the outside.
    Crash {
        #[command(flatten)]
        component: Component,
        /// After which call, from 1: a Redis command, an HTTP request, a SQLite or key-value
        /// operation. 0 is before it runs.
        #[arg(long)]
        call: u32,
        /// Only an instance that this woke.
        #[arg(long)]
        trigger: Option<Trigger>,
        /// Kill the whole process that runs it, as `kill -9` does.
        #[arg(long)]
        process: bool,
    },
    #[command(hide = true)]
    Compile,
    #[command(hide = true)]
    Worker(Child),
    #[command(hide = true)]
    Trigger(Child),
}

#[derive(Debug, Args)]
struct SourceArgs {
    /// The manifest, or its folder.
    #[arg(short, long, default_value = "spin.toml", alias = "file")]
    from: PathBuf,
    /// Where stores live and variables come from.
    #[arg(long, env = "RUNTIME_CONFIG_FILE")]
    runtime_config_file: Option<PathBuf>,
    /// A variable's value: `name=value`, `name=@file`, `@file.json` or `@file.toml`. May be
    /// repeated.
    #[arg(long)]
    variable: Vec<String>,
    /// Run only this component. May be repeated.
    #[arg(short, long)]
    component_id: Vec<String>,
    /// Where state is kept [default: .madang next to the manifest].
    #[arg(long)]
    state_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Up {
    #[command(flatten)]
    source: SourceArgs,
    /// Where the application is served. Port 0 is any free one.
    #[arg(long, env = "SPIN_HTTP_LISTEN_ADDR", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// Keep component output from the console; it is still in the state folder's logs.
    #[arg(short, long)]
    quiet: bool,
    /// An environment variable of all components: `NAME=value`. May be repeated.
    #[arg(short, long, value_parser = pair)]
    env: Vec<(String, String)>,
    /// Sets a value in the default key-value store at the start: `key=value`. May be repeated.
    #[arg(long, value_parser = pair)]
    key_value: Vec<(String, String)>,
    /// Runs SQL at the start: a statement, on the default database, or `@file` or `@file:label` with any
    /// number of them. May be repeated.
    #[arg(long)]
    sqlite: Vec<String>,
    /// Serve HTTPS with this certificate, in PEM, and those that vouch for it.
    #[arg(long, env = "SPIN_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, in PEM.
    #[arg(long, env = "SPIN_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Mount the folders of `files` as they are, so that changes to them show at once.
    #[arg(long)]
    direct_mounts: bool,
    /// How lines are written to the console: pretty on a terminal, else JSON; or always so.
    #[arg(
        long,
        env = "MADANG_LOG_FORMAT",
        value_enum,
        default_value = "auto",
        overrides_with = "log_format"
    )]
    log_format: Format,
    /// Reload when the manifest, the runtime config, a component or one of its files has changed.
    #[arg(long)]
    watch: bool,
    /// Worker processes [default: one per core].
    #[arg(long)]
    workers: Option<NonZeroUsize>,
    /// Where status and faults are served; a loopback address.
    #[arg(long, default_value = "127.0.0.1:0")]
    admin: SocketAddr,
    /// A Redis to use, redis://[user:password@]host[:port]; without, one is started.
    #[arg(long, env = "MADANG_REDIS_URL", hide_env_values = true)]
    redis_url: Option<String>,
    /// When a Redis that is started writes to the disk.
    #[arg(long, env = "MADANG_REDIS_FSYNC", default_value = "everysec")]
    redis_fsync: Fsync,
    #[command(flatten, next_help_heading = "Limits")]
    limits: Limits,
}

/// A process of the supervisor's.
#[derive(Debug, Args)]
struct Child {
    #[arg(long, value_enum)]
    log_format: Format,
}

#[derive(Debug, Args)]
struct Component {
    /// The component's id.
    id: String,
    #[command(flatten)]
    target: Target,
}

/// Runs the command line; errors go to standard error.
pub fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|error| match flags::only_in_spin(&error) {
        Some(said) => {
            crate::say!("madang: {said}");
            std::process::exit(error.exit_code())
        }
        None => error.exit(),
    });
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read has read enough.
        Err(error) if error.is::<Closed>() => ExitCode::SUCCESS,
        Err(error) => {
            crate::say!(Error, "madang: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Up(up) => {
            up.log_format.set();
            supervisor::up(up.options()?)
        }
        Command::Acl(source) => print(&Load::new(&source.source())?.acl()?),
        Command::Status(target) => print(&client::status(&target.state_dir)?),
        Command::Ps(ps) => ps.run(),
        Command::Logs(logs) => logs.run(),
        Command::Events(events) => events.run(),
        Command::DeadLetters(letters) => letters.run(),
        Command::Breakers { target, json } => {
            let said = breakers::ask(&target.state_dir)?;
            print(&if json { format!("{said:#}\n") } else { breakers::table(&said) })
        }
        Command::Reload(target) => print(&client::reload(&target.state_dir)?),
        Command::Down(component) => component.order(&Order::Down),
        Command::Heal(component) => component.order(&Order::Heal),
        Command::Delay { component, range } => component.order(&Order::Delay(range)),
        Command::Crash { component, call, trigger, process } => {
            component.order(&Order::Crash(Crash { call, trigger, process }))
        }
        Command::Compile => supervisor::compile::main(),
        Command::Worker(child) => {
            child.log_format.set();
            process::run(Worker)
        }
        Command::Trigger(child) => {
            child.log_format.set();
            process::run(Listener::default())
        }
    }
}

impl SourceArgs {
    fn source(self) -> Source {
        Source {
            from: self.from,
            runtime_config: self.runtime_config_file,
            variables: self.variable,
            components: self.component_id,
            state_dir: self.state_dir.filter(|path| !path.as_os_str().is_empty()),
            ..Source::default()
        }
    }
}

impl Up {
    fn options(self) -> Result<Options> {
        let tls = self.tls_cert.zip(self.tls_key);
        let source = Source {
            environment: self.env,
            direct_mounts: self.direct_mounts,
            tls: tls.map(|(certificate, key)| TlsFiles { certificate, key }),
            ..self.source.source()
        };
        let workers = self.workers.or_else(|| std::thread::available_parallelism().ok());
        Ok(Options {
            source,
            seed: Seed { key_values: self.key_value, statements: self.sqlite },
            watch: self.watch,
            listen: self.listen,
            admin: self.admin,
            workers: workers.map_or(1, NonZeroUsize::get),
            quiet: self.quiet,
            redis_url: self.redis_url,
            redis_fsync: self.redis_fsync,
            limits: self.limits,
        })
    }
}

impl Component {
    fn order(&self, order: &Order) -> Result<()> {
        print(&client::order(&self.target.state_dir, &self.id, order)?)
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once('=').ok_or_else(|| format!("{text:?} is no pair: write `name=value`"))?;
    Ok((name.to_owned(), value.to_owned()))
}

fn range(text: &str) -> Result<Delay, String> {
    let (min, max) = text.split_once('-').unwrap_or((text, text));
    let number =
        |text: &str| text.parse().map_err(|_| format!("{text:?} is no number of milliseconds"));
    let delay = Delay { min_ms: number(min)?, max_ms: number(max)? };
    delay.check().map_err(|error| error.to_string())?;
    Ok(delay)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn ranges_and_pairs() {
        assert_eq!(range("800-1100"), Ok(Delay { min_ms: 800, max_ms: 1100 }));
        assert_eq!(range("5"), Ok(Delay { min_ms: 5, max_ms: 5 }));
        assert!(range("9-1").is_err());
        assert_eq!(pair("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert!(pair("a").unwrap_err().contains("write `name=value`"));
    }
}
