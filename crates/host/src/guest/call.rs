//! Calling components: a fresh instance for each request and message, bounded in number, time and
//! memory.

use super::{
    admission::SHED,
    failure::Failure,
    faults::{Life, Trigger},
    state::{Guest, Host, State},
};
use crate::{
    app::routes::{CHAINED, WELL_KNOWN, describe_chained},
    problem,
    telemetry::{
        context::Context,
        receiving::receive,
        scope::Scope,
        serving::{Failed, Serving},
    },
};
use anyhow::Result;
use bytes::Bytes;
use http::{
    HeaderMap, Method, Request, Response, StatusCode, Uri, header,
    uri::{Authority, PathAndQuery},
};
use http_body_util::{BodyExt, Empty, Full};
use std::{future::Future, net::SocketAddr, sync::Arc, time::SystemTime};
use tokio::{
    sync::oneshot,
    time::{sleep, timeout},
};
use wasmtime::Store;
use wasmtime_wasi_http::{WasiBody, WasiHttpView, p2::bindings::http::types::Scheme};

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A client.
    Outside,
    /// A component of this process, or the host itself.
    Inside,
}

impl Host {
    /// Answers a request by the host itself or by the component that its path leads to. Never
    /// fails: a failure is an answer, too.
    pub async fn handle(
        self: &Arc<Self>,
        mut request: Request<WasiBody>,
        client: SocketAddr,
        origin: Origin,
    ) -> Response<WasiBody> {
        if let Some(name) = request.uri().path().strip_prefix(WELL_KNOWN) {
            return self.well_known(name);
        }
        let Some(uri) = absolute(&request, self.plan.scheme()) else {
            return problem::at(
                request.uri().path(),
                StatusCode::BAD_REQUEST,
                "The Host header is missing or does not fit the URI.",
            );
        };
        *request.uri_mut() = uri.clone();
        let Some(found) = self.router.find(uri.path()) else {
            return problem::at(
                uri.path(),
                StatusCode::NOT_FOUND,
                "No component has a route for this path.",
            );
        };
        let Some(guest) = self.guest(found.component()) else {
            let detail = "The route's component is not loaded.";
            return problem::at(uri.path(), StatusCode::NOT_FOUND, detail);
        };
        strip(request.headers_mut());
        if guest.plan.is_info(uri.path()) {
            request.headers_mut().insert(SHED, guest.bulkhead.shed.total().into());
        }
        found.describe(request.headers_mut(), &uri, client);
        self.count(guest, request, found.pattern(), client, origin).await
    }

    /// Answers a request that a component sends another by its name.
    pub async fn chain(
        self: &Arc<Self>,
        guest: &Arc<Guest>,
        mut request: Request<WasiBody>,
    ) -> Response<WasiBody> {
        strip(request.headers_mut());
        request.headers_mut().remove(header::HOST);
        let root = PathAndQuery::from_static("/");
        let path = request.uri().path_and_query().cloned().unwrap_or(root);
        describe_chained(request.headers_mut(), &path);
        let nowhere = SocketAddr::new(self.plan.listen.ip(), 0);
        self.count(guest, request, CHAINED, nowhere, Origin::Inside).await
    }

    /// Answers a request, and counts and traces it unless it only asks how the component is.
    async fn count(
        self: &Arc<Self>,
        guest: &Arc<Guest>,
        mut request: Request<WasiBody>,
        route: &str,
        client: SocketAddr,
        origin: Origin,
    ) -> Response<WasiBody> {
        if guest.plan.asks_how_it_is(request.uri().path()) {
            return self.answer(guest, request, origin, self.aside()).await;
        }
        let counted = guest.meter.request();
        let tracer = self.tracer.as_ref();
        let serving =
            tracer.map(|tracer| Serving::begin(tracer, guest, &mut request, route, client, origin));
        let scope = serving.as_ref().map(Serving::scope);
        let answer = self.answer(guest, request, origin, scope).await;
        counted.answered(answer.status());
        match serving {
            Some(serving) => serving.answered(answer),
            None => answer,
        }
    }

    /// For an instance that is woken by no more than a question how it is: there are many of them, and
    /// what it then does for events belongs to those.
    fn aside(&self) -> Option<Arc<Scope>> {
        Some(Scope::new(self.tracer.as_ref()?, Context::root()))
    }

