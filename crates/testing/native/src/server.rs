//! The HTTP server.

use crate::{
    contexts::ALL,
    doorbell::{self, Bells},
    ports::{Ports, Settings},
};
use anyhow::Result;
use axum::{
    Router,
    body::{self, Body},
    extract::{Path, State},
    http::{Response, StatusCode, request::Parts},
    routing::post,
};
use madang::http::{MAX_BODY, Request, parse_query};
use std::{cell::RefCell, io::Read as _, sync::Arc};
use tokio::{net::TcpListener, runtime, task::spawn_blocking};

/// Threads that answer. As many clients as are measured at once, and not one that waits for another.
const THREADS: usize = 64;

#[derive(Clone)]
struct Shared {
    settings: Arc<Settings>,
    bells: Bells,
}

/// Serves until standard input ends.
///
/// # Errors
/// When Redis is not there, or no port.
pub fn serve(settings: Arc<Settings>) -> Result<()> {
    let bells = doorbell::hear(&settings)?;
    let runtime = runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(THREADS)
        .thread_keep_alive(std::time::Duration::from_secs(3600))
        .build()?;
    runtime.block_on(async {
        let routes = Router::new()
            .route("/components/{component}/{fault}", post(set_down))
            .fallback(answer)
            .with_state(Shared { settings, bells });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        announce(listener.local_addr()?);
        let served = axum::serve(listener, routes);
        tokio::select! {
            served = served.into_future() => Ok(served?),
            () = ended() => Ok(()),
        }
    })
}

#[allow(clippy::print_stdout, reason = "who has started it waits for this line")]
fn announce(address: std::net::SocketAddr) {
    println!("{address}");
}

/// When who has started this process closes its input, as it does when it ends, too. The process ends with it,
/// whatever is under way.
async fn ended() {
    let read = || std::io::stdin().read_to_end(&mut Vec::new());
    let _ = spawn_blocking(read).await;
    std::process::exit(0);
}

/// As the host's admin port has it: `down` keeps a context from hearing, `heal` has it hear again.
async fn set_down(
    State(shared): State<Shared>,
    Path((component, fault)): Path<(String, String)>,
) -> StatusCode {
    let place = ALL.iter().position(|(name, _)| *name == component);
    match (place, fault.as_str()) {
        (Some(place), "down" | "heal") => {
            shared.bells[place].set_down(fault == "down");
            StatusCode::NO_CONTENT
        }
        _ => StatusCode::NOT_FOUND,
    }
}

async fn answer(State(shared): State<Shared>, request: axum::extract::Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = body::to_bytes(body, MAX_BODY + 1).await else {
        return status(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let answered = spawn_blocking(move || {
        thread_local!(static PORTS: RefCell<Option<Ports>> = const { RefCell::new(None) });
        let request = read(&head, body.to_vec());
        PORTS.with_borrow_mut(|ports| {
            ports.get_or_insert_with(|| Ports::new(&shared.settings)).answer(&request)
        })
    });
    let Ok(answered) = answered.await else { return status(StatusCode::INTERNAL_SERVER_ERROR) };
    let mut response = Response::builder().status(answered.status);
    for (name, value) in answered.headers {
        response = response.header(name, value);
    }
    response
        .body(Body::from(answered.body))
        .unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn read(head: &Parts, body: Vec<u8>) -> Request {
    let headers = head.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    Request {
        method: head.method.as_str().to_owned(),
        scheme: "http".to_owned(),
        path: head.uri.path().to_owned(),
        query: parse_query(head.uri.query().unwrap_or_default()),
        headers: headers.collect(),
        body,
    }
}
