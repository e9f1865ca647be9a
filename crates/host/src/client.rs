//! The commands that talk to a running application's admin port.

use crate::{guest::faults::Order, supervisor::state_dir::Running};
use anyhow::{Context, Result, bail};
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use std::{path::Path, time::Duration};
use tokio::time::timeout;

/// How long an answer may take: an order waits until every process has obeyed.
const ANSWER: Duration = Duration::from_secs(30);
/// How long a reload may take: its components may have to be compiled.
const RELOAD: Duration = Duration::from_secs(600);

/// The running application's status, as JSON.
pub fn status(state_dir: &Path) -> Result<String> {
    ask(state_dir, Method::GET, "/status", String::new(), ANSWER)
}

/// Has the running application read anew; what has changed, as JSON.
pub fn reload(state_dir: &Path) -> Result<String> {
    ask(state_dir, Method::POST, "/reload", String::new(), RELOAD)
}

/// Gives an order to a component of the running application.
pub fn order(state_dir: &Path, component: &str, order: &Order) -> Result<String> {
    let (verb, body) = match order {
        Order::Down => ("down", String::new()),
        Order::Heal => ("heal", String::new()),
        Order::Delay(delay) => ("delay", serde_json::to_string(delay)?),
        Order::Crash(crash) => ("crash", serde_json::to_string(crash)?),
    };
    ask(state_dir, Method::POST, &format!("/components/{component}/{verb}"), body, ANSWER)
}

fn ask(
    state_dir: &Path,
    method: Method,
    path: &str,
    body: String,
    limit: Duration,
) -> Result<String> {
    let running = Running::read(state_dir)?;
    let request = Request::builder()
        .method(method)
        .uri(format!("{}{path}", running.admin))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(bytes::Bytes::from(body)))
        .context("the component's id is not one")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let asked = async {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let response = client.request(request).await.with_context(|| {
            format!(
                "the application (process {}) does not answer at {}",
                running.pid, running.admin
            )
        })?;
        let status = response.status();
        let text = response.into_body().collect().await.context("the answer broke off")?.to_bytes();
        if !status.is_success() {
            let problem: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
            bail!("{}", problem["detail"].as_str().unwrap_or(status.as_str()));
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    };
    runtime.block_on(async { timeout(limit, asked).await }).unwrap_or_else(|_| {
        bail!(
            "the application (process {}) has not answered within {} s",
            running.pid,
            limit.as_secs()
        )
    })
}
