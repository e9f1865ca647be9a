//! A worker: takes connections from its own queue of the shared port, and answers requests.

use super::Work;
use crate::{
    guest::{call::Origin, state::Host},
    supervisor::sockets::BACKLOG,
};
use anyhow::{Context, Result};
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use std::{
    convert::Infallible, io, net::SocketAddr, net::TcpListener as StdTcpListener, os::fd::AsFd,
    sync::Arc, time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{sleep, timeout},
};
use wasmtime_wasi_http::{Error, WasiBody};

/// How long requests that are under way may take when the worker is told to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// How long a client may take to send a request's head, or to send the next one.
const HEAD: Duration = Duration::from_secs(60);
/// The most bytes kept of a connection's input: a request head must fit.
const BUFFER: usize = 64 << 10;

/// Serves the listening socket that is its standard input.
#[derive(Debug, Clone, Copy)]
pub struct Worker;

impl Work for Worker {
    async fn work(self, host: Arc<Host>, mut drain: watch::Receiver<bool>) -> Result<()> {
        let listener = StdTcpListener::from(
            io::stdin().as_fd().try_clone_to_owned().context("there is no socket")?,
        );
        listener.set_nonblocking(true).context("the standard input is no socket")?;
        let listener =
            TcpListener::from_std(listener).context("the standard input is no socket")?;
        let graceful = GracefulShutdown::new();
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(BUFFER);
        loop {
            tokio::select! {
                biased;
                _ = drain.wait_for(|drain| *drain) => break,
                accepted = listener.accept() => match accepted {
                    Ok((stream, client)) => serve(&host, &http, &graceful, stream, client),
                    // The client is gone already.
                    Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                    // Out of files: some may be closed soon.
                    Err(error) => {
                        crate::say!("madang: cannot take a connection: {error}");
                        sleep(Duration::from_millis(100)).await;
                    }
                },
            }
        }
        // Those that wait in the queue were promised an answer; those that come later were not. The
        // kernel is asked itself: the runtime may not have heard of the latest yet.
        let queue = listener.into_std().context("the socket is gone")?;
        for _ in 0..BACKLOG {
            let Ok((stream, client)) = queue.accept() else { break };
            if let Ok(stream) =
                stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream))
            {
                serve(&host, &http, &graceful, stream, client);
            }
        }
        drop(queue);
        if timeout(DRAIN, graceful.shutdown()).await.is_err() {
            crate::say!(
                "madang: requests that took longer than {} s were cut off",
                DRAIN.as_secs()
            );
        }
        Ok(())
    }
}

fn serve(
    host: &Arc<Host>,
    http: &http1::Builder,
    graceful: &GracefulShutdown,
    stream: TcpStream,
    client: SocketAddr,
) {
    // An answer must not wait for the client's acknowledgement of the last one.
    let _ = stream.set_nodelay(true);
    let host = host.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let host = host.clone();
        async move {
            let request = request.map(|body| body.map_err(Error::from).boxed_unsync());
            Ok::<Response<WasiBody>, Infallible>(
                host.handle(request, client, Origin::Outside).await,
            )
        }
    });
    let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
    // What ends a connection early is the client's doing, or was logged where it happened.
    tokio::spawn(async move { drop(connection.await) });
}
