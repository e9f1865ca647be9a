//! The admin port: status and faults, over HTTP on a loopback address. A browser on the same
//! machine must not be made to use it: the `Host` must be a loopback address, and orders must say
//! that they are JSON, which no foreign page may send.

use crate::{
    guest::{
        call::full,
        faults::{Crash, Delay, Order},
    },
    problem,
    say::suggestion,
    supervisor::{
        metrics::{self, Figures},
        processes::Process,
    },
};
use anyhow::{Context, Result, ensure};
use http::{HeaderValue, Method, Request, Response, StatusCode, header, uri::Authority};
use http_body_util::{BodyExt, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
};
use wasmtime_wasi_http::WasiBody;

/// The most bytes of an order.
const LARGEST: usize = 4096;

/// What the admin port asks of the supervisor.
pub enum Question {
    /// The status.
    Status(oneshot::Sender<serde_json::Value>),
    /// Have all processes tell what they have counted, and answer when they have, or have had time
    /// enough.
    Measure(oneshot::Sender<()>),
    /// What was counted, as far as it was told.
    Figures(oneshot::Sender<Figures>),
    /// All processes.
    Processes(oneshot::Sender<Vec<Process>>),
    /// Read the application anew, and answer when new processes have taken over. The answer is what
    /// has changed.
    Reload(oneshot::Sender<Result<serde_json::Value, Refused>>),
    /// Carry out an order, and answer when all processes have. The answer is an error if there is
    /// no such component.
    Order {
        /// The component's id.
        component: String,
        /// What to do.
        order: Order,
        /// The component's faults thereafter, or the names that there are.
        answer: oneshot::Sender<Result<serde_json::Value, Vec<String>>>,
    },
}

/// Why an application was not reloaded.
#[derive(Debug)]
pub enum Refused {
    /// Another reload is under way.
    UnderWay,
    /// It cannot run as it is; why, and the mend.
    Faulty(String),
}

/// Opens the port and answers there until the process ends.
pub async fn serve(address: SocketAddr, questions: mpsc::Sender<Question>) -> Result<SocketAddr> {
    ensure!(
        address.ip().is_loopback(),
        "--admin {address}: the admin port has no password and stays on this machine: use 127.0.0.1"
    );
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot open the admin port {address}: choose another with --admin")
    })?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            };
            let questions = questions.clone();
            let service = service_fn(move |request| {
                let questions = questions.clone();
                async move { Ok::<_, Infallible>(handle(request, &questions).await) }
            });
            tokio::spawn(async move {
                drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await)
            });
        }
    });
    Ok(address)
}

async fn handle(
    request: Request<Incoming>,
    questions: &mpsc::Sender<Question>,
) -> Response<WasiBody> {
    if !from_here(&request) {
        return problem::answer(StatusCode::FORBIDDEN, "The Host must be a loopback address.");
    }
    let path = request.uri().path().to_owned();
    match path.split('/').skip(1).collect::<Vec<_>>().as_slice() {
        ["status"] if request.method() == Method::GET => {
            ask(questions, Question::Status).await.map_or_else(stopping, |status| json(&status))
        }
        ["processes"] if request.method() == Method::GET => {
            let _ = ask(questions, Question::Measure).await;
            let processes = ask(questions, Question::Processes).await;
            processes.map_or_else(stopping, |processes| json(&serde_json::json!(processes)))
        }
        ["metrics"] if request.method() == Method::GET => {
            let _ = ask(questions, Question::Measure).await;
            match ask(questions, Question::Figures).await {
                Some(figures) => text(metrics::scrape(figures).await, metrics::CONTENT_TYPE),
                None => stopping(),
            }
        }
        ["reload"] if request.method() == Method::POST => {
            if !is_json(&request) {
                return not_json();
            }
            reload(questions).await
        }
        ["components", component, verb @ ("down" | "heal" | "delay" | "crash")]
            if request.method() == Method::POST =>
        {
            if !is_json(&request) {
                return not_json();
            }
            let (component, verb) = ((*component).to_owned(), (*verb).to_owned());
            let Ok(body) = Limited::new(request.into_body(), LARGEST).collect().await else {
                return problem::answer(StatusCode::PAYLOAD_TOO_LARGE, "The order is too long.");
            };
            match order(&verb, &body.to_bytes()) {
                Ok(order) => give(component, order, questions).await,
                Err(error) => problem::answer(StatusCode::BAD_REQUEST, &format!("{error:#}")),
            }
        }
        _ => problem::answer(
            StatusCode::NOT_FOUND,
            "There are GET /status, /processes and /metrics, POST /reload and POST /components/{id}/{down, heal, delay, \
             crash}.",
        ),
    }
}

