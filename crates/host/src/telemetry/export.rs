//! Sends spans to the collector, beside everything else that the process does. A collector that is away
//! or slow costs spans: as many as there is room for wait for it, the others are lost and counted.

use super::{
    Tracer,
    queue::Batch,
    wire::{self, Answer, Resource},
};
use crate::control::FromProcess;
use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use prost::Message;
use serde::{Deserialize, Serialize};
use std::{error::Error as StdError, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

/// The pauses before a batch is tried again double, from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));
/// How long a process that ends goes on sending.
const FAREWELL: Duration = Duration::from_secs(2);
/// More than this of a collector's answer is not read, in bytes.
const LONGEST: usize = 64 << 10;

/// What became of a process's spans since it was started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Those that the collector took.
    pub sent: u64,
    /// Those that it did not, and those for which there was no room.
    pub lost: u64,
    /// Why the last ones could not be sent, if so.
    pub trouble: Option<String>,
}

/// A task that sends.
#[derive(Debug)]
pub struct Exporting {
    task: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

impl Exporting {
    /// Begins; `outbox` hears how it goes.
    pub fn begin(tracer: Arc<Tracer>, outbox: mpsc::UnboundedSender<FromProcess>) -> Result<Self> {
        let exporter = Exporter::new(tracer, outbox)?;
        let (stop, stopped) = oneshot::channel();
        Ok(Self { task: tokio::spawn(exporter.run(stopped)), stop })
    }

    /// Sends what there is, once, and ends.
    pub async fn end(self) {
        let _ = self.stop.send(());
        let aborting = self.task.abort_handle();
        if timeout(FAREWELL, self.task).await.is_err() {
            aborting.abort();
        }
    }
}

struct Exporter {
    tracer: Arc<Tracer>,
    outbox: mpsc::UnboundedSender<FromProcess>,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    uri: Uri,
    headers: HeaderMap,
    resource: Resource,
    sent: Sent,
    told: Sent,
    /// Lost by the collector's doing.
    lost: u64,
}

/// Why a batch was not taken.
struct Refused {
    why: String,
    /// Whether it may be another time.
    is_passing: bool,
}

impl Exporter {
    fn new(tracer: Arc<Tracer>, outbox: mpsc::UnboundedSender<FromProcess>) -> Result<Self> {
        let settings = &tracer.settings;
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        let tls = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let mut headers = HeaderMap::new();
        let kind = HeaderValue::from_static("application/x-protobuf");
        headers.insert(header::CONTENT_TYPE, kind);
        for (name, value) in &settings.headers {
            headers.insert(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
        }
        let resource = settings.resource.iter();
        let resource = resource.map(|(key, value)| wire::attribute(key, value.as_str()));
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(tls),
            uri: settings.endpoint.parse().context("the collector's URL is none")?,
            headers,
            resource: Resource { attributes: resource.collect() },
            sent: Sent::default(),
            told: Sent::default(),
            lost: 0,
            tracer,
            outbox,
        })
    }

    async fn run(mut self, mut stop: oneshot::Receiver<()>) {
        let delay = Duration::from_millis(self.tracer.settings.delay);
        let mut stopping = false;
        while !stopping {
            tokio::select! {
                biased;
                _ = &mut stop => stopping = true,
                () = self.tracer.queue.full.notified() => {}
                () = sleep(delay) => {}
            }
            while let Some(batch) = self.tracer.queue.take() {
                stopping |= self.send(&batch, &mut stop, stopping).await;
                self.tell();
            }
            self.tell();
        }
    }

    /// Sends a batch, again and again while that may help and there is time. Tells whether it is time to
    /// end.
    async fn send(
        &mut self,
        batch: &Batch,
        stop: &mut oneshot::Receiver<()>,
        mut stopping: bool,
    ) -> bool {
        let scope = wire::Scope {
            name: "madang".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let body = Bytes::from(wire::request(&self.resource, &scope, &batch.bytes));
        let until = Instant::now() + Duration::from_millis(self.tracer.settings.patience);
        let mut pause = PAUSES.0;
        let count = batch.spans as u64;
        loop {
            let Refused { why, is_passing } = match self.ask(body.clone()).await {
                Ok(rejected) => {
                    let rejected = rejected.min(count);
                    self.lost += rejected;
                    self.sent.sent += count - rejected;
                    self.sent.trouble =
                        (rejected > 0).then(|| "it did not take all of them".to_owned());
                    return stopping;
                }
                Err(refused) => refused,
            };
            self.sent.trouble = Some(why);
            if stopping || !is_passing || Instant::now() + pause > until {
                self.lost += count;
                return stopping;
            }
            self.tell();
            tokio::select! {
                _ = &mut *stop => stopping = true,
                () = sleep(pause) => {}
            }
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// Puts spans to the collector; how many of them it rejected.
    async fn ask(&self, body: Bytes) -> Result<u64, Refused> {
        let passing = |why: String| Refused { why, is_passing: true };
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        request.headers_mut().clone_from(&self.headers);
        let asking = async {
            let answer =
                self.client.request(request).await.map_err(|error| passing(text(&error)))?;
            let status = answer.status();
            if !status.is_success() {
                let is_passing = matches!(
                    status,
                    StatusCode::TOO_MANY_REQUESTS
                        | StatusCode::BAD_GATEWAY
                        | StatusCode::SERVICE_UNAVAILABLE
                        | StatusCode::GATEWAY_TIMEOUT
                );
                return Err(Refused { why: format!("it answered {status}"), is_passing });
            }
            let body = Limited::new(answer.into_body(), LONGEST).collect().await;
            let answer = body.ok().and_then(|body| Answer::decode(body.to_bytes()).ok());
            let partial = answer.and_then(|answer| answer.partial_success);
            let rejected = partial.map_or(0, |partial| partial.rejected_spans);
            Ok(u64::try_from(rejected).unwrap_or_default())
        };
        let limit = Duration::from_millis(self.tracer.settings.timeout);
        let late = |_| passing(format!("no answer within {} ms", limit.as_millis()));
        timeout(limit, asking).await.unwrap_or_else(|elapsed| Err(late(elapsed)))
    }

    /// Tells how it goes, if that has changed.
    fn tell(&mut self) {
        self.sent.lost = self.lost + self.tracer.queue.lost();
        if self.sent != self.told {
            self.told.clone_from(&self.sent);
            let _ = self.outbox.send(FromProcess::Spans(self.sent.clone()));
        }
    }
}

/// An error with its causes.
fn text(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = inner.to_string();
        source = inner.source();
    }
    text
}
