//! The connections of a worker: how they are served, and how they end.

use super::rest::Whole;
use crate::guest::{call::Origin, state::Host};
use anyhow::Result;
use http::{HeaderValue, Request, Response, header};
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use wasmtime_wasi_http::WasiBody;

/// How long a client may take to send a request's head, or to send the next one.
const HEAD: Duration = Duration::from_secs(60);
/// How long a client may take to agree on keys.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The most bytes kept of a connection's input: a request head must fit.
const BUFFER: usize = 64 << 10;

/// The open connections.
#[derive(Clone)]
pub struct Connections {
    http: http1::Builder,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
}

/// What all connections have in common.
struct Shared {
    host: Arc<Host>,
    /// Each connection has a receiver for as long as it lives.
    end: watch::Sender<End>,
}

/// When a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// When the client wants.
    Open,
    /// After its next answer, which says so.
    Next,
    /// After the answer that is under way, or at once if there is none.
    Now,
}

impl Connections {
    /// None yet. Fails where the application is served by HTTPS and its certificate is not in order.
    pub fn new(host: Arc<Host>) -> Result<Self> {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(BUFFER);
        let end = watch::Sender::new(End::Open);
        let tls = match &host.plan.tls {
            Some(tls) => Some(TlsAcceptor::from(Arc::new(tls.config()?))),
            None => None,
        };
        Ok(Self { http, tls, shared: Arc::new(Shared { host, end }) })
    }

    /// Answers the requests of a connection.
    pub fn serve(&self, stream: TcpStream, client: SocketAddr) {
        // An answer must not wait for the client's acknowledgement of the last one.
        let _ = stream.set_nodelay(true);
        let Some(acceptor) = self.tls.clone() else {
            drop(tokio::spawn(self.talk(stream, client)));
            return;
        };
        let (own, ended) = (self.clone(), self.shared.end.subscribe());
        tokio::spawn(async move {
            // What fails here is the client's doing. While it lasts, the connection counts as open.
            if let Ok(Ok(stream)) = timeout(HANDSHAKE, acceptor.accept(stream)).await {
                let talk = own.talk(stream, client);
                drop(ended);
                talk.await;
            }
        });
    }

    /// Answers the requests that come over a stream, until it ends.
    fn talk<S>(&self, stream: S, client: SocketAddr) -> impl Future<Output = ()> + Send + use<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut end = self.shared.end.subscribe();
        let shared = self.shared.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let shared = shared.clone();
            async move {
                let request = request.map(|body| Whole::of(body).boxed_unsync());
                let mut answer = shared.host.handle(request, client, Origin::Outside).await;
                if *shared.end.borrow() != End::Open {
                    let close = HeaderValue::from_static("close");
                    answer.headers_mut().insert(header::CONNECTION, close);
                }
                Ok::<Response<WasiBody>, Infallible>(answer)
            }
        });
        let connection = self.http.serve_connection(TokioIo::new(stream), service);
        async move {
            let mut connection = pin!(connection);
            let told = async { drop(end.wait_for(|end| *end == End::Now).await) };
            // What ends a connection early is the client's doing, or was logged where it happened.
            tokio::select! {
                biased;
                _ = connection.as_mut() => {}
                () = told => {
                    connection.as_mut().graceful_shutdown();
                    drop(connection.await);
                }
            }
        }
    }

    /// Lets each connection end with its next answer, so that no client has a request on its way
    /// when it does. Returns when all have ended.
    pub async fn end_with_next(&self) {
        self.shared.end.send_replace(End::Next);
        self.shared.end.closed().await;
    }

    /// Ends each connection as soon as no answer is under way. Returns when all have ended.
    pub async fn end_now(&self) {
        self.shared.end.send_replace(End::Now);
        self.shared.end.closed().await;
    }
}
