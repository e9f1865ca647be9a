//! Outbound HTTP: held to the grants, and dispatched in the process when the application calls
//! itself.

use super::{
    call::Origin,
    faults::Life,
    state::{Guest, Host},
};
use crate::{
    app::chaining,
    telemetry::{context::Context, span::Span},
};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use std::{
    error::Error as StdError,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll, ready},
    time::Duration,
};
use tokio::time::{Sleep, sleep, timeout};
use tower_service::Service;
use url::Url;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

/// Timeouts that a request does not set: Spin's.
const DEFAULT: Duration = Duration::from_secs(600);

/// One instance's way to other servers.
pub struct Outbound {
    /// The process.
    pub host: Arc<Host>,
    /// The component that calls.
    pub guest: Arc<Guest>,
    /// Its instance's life.
    pub life: Arc<Life>,
}

type Answer =
    Result<(Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>), Error>;

impl WasiHttpHooks for Outbound {
    fn send_request(
        &mut self,
        mut request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Answer> + Send> {
        let own =
            Self { host: self.host.clone(), guest: self.guest.clone(), life: self.life.clone() };
        Box::new(async move {
            let span = own.span(&mut request);
            let result = own.send(request, options.unwrap_or_default()).await;
            if let Some(span) = span {
                answered(span, &result);
            }
            own.guest.meter.http(result.is_ok());
            own.life.performed(&own.guest.faults).await;
            let io: Box<dyn Future<Output = _> + Send> = Box::new(async { Ok(()) });
            Ok((result?, io))
        })
    }
}

impl Outbound {
    /// The span of a request, which then carries it. A component that says where the request belongs
    /// is believed: it may go on with what it began long ago, and another has asked it for.
    fn span(&self, request: &mut Request<WasiBody>) -> Option<Span> {
        let scope = self.life.scope.as_ref()?;
        let parent = Context::of(request.headers()).unwrap_or_else(|| scope.current());
        let span = scope.call_of(parent, request.method().as_str()).map(|mut span| {
            let uri = request.uri();
            span.set("http.request.method", request.method().as_str());
            // What a query says may be anybody's.
            let full = format!(
                "{}://{}{}",
                uri.scheme_str().unwrap_or("http"),
                uri.host().map_or("", |_| uri.authority().map_or("", |all| bare(all.as_str()))),
                uri.path()
            );
            span.set("url.full", full.as_str());
            span.set("server.address", uri.host().unwrap_or_default());
            if let Some(port) = uri.port_u16() {
                span.set("server.port", port);
            }
            span
        });
        span.as_ref().map_or(parent, Span::context).put(request.headers_mut());
        span
    }

    /// The component that is called by its name.
    fn chained(&self, id: &str) -> Result<&Arc<Guest>, Error> {
        self.host.guest(id).filter(|guest| guest.http.is_some()).ok_or_else(|| {
            crate::say!(
                "component {} calls {id}.spin.internal, but no [[trigger.http]] calls a component \
                 `{id}`: add one, with `route = {{ private = true }}` if nobody else is to reach it",
                self.guest.id
            );
            Error::DestinationNotFound
        })
    }

    async fn send(
        &self,
        mut request: Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<Response<WasiBody>, Error> {
        // What has no host is for the application, too: wasmtime makes `https://:443/path` of it.
        let host = request.uri().host().filter(|host| !host.is_empty() && *host != "self.alt");
        let mut chained = None;
        if host.is_some() {
            let url: Url =
                request.uri().to_string().parse().map_err(|_| Error::HttpRequestUriInvalid)?;
            let host = url.host_str().ok_or(Error::HttpRequestUriInvalid)?;
            if !self.guest.grants.allow(&url) {
                self.guest.denied(&url);
                return Err(Error::HttpRequestDenied);
            }
            if let Some(id) = chaining::target(host) {
                chained = Some(self.chained(id)?);
            }
        } else {
            if !self.guest.grants.allow_own() {
                self.guest.denied_at("http://self");
                return Err(Error::HttpRequestDenied);
            }
            let authority = self.host.plan.listen.to_string();
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            *request.uri_mut() = format!("{}://{authority}{path}", self.host.plan.scheme())
                .parse()
                .map_err(|_| Error::HttpRequestUriInvalid)?;
            let value =
                HeaderValue::from_str(&authority).map_err(|_| Error::HttpRequestUriInvalid)?;
            request.headers_mut().insert(header::HOST, value);
        }
        let own = request.uri().scheme() == Some(&self.host.plan.scheme())
            && request
                .uri()
                .authority()
                .is_some_and(|authority| self.host.is_own(authority.as_str()));
        let response = async {
            if let Some(guest) = chained {
                Ok(self.host.chain(guest, request).await)
            } else if own {
                let client = SocketAddr::new(self.host.plan.listen.ip(), 0);
                Ok(self.host.handle(request, client, Origin::Inside).await)
            } else {
                // An HTTP/1 client writes the header itself, and an HTTP/2 server wants none.
                request.headers_mut().remove(header::HOST);
                self.host.client.send(request, options.connect_timeout.unwrap_or(DEFAULT)).await
            }
        };
        let response = timeout(options.first_byte_timeout.unwrap_or(DEFAULT), response)
            .await
            .map_err(|_| Error::ConnectionReadTimeout)??;
        Ok(match options.between_bytes_timeout {
            Some(limit) => response
                .map(|body| TimedBody { body: Some(body), limit, pause: None }.boxed_unsync()),
            None => response,
        })
    }
}

/// An authority without who asks.
fn bare(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, rest)| rest)
}

