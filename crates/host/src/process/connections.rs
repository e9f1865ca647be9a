//! The connections of a worker: how they are served, and how they end.

use super::{
    body::{Answer, Received},
    pace::Pace,
    refusals::{Reason, Refusals},
    seats::{Seat, Seats, room},
    stream::Stream,
};
use crate::{
    app::plan::Limits,
    guest::{
        admission::PATIENCE,
        call::{Origin, full},
        state::Host,
    },
};
use anyhow::Result;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, Version, header};
use http_body::Body;
use http_body_util::BodyExt;
use hyper::{body::Incoming, rt::Executor, service::service_fn};
use hyper_util::{rt::TokioIo, server::conn::auto::Builder};
use std::{
    convert::Infallible, future::poll_fn, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use wasmtime_wasi_http::WasiBody;

/// How long a connection may take to end when its client has not kept its pace.
const PARTING: Duration = Duration::from_secs(1);
/// How many clients that find no seat are told so at a time.
const TURNED_AWAY: usize = 64;
/// Headers that hyper takes where it is not asked for a number, and can keep on the stack.
const HEADERS: usize = 100;
/// How much of a body an HTTP/2 client may send ahead: for each request, and for the connection.
const WINDOWS: (u32, u32) = (64 << 10, 256 << 10);
/// How much of an answer waits for an HTTP/2 client.
const AHEAD: usize = 64 << 10;

/// The open connections.
pub struct Connections {
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    seats: Arc<Seats>,
    turning_away: Arc<Semaphore>,
}

/// What all connections have in common.
struct Shared {
    host: Arc<Host>,
    http: Builder<Streams>,
    limits: Limits,
    refusals: Arc<Refusals>,
    /// Each connection has a receiver for as long as it lives.
    end: watch::Sender<End>,
}

/// When a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// When the client wants.
    Open,
    /// After its next answer, which says so; on HTTP/2, with the requests that are under way.
    Next,
    /// After the answer that is under way, or at once if there is none.
    Now,
}

/// Runs the requests of HTTP/2 connections. One that took its time and whose answer is then not taken is reset,
/// whatever the client's window says.
#[derive(Debug, Clone, Copy)]
struct Streams(Duration);

impl<F: Future<Output: Send> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        tokio::spawn(timeout(self.0, stream));
    }
}

impl Connections {
    /// None yet. Fails where the application is served by HTTPS and its certificate is not in order.
    pub fn new(host: Arc<Host>) -> Result<Self> {
        let limits = host.plan.limits;
        let stream = host.time_limit() + PATIENCE + limits.send_timeout;
        let mut http = Builder::new(Streams(stream));
        let head = limits.max_head << 10;
        // A pace takes less of each request than a timer.
        http.http1().header_read_timeout(None).max_buf_size(head as usize);
        if limits.max_headers != HEADERS {
            http.http1().max_headers(limits.max_headers);
        }
        http.http2()
            .max_concurrent_streams(limits.max_streams)
            .max_header_list_size(head)
            .initial_stream_window_size(WINDOWS.0)
            .initial_connection_window_size(WINDOWS.1)
            .max_send_buf_size(AHEAD);
        let end = watch::Sender::new(End::Open);
        let seats = Seats::new(room(limits.max_connections), limits.max_connections_per_client);
        let tls = match &host.plan.tls {
            Some(tls) => Some(TlsAcceptor::from(Arc::new(tls.config()?))),
            None => None,
        };
        Ok(Self {
            tls,
            shared: Arc::new(Shared { host, http, limits, refusals: Arc::default(), end }),
            seats,
            turning_away: Arc::new(Semaphore::new(TURNED_AWAY)),
        })
    }

    /// Serves a connection that was taken from the queue, if there is a seat for it.
    pub fn take(&self, stream: TcpStream, client: SocketAddr) {
        match self.seats.take(client.ip()) {
            Ok(seat) => {
                // An answer must not wait for the client's acknowledgement of the last one.
                let _ = stream.set_nodelay(true);
                self.serve(stream, client, seat);
            }
            Err(reason) => {
                self.shared.refusals.note(reason);
                // When many come, the others find their connection closed, and so does who would have to agree on
                // keys first.
                if self.tls.is_none()
                    && let Ok(place) = self.turning_away.clone().try_acquire_owned()
                {
                    tokio::spawn(async move {
                        let _ = timeout(PARTING, turn_away(stream, reason)).await;
                        drop(place);
                    });
                }
            }
        }
    }

