//! `madang dead-letters`: events that a context could not handle, through its own internal paths.

use super::{Target, check_system, print};
use crate::{
    client::{block_on, fetch},
    contexts::Context,
    say::suggestion,
    supervisor::state_dir::Running,
    table::{aligned, cell},
};
use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use clap::{Args, Subcommand};
use futures_util::future::join_all;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::{Value, json};
use std::time::Duration;

/// How long a context may take: replaying is a policy's work, calls to neighbours included.
const ANSWER: Duration = Duration::from_secs(60);

/// `madang dead-letters`.
#[derive(Debug, Subcommand)]
pub enum DeadLetters {
    /// Print the dead letters of all contexts, of a system's, or of one.
    List {
        /// The system, such as `bookrent`.
        system: Option<String>,
        /// The context, such as `delivery`.
        context: Option<String>,
        #[command(flatten)]
        target: Target,
        /// As JSON, with the whole events.
        #[arg(long)]
        json: bool,
    },
    /// Have a context handle dead letters once more; those that it can handle then are gone.
    Replay(Letters),
    /// Give dead letters up: their events will never be handled.
    Drop(Letters),
}

/// Which dead letters.
#[derive(Debug, Args)]
pub struct Letters {
    /// The system, such as `bookrent`.
    system: String,
    /// The context, such as `delivery`.
    context: String,
    /// The number of the event.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    number: Option<u64>,
    /// All that there are, the oldest first.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    target: Target,
}

/// A context of the running application.
struct Asked<'a> {
    running: &'a Running,
    context: &'a Context,
}

impl DeadLetters {
    /// Prints dead letters, or does what is to be done with them; an error if not all was done.
    pub fn run(&self) -> Result<()> {
        match self {
            Self::List { system, context, target, json } => {
                let running = Running::read(&target.state_dir)?;
                let chosen = choose(&running.contexts, system.as_deref(), context.as_deref())?;
                block_on(list(&running, &chosen, *json))?
            }
            Self::Replay(letters) => letters.each(Method::POST, "/replay", "replayed"),
            Self::Drop(letters) => letters.each(Method::DELETE, "", "dropped"),
        }
    }
}

impl Letters {
    fn each(&self, method: Method, verb: &str, done: &str) -> Result<()> {
        let running = Running::read(&self.target.state_dir)?;
        let chosen = choose(&running.contexts, Some(&self.system), Some(&self.context))?;
        let context = *chosen.first().context("the context is there")?;
        let asked = Asked { running: &running, context };
        block_on(async {
            let numbers = match self.number {
                Some(number) => vec![number],
                None => {
                    asked.letters().await?.iter().filter_map(|one| one["number"].as_u64()).collect()
                }
            };
            let mut failed = 0;
            for number in &numbers {
                let what = format!("dead letter {number} of {}/{}", self.system, self.context);
                match asked.order(&method, *number, verb).await {
                    Ok(()) => print(format!("{what}: {done}\n"))?,
                    // One alone is what the command was about.
                    Err(error) if !self.all => {
                        return Err(error.context(format!("{what} was not {done}")));
                    }
                    Err(error) => {
                        failed += 1;
                        crate::say!("{what} was not {done}: {error:#}");
                    }
                }
            }
            ensure!(failed == 0, "{failed} of {} dead letters were not {done}", numbers.len());
            Ok(())
        })?
    }
}

/// The contexts that are meant.
fn choose<'a>(
    contexts: &'a [Context],
    system: Option<&str>,
    context: Option<&str>,
) -> Result<Vec<&'a Context>> {
    let Some(system) = system else { return Ok(contexts.iter().collect()) };
    check_system(system, contexts)?;
    let of_system: Vec<_> = contexts.iter().filter(|one| one.system == system).collect();
    let Some(name) = context else { return Ok(of_system) };
    match of_system.iter().find(|one| one.name == name) {
        Some(found) => Ok(vec![found]),
        None => {
            let known: Vec<_> = of_system.iter().map(|one| one.name.as_str()).collect();
            let near = suggestion(name, known.iter().copied());
            bail!("{system} has no context `{name}`{near}; there are: {}", known.join(", "))
        }
    }
}

async fn list(running: &Running, contexts: &[&Context], as_json: bool) -> Result<()> {
    let said = join_all(contexts.iter().map(async |context| {
        let asked = Asked { running, context };
        (*context, asked.letters().await)
    }));
    let (mut rows, mut all, mut failed) = (Vec::new(), Vec::new(), 0);
    let titles = ["SYSTEM", "CONTEXT", "NUMBER", "EVENT", "WHEN", "TRIES", "REASON"];
    rows.push(titles.map(str::to_owned).to_vec());
    for (context, letters) in said.await {
        match letters {
            Ok(letters) => {
                for mut letter in letters {
                    let cells = ["number", "type", "time", "tries", "reason"];
                    let cells = cells.map(|name| cell(&letter[name]));
                    rows.push(
                        [context.system.clone(), context.name.clone()]
                            .into_iter()
                            .chain(cells)
                            .collect(),
                    );
                    letter["system"] = json!(context.system);
                    letter["context"] = json!(context.name);
                    all.push(letter);
                }
            }
            Err(error) => {
                failed += 1;
                crate::say!("{}/{}: {error:#}", context.system, context.name);
            }
        }
    }
    match (as_json, all.is_empty()) {
        (true, _) => print(format!("{:#}\n", json!(all)))?,
        (false, true) if failed == 0 => print("There are no dead letters.\n")?,
        (false, true) => {}
        (false, false) => print(aligned(&rows))?,
    }
    ensure!(failed == 0, "{failed} of {} contexts did not tell their dead letters", contexts.len());
    Ok(())
}

impl Asked<'_> {
    async fn send(&self, method: &Method, rest: &str) -> Result<Response<Bytes>> {
        let token = self.context.service_token.as_ref().with_context(|| {
            format!("the component {} has no variable service_token", self.context.component)
        })?;
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{}/dead-letters{rest}", self.running.http, self.context.path()))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Full::default())
            .context("the service token is no text for a header")?;
        fetch(request, self.running.certificate.as_deref(), ANSWER).await
    }

    /// The dead letters, the oldest first.
    async fn letters(&self) -> Result<Vec<Value>> {
        let answer = self.send(&Method::GET, "").await?;
        ensure!(answer.status().is_success(), "{}", why(&answer));
        let mut said: Value =
            serde_json::from_slice(answer.body()).context("the answer is no JSON")?;
        serde_json::from_value(said["deadLetters"].take()).context("the answer is not in order")
    }

    async fn order(&self, method: &Method, number: u64, verb: &str) -> Result<()> {
        let answer = self.send(method, &format!("/{number}{verb}")).await?;
        ensure!(answer.status() != StatusCode::NOT_FOUND, "there is no such letter");
        ensure!(answer.status().is_success(), "{}", why(&answer));
        Ok(())
    }
}

/// What a context says of why it did not.
fn why(answer: &Response<Bytes>) -> String {
    let problem: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    match problem["detail"].as_str() {
        Some(detail) => format!("{}: {}", answer.status(), crate::table::plain(detail)),
        None => answer.status().to_string(),
    }
}