/// Ends a request's span with the beginning of its answer.
fn answered(mut span: Span, result: &Result<Response<WasiBody>, Error>) {
    match result {
        Ok(answer) => {
            let status = answer.status();
            span.set("http.response.status_code", status.as_u16());
            if status.is_client_error() || status.is_server_error() {
                span.fail(status.as_str(), "");
            } else {
                span.end();
            }
        }
        Err(error) => span.fail("failed", &error.to_string()),
    }
}

tokio::task_local! {
    /// The connect timeout of the request that a connection is made for: the client has no
    /// parameter for it.
    static CONNECT_TIMEOUT: Duration;
}

/// Connections to the rest of the world, kept for the next request.
pub struct Client(legacy::Client<Connector, WasiBody>);

impl Client {
    /// A client without connections yet, that trusts Mozilla's roots.
    pub fn new() -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let tls = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Self(legacy::Client::builder(TokioExecutor::new()).build(Connector(tls)))
    }

    async fn send(
        &self,
        request: Request<WasiBody>,
        connect: Duration,
    ) -> Result<Response<WasiBody>, Error> {
        let sent = CONNECT_TIMEOUT.scope(connect, self.0.request(request)).await;
        let response = sent.map_err(|error| cause(&error))?;
        Ok(response.map(|body| body.map_err(Error::from).boxed_unsync()))
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

/// What Spin tells the guest about a request that failed.
fn cause(error: &legacy::Error) -> Error {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(inner) = inner.downcast_ref::<io::Error>() {
            return match inner.kind() {
                io::ErrorKind::TimedOut => Error::ConnectionTimeout,
                io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => {
                    Error::ConnectionTerminated
                }
                _ if error.is_connect() && inner.to_string().starts_with("failed to lookup") => {
                    Error::DnsError {
                        rcode: Some("address not available".to_owned()),
                        info_code: Some(0),
                    }
                }
                _ if error.is_connect() => Error::ConnectionRefused,
                _ => Error::HttpProtocolError,
            };
        }
        source = inner.source();
    }
    if error.is_connect() { Error::ConnectionRefused } else { Error::HttpProtocolError }
}

/// Makes connections within the request's connect timeout.
#[derive(Clone)]
struct Connector(HttpsConnector<HttpConnector>);

type Connection = <HttpsConnector<HttpConnector> as Service<Uri>>::Response;
type BoxError = Box<dyn StdError + Send + Sync>;

impl Service<Uri> for Connector {
    type Response = Connection;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut TaskContext) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let limit = CONNECT_TIMEOUT.try_with(|limit| *limit).unwrap_or(DEFAULT);
        let connecting = self.0.call(uri);
        Box::pin(async move {
            timeout(limit, connecting)
                .await
                .unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
        })
    }
}

/// A body whose pieces must not be further apart than `limit`.
struct TimedBody {
    /// Dropped, and the connection with it, once it was too slow.
    body: Option<WasiBody>,
    limit: Duration,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut TaskContext,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(context) {
            this.pause = None;
            return Poll::Ready(frame);
        }
        let limit = this.limit;
        ready!(this.pause.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(context));
        this.body = None;
        Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}
