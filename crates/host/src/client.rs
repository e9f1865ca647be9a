//! The commands that ask a running application's admin port.

use crate::{app::tls, guest::faults::Order, supervisor::state_dir::Running};
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connect, HttpConnector},
    },
    rt::TokioExecutor,
};
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

/// The running application's processes, as JSON.
pub fn processes(state_dir: &Path) -> Result<String> {
    ask(state_dir, Method::GET, "/processes", String::new(), ANSWER)
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
        .body(Full::from(body))
        .context("the component's id is not one")?;
    let response = block_on(fetch(request, None, limit))?
        .with_context(|| format!("the application (process {})", running.pid))?;
    if !response.status().is_success() {
        let problem: serde_json::Value =
            serde_json::from_slice(response.body()).unwrap_or_default();
        bail!("{}", problem["detail"].as_str().unwrap_or(response.status().as_str()));
    }
    Ok(String::from_utf8_lossy(response.body()).into_owned())
}

/// Runs what a command does to its end.
pub fn block_on<T>(work: impl Future<Output = T>) -> Result<T> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work))
}

/// Sends a request and reads the whole answer. By HTTPS, it takes who shows this certificate, in PEM,
/// and nobody else.
pub async fn fetch(
    request: Request<Full<Bytes>>,
    certificate: Option<&str>,
    limit: Duration,
) -> Result<Response<Bytes>> {
    let place = request.uri().clone();
    let answered = async {
        match certificate {
            Some(certificate) => {
                let tls = HttpsConnectorBuilder::new().with_tls_config(tls::pinned(certificate)?);
                exchange(tls.https_only().enable_http1().build(), request).await
            }
            None => exchange(HttpConnector::new(), request).await,
        }
    };
    timeout(limit, answered)
        .await
        .unwrap_or_else(|_| bail!("no answer within {} s", limit.as_secs()))
        .with_context(|| format!("{place} does not answer"))
}

async fn exchange(
    connector: impl Connect + Clone + Send + Sync + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Response<Bytes>> {
    let response = Client::builder(TokioExecutor::new()).build(connector).request(request).await?;
    let (head, body) = response.into_parts();
    Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
}