    /// Asks a component for its readiness, whatever the routes say.
    pub async fn ask_ready(self: &Arc<Self>, guest: &Arc<Guest>, path: &str) -> Response<WasiBody> {
        let listen = self.plan.listen;
        let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
        let request = Request::builder()
            .method(Method::GET)
            .uri(format!("{}://{listen}{path}", self.plan.scheme()))
            .header(header::HOST, listen.to_string())
            .body(body);
        let Ok(mut request) = request else {
            return problem::answer(StatusCode::BAD_REQUEST, "The `ready` path is no path.");
        };
        let uri = request.uri().clone();
        if let Some(found) = self.router.find(uri.path()) {
            found.describe(request.headers_mut(), &uri, SocketAddr::new(listen.ip(), 0));
        }
        self.answer(guest, request, Origin::Inside, self.aside()).await
    }

    async fn answer(
        self: &Arc<Self>,
        guest: &Arc<Guest>,
        mut request: Request<WasiBody>,
        origin: Origin,
        scope: Option<Arc<Scope>>,
    ) -> Response<WasiBody> {
        let uri = request.uri().clone();
        if guest.faults.now().down {
            return problem::failure(uri.path(), &Failure::Down);
        }
        let left =
            self.deadlines.bound(request.headers_mut(), SystemTime::now(), self.time_limit());
        let life = match self.admit(guest, uri.path(), origin, left).await {
            Ok(places) => Arc::new(Life::new(Trigger::Http, places).within(scope)),
            Err(failure) => return problem::failure(uri.path(), &failure),
        };
        let delay = guest.faults.now().delay;
        let (host, guest) = (self.clone(), guest.clone());
        let answering = async move {
            let answer = host
                .request(&guest, request, life.clone())
                .await
                .unwrap_or_else(|failure| problem::failure(uri.path(), &failure));
            if let Some(delay) = delay {
                sleep(delay.pick()).await;
            }
            drop(life);
            answer
        };
        match delay {
            None => answering.await,
            // A delay stands for a slow component, which works on and keeps its places when who
            // asked is gone.
            Some(_) => tokio::spawn(answering).await.unwrap_or_else(|_| {
                problem::answer(StatusCode::INTERNAL_SERVER_ERROR, "The host failed.")
            }),
        }
    }

    /// Gives a message of a channel to a component.
    pub async fn deliver(
        self: &Arc<Self>,
        guest: &Arc<Guest>,
        channel: &str,
        message: Vec<u8>,
    ) -> Result<(), Failure> {
        let Some(listener) = &guest.listener else {
            return Err(Failure::Trap(wasmtime::Error::msg(
                "it exports no fermyon:spin/inbound-redis",
            )));
        };
        let tracer = self.tracer.as_ref();
        let (scope, span) = tracer.map(|tracer| receive(tracer, guest, channel, &message)).unzip();
        let run = |mut store| async move {
            let instance = listener.instantiate_async(&mut store).await?;
            instance.fermyon_spin_inbound_redis().call_handle_message(&mut store, &message).await
        };
        let handled = self.wake_within(guest, Trigger::Redis, scope, run).await;
        let result = handled.and_then(|said| said.map_err(|_| Failure::Refused));
        if let Some(mut span) = span.flatten() {
            match &result {
                Ok(()) => span.end(),
                Err(failure) => {
                    let Failed { kind, why } = failure.told();
                    span.fail(kind, &why);
                }
            }
        }
        // What was kept from it on purpose, it has not failed to handle.
        if !matches!(result, Err(Failure::Down)) {
            guest.meter.message(result.is_ok());
        }
        result
    }

    /// Wakes an instance of a component by something else than a request: `run` gets the store to make it
    /// in, and may call whatever it exports. Bounds and faults are those of a message.
    pub async fn wake<T, F: Future<Output = wasmtime::Result<T>>>(
        self: &Arc<Self>,
        guest: &Arc<Guest>,
        trigger: Trigger,
        run: impl FnOnce(Store<State>) -> F,
    ) -> Result<T, Failure> {
        self.wake_within(guest, trigger, self.aside(), run).await
    }

    async fn wake_within<T, F: Future<Output = wasmtime::Result<T>>>(
        self: &Arc<Self>,
        guest: &Arc<Guest>,
        trigger: Trigger,
        scope: Option<Arc<Scope>>,
        run: impl FnOnce(Store<State>) -> F,
    ) -> Result<T, Failure> {
        if guest.faults.now().down {
            return Err(Failure::Down);
        }
        let life = Arc::new(Life::new(trigger, self.admit_message().await?).within(scope));
        let run = run(self.store(guest, life.clone()));
        self.live(guest, &life, run).await
    }