/// Asks the supervisor; `None` if it is stopping.
async fn ask<T>(
    questions: &mpsc::Sender<Question>,
    question: impl FnOnce(oneshot::Sender<T>) -> Question,
) -> Option<T> {
    let (sender, answer) = oneshot::channel();
    questions.send(question(sender)).await.ok()?;
    answer.await.ok()
}

async fn reload(questions: &mpsc::Sender<Question>) -> Response<WasiBody> {
    match ask(questions, Question::Reload).await {
        Some(Ok(changes)) => json(&changes),
        Some(Err(Refused::UnderWay)) => problem::answer(
            StatusCode::CONFLICT,
            "A reload is under way: try again when it is over.",
        ),
        Some(Err(Refused::Faulty(why))) => problem::answer(StatusCode::UNPROCESSABLE_ENTITY, &why),
        None => stopping(),
    }
}

async fn give(
    component: String,
    order: Order,
    questions: &mpsc::Sender<Question>,
) -> Response<WasiBody> {
    let question = |answer| Question::Order { component: component.clone(), order, answer };
    match ask(questions, question).await {
        Some(Ok(faults)) => json(&faults),
        Some(Err(names)) => problem::answer(
            StatusCode::NOT_FOUND,
            &format!(
                "There is no component `{component}`{}; there are: {}",
                suggestion(&component, names.iter().map(String::as_str)),
                names.join(", ")
            ),
        ),
        None => stopping(),
    }
}

fn order(verb: &str, body: &[u8]) -> Result<Order> {
    fn read<T: DeserializeOwned>(body: &[u8], example: &str) -> Result<T> {
        serde_json::from_slice(body).with_context(|| format!("send a body such as {example}"))
    }
    Ok(match verb {
        "down" => Order::Down,
        "heal" => Order::Heal,
        "delay" => {
            let delay: Delay = read(body, r#"{"minMs": 800, "maxMs": 1100}"#)?;
            delay.check()?;
            Order::Delay(delay)
        }
        _ => Order::Crash(read::<Crash>(body, r#"{"call": 1, "trigger": "redis"}"#)?),
    })
}

/// Whether the `Host` is a loopback address: one that no name server can make a foreign page's own.
fn from_here(request: &Request<Incoming>) -> bool {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| Authority::try_from(host.as_bytes()).ok());
    host.is_some_and(|host| {
        let name = host.host().trim_start_matches('[').trim_end_matches(']');
        name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    })
}

fn is_json(request: &Request<Incoming>) -> bool {
    request.headers().get(header::CONTENT_TYPE).is_some_and(|kind| {
        kind.as_bytes()
            .split(|byte| *byte == b';')
            .next()
            .is_some_and(|kind| kind.trim_ascii() == b"application/json")
    })
}

fn not_json() -> Response<WasiBody> {
    problem::answer(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send `content-type: application/json`.")
}

fn json(value: &serde_json::Value) -> Response<WasiBody> {
    text(format!("{value:#}\n"), "application/json")
}

fn text(text: String, kind: &'static str) -> Response<WasiBody> {
    let mut response = Response::new(full(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn stopping() -> Response<WasiBody> {
    problem::answer(StatusCode::SERVICE_UNAVAILABLE, "The application is stopping.")
}
