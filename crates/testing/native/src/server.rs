//! The HTTP server: a thread for each core, on one port.

use crate::{
    doorbell::{self, Bells},
    ports::{Ports, Settings},
};
use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use madang::http::{MAX_BODY, Request, parse_query};
use madang_contexts::ALL;
use std::{
    convert::Infallible,
    io::{self, Read as _},
    net::SocketAddr,
    rc::Rc,
    sync::{Arc, mpsc},
    thread,
};
use tokio::{
    net::TcpSocket,
    runtime,
    task::{LocalSet, spawn_local},
};

/// Serves on a free port, which it prints, until standard input ends.
///
/// # Errors
/// When Redis is not there, or no port.
pub fn serve(settings: &Arc<Settings>) -> Result<()> {
    let bells = doorbell::hear(settings)?;
    // Bound only, so that the port stays ours until the threads listen there.
    let place = bind("127.0.0.1:0".parse()?)?;
    let address = place.local_addr()?;
    for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
        let (settings, bells) = (settings.clone(), bells.clone());
        let (listening, is_listening) = mpsc::channel();
        thread::spawn(move || run(address, &settings, &bells, &listening));
        is_listening.recv().context("a thread cannot listen, or has no Redis")?;
    }
    announce(address);
    let _ = io::stdin().read_to_end(&mut Vec::new());
    Ok(())
}

#[allow(clippy::print_stdout, reason = "who has started it waits for this line")]
fn announce(address: SocketAddr) {
    println!("{address}");
}

fn bind(address: SocketAddr) -> Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// One thread, for good.
fn run(
    address: SocketAddr,
    settings: &Arc<Settings>,
    bells: &Bells,
    listening: &mpsc::Sender<()>,
) -> Result<()> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let ports = Ports::new(settings).await?;
        let listener = bind(address)?.listen(1024)?;
        listening.send(())?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let (ports, bells) = (ports.clone(), bells.clone());
            let service = service_fn(move |request| {
                let (ports, bells) = (ports.clone(), bells.clone());
                async move { Ok::<_, Infallible>(answer(ports, &bells, request).await) }
            });
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new());
            spawn_local(server.serve_connection(TokioIo::new(stream), service));
        }
    })
}

async fn answer(
    ports: Rc<Ports>,
    bells: &Bells,
    request: hyper::Request<Incoming>,
) -> Response<Full<Bytes>> {
    if let Some(fault) = request.uri().path().strip_prefix("/components/") {
        return status(set_down(bells, fault));
    }
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY + 1).collect().await else {
        return status(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let headers = head.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let request = Request {
        method: head.method.as_str().to_owned(),
        scheme: "http".to_owned(),
        path: head.uri.path().to_owned(),
        query: parse_query(head.uri.query().unwrap_or_default()),
        headers: headers.collect(),
        body: body.to_bytes().into(),
    };
    let answered = ports.answer(request).await;
    let mut response = Response::builder().status(answered.status);
    for (name, value) in answered.headers {
        response = response.header(name, value);
    }
    let response = response.body(Full::from(answered.body));
    response.unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
}

/// As the host's admin port has it: `down` keeps a context from hearing, `heal` has it hear again.
fn set_down(bells: &Bells, fault: &str) -> StatusCode {
    let (component, fault) = fault.split_once('/').unwrap_or((fault, ""));
    let place = ALL.iter().position(|(name, _)| *name == component);
    match (place, fault) {
        (Some(place), "down" | "heal") => {
            bells[place].set_down(fault == "down");
            StatusCode::NO_CONTENT
        }
        _ => StatusCode::NOT_FOUND,
    }
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