    async fn request(
        self: &Arc<Self>,
        guest: &Arc<Guest>,
        request: Request<WasiBody>,
        life: Arc<Life>,
    ) -> Result<Response<WasiBody>, Failure> {
        let Some(proxy) = &guest.http else {
            return Err(Failure::Trap(wasmtime::Error::msg(
                "it exports no wasi:http/incoming-handler",
            )));
        };
        let mut store = self.store(guest, life.clone());
        let (sender, answer) = oneshot::channel();
        let mut view = store.data_mut().http();
        let scheme = if self.plan.tls.is_some() { Scheme::Https } else { Scheme::Http };
        let request = view.new_incoming_request(scheme, request).map_err(Failure::Trap)?;
        let outparam = view.new_response_outparam(sender).map_err(Failure::Trap)?;
        let (host, guest, proxy) = (self.clone(), guest.clone(), proxy.clone());
        // A task of its own: the guest goes on writing the body, and finishes what it began when
        // the client is gone.
        let task = tokio::spawn(async move {
            let run = async {
                let instance = proxy.instantiate_async(&mut store).await?;
                instance
                    .wasi_http_incoming_handler()
                    .call_handle(&mut store, request, outparam)
                    .await
            };
            let result = host.live(&guest, &life, run).await;
            if let Err(failure) = &result {
                let trace = life.scope.as_ref().map(|scope| scope.current());
                crate::say!(
                    Error,
                    component = guest.id,
                    trace = trace,
                    "component {} {failure}",
                    guest.id
                );
            }
            result
        });
        match answer.await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(code)) => {
                crate::say!(Error, "a component answered a request with the error {code:?}");
                Err(Failure::Refused)
            }
            Err(_) => Err(match task.await {
                Ok(Err(failure)) => failure,
                Ok(Ok(())) => Failure::Trap(wasmtime::Error::msg("it ended without an answer")),
                Err(panic) => {
                    crate::say!(Error, "a request ended the host's task: {panic}");
                    Failure::Trap(wasmtime::Error::msg("the host failed"))
                }
            }),
        }
    }

    /// Runs an instance until it ends or one of its bounds or faults does.
    async fn live<T>(
        &self,
        guest: &Guest,
        life: &Life,
        run: impl Future<Output = wasmtime::Result<T>>,
    ) -> Result<T, Failure> {
        if guest.faults.strikes(life.trigger(), 0) {
            return Err(Failure::Killed);
        }
        let result = tokio::select! {
            biased;
            result = timeout(self.time_limit(), run) => {
                let result = match result {
                    Ok(result) => result.map_err(Failure::Trap),
                    Err(_) => Err(Failure::TimedOut),
                };
                result.inspect_err(|failure| guest.failed(failure))
            },
            () = life.ended() => {
                let failure = if guest.faults.now().down { Failure::Down } else { Failure::Killed };
                guest.failed(&failure);
                Err(failure)
            }
        };
        if let (Err(failure), Some(scope)) = (&result, &life.scope) {
            let Failed { kind, why } = failure.told();
            scope.failed(kind, &why);
        }
        result
    }

    fn well_known(&self, name: &str) -> Response<WasiBody> {
        match name {
            "health" => Response::new(full("OK")),
            "info" => {
                let mut info = serde_json::json!({ "name": self.plan.name });
                if !self.plan.version.is_empty() {
                    info["version"] = self.plan.version.clone().into();
                }
                let mut response = Response::new(full(format!("{info:#}")));
                let json = header::HeaderValue::from_static("application/json");
                response.headers_mut().insert(header::CONTENT_TYPE, json);
                response
            }
            _ => problem::answer(StatusCode::NOT_FOUND, "The host has nothing of this name."),
        }
    }
}

/// Takes away what no component is to hear from a client.
fn strip(headers: &mut HeaderMap) {
    // It concerns one connection only, and would mislead a component that passes headers on.
    headers.remove(header::CONNECTION);
    // The host's own word: nobody else has it.
    headers.remove(SHED);
}

/// A body that is there already.
pub fn full(bytes: impl Into<Bytes>) -> WasiBody {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// The request's URI with scheme and authority, the latter from the URI or the Host header. `None`
/// where both are missing or differ: guessing would let a client confuse a component.
fn absolute(request: &Request<WasiBody>, scheme: http::uri::Scheme) -> Option<Uri> {
    let named = match request.headers().get(header::HOST) {
        Some(host) => Some(Authority::try_from(host.as_bytes()).ok()?),
        None => None,
    };
    let mut parts = request.uri().clone().into_parts();
    parts.authority = match (named, parts.authority) {
        (Some(named), Some(written)) if named != written => return None,
        (Some(authority), _) | (None, Some(authority)) => Some(authority),
        (None, None) => return None,
    };
    parts.scheme = Some(scheme);
    Uri::from_parts(parts).ok()
}