    /// Answers the requests of a connection.
    fn serve(&self, stream: TcpStream, client: SocketAddr, seat: Seat) {
        let (shared, tls) = (self.shared.clone(), self.tls.clone());
        let end = shared.end.subscribe();
        tokio::spawn(async move {
            match tls {
                None => shared.run(stream, client, end).await,
                Some(tls) => {
                    // What fails here is the client's doing.
                    let agreed = timeout(shared.limits.head_timeout, tls.accept(stream)).await;
                    if let Ok(Ok(stream)) = agreed {
                        shared.run(stream, client, end).await;
                    }
                }
            }
            drop(seat);
        });
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

impl Shared {
    /// Answers the requests of a connection until it ends. What ends it early is the client's doing, or was
    /// logged where it happened.
    async fn run<S>(self: &Arc<Self>, stream: S, client: SocketAddr, mut end: watch::Receiver<End>)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let pace = Pace::new(&self.limits);
        let service = service_fn(|request: Request<Incoming>| {
            let (shared, pace) = (self.clone(), pace.clone());
            async move { Ok::<_, Infallible>(shared.answer(request, client, &pace).await) }
        });
        let stream = TokioIo::new(Stream::new(stream, pace.clone()));
        let mut connection = pin!(self.http.serve_connection(stream, service));
        let told = async {
            let next =
                end.wait_for(|end| *end != End::Open).await.is_ok_and(|end| *end == End::Next);
            if next && !pace.is_http2() {
                tokio::select! {
                    _ = end.wait_for(|end| *end == End::Now) => {}
                    () = pace.leave.notified() => {}
                }
            }
        };
        let (mut told, mut leaving) = (pin!(told), false);
        let mut clock = pin!(sleep(self.limits.idle_timeout));
        let over = loop {
            tokio::select! {
                biased;
                _ = connection.as_mut() => return,
                () = told.as_mut(), if !leaving => {
                    leaving = true;
                    connection.as_mut().graceful_shutdown();
                }
                over = poll_fn(|context| pace.poll_over(clock.as_mut(), context)) => {
                    break over;
                }
            }
        };
        match over {
            Some(Reason::Head) => pace.say_late(),
            Some(_) => {}
            None => connection.as_mut().graceful_shutdown(),
        }
        if let Some(reason) = over {
            self.refusals.note(reason);
        }
        // A client that takes nothing takes no farewell.
        if over != Some(Reason::Send) {
            let _ = timeout(PARTING, connection).await;
        }
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        client: SocketAddr,
        pace: &Arc<Pace>,
    ) -> Response<Answer> {
        let under_way = pace.begin();
        let http2 = request.version() == Version::HTTP_2;
        if http2 {
            pace.speaks_http2();
        }
        let head = *request.method() == Method::HEAD;
        let (mut answer, refused) = self.ask(request, client).await;
        let most = self.limits.max_response_body;
        if !head && length(answer.headers()).is_some_and(|length| length > most) {
            self.refusals.note(Reason::Answer);
            answer = Reason::Answer.answer(None);
        }
        let ending = *self.end.borrow() != End::Open;
        if http2 && ending {
            pace.leave.notify_one();
        } else if !http2 && (ending || refused) {
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        answer.map(|body| Answer::new(body, most, self.refusals.clone(), under_way))
    }

    /// The answer to a request, and whether it was refused before its component has seen all of it.
    async fn ask(
        &self,
        request: Request<Incoming>,
        client: SocketAddr,
    ) -> (Response<WasiBody>, bool) {
        let refuse = |reason: Reason, uri: &Uri| {
            self.refusals.note(reason);
            (reason.answer(Some(uri.path())), true)
        };
        if request.headers().len() > self.limits.max_headers {
            return refuse(Reason::Headers, request.uri());
        }
        if request.body().is_end_stream() {
            let request = request.map(|_| full(Bytes::new()));
            return (self.host.handle(request, client, Origin::Outside).await, false);
        }
        let uri = request.uri().clone();
        let too_large = request.body().size_hint().lower() > self.limits.max_request_body;
        let (head, body) = request.into_parts();
        let (body, mut refused) = Received::new(body, &head, &self.limits);
        if too_large {
            return refuse(Reason::Body, &uri);
        }
        let request = Request::from_parts(head, body.boxed_unsync());
        let answering = self.host.handle(request, client, Origin::Outside);
        tokio::select! {
            biased;
            // What a component makes of a body that was cut off is no answer to the whole one.
            answer = answering => match refused.try_recv() {
                Ok(reason) => refuse(reason, &uri),
                Err(_) => (answer, false),
            },
            Ok(reason) = &mut refused => refuse(reason, &uri),
        }
    }
}

/// The length that an answer says it has.
fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Tells a client that there is no seat for it, and waits until it has heard it.
async fn turn_away(mut stream: TcpStream, reason: Reason) -> io::Result<()> {
    stream.write_all(&reason.bytes()).await?;
    stream.shutdown().await?;
    let mut unread = [0; 1024];
    while stream.read(&mut unread).await? > 0 {}
    Ok(())
}
