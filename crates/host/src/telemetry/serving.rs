//! The span of a request to a component: from its head to the end of its answer.

use super::{Tracer, context::Context, scope::Scope, span::Span, wire::Kind};
use crate::guest::{call::Origin, state::Guest};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use std::{
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{self, Poll, ready},
};
use wasmtime_wasi_http::{Error, WasiBody};

/// A request that is being answered, where spans are made.
#[derive(Debug)]
pub struct Serving {
    span: Option<Span>,
    scope: Arc<Scope>,
    path: String,
    is_head: bool,
}

/// What became of a request that its component did not answer; an answer carries it as an extension.
#[derive(Debug, Clone)]
pub struct Failed {
    /// The kind of failure.
    pub kind: &'static str,
    /// What the log says of it.
    pub why: String,
}

impl Serving {
    /// Begins with a request that came on `route`, and has it carry its new place in the trace.
    pub fn begin(
        tracer: &Arc<Tracer>,
        guest: &Guest,
        request: &mut Request<WasiBody>,
        route: &str,
        client: SocketAddr,
        origin: Origin,
    ) -> Self {
        let parent = Context::of(request.headers());
        let method = request.method();
        let (context, mut span) = tracer.enter(parent, Kind::Server, &format!("{method} {route}"));
        if let Some(span) = &mut span {
            span.set("http.request.method", method.as_str())
                .set("http.route", route)
                .set("url.scheme", request.uri().scheme_str().unwrap_or_default())
                .set("component_id", guest.id.as_str());
            if origin == Origin::Outside {
                span.set("network.peer.address", client.ip().to_string().as_str());
            }
        }
        let path = span.as_ref().map_or_else(String::new, |_| request.uri().path().to_owned());
        let is_head = method == Method::HEAD;
        context.put(request.headers_mut());
        Self { span, scope: Scope::new(tracer, context), path, is_head }
    }

    /// That of the instance which answers.
    pub fn scope(&self) -> Arc<Scope> {
        self.scope.clone()
    }

    /// Ends with the answer's end. A path that was answered with 400 is not told: it may be anything,
    /// as what somebody is called.
    pub fn answered(self, answer: Response<WasiBody>) -> Response<WasiBody> {
        let Some(mut span) = self.span else { return answer };
        let status = answer.status();
        span.set("http.response.status_code", status.as_u16());
        if status != StatusCode::BAD_REQUEST {
            span.set("url.path", self.path.as_str());
        }
        if let Some(Failed { kind, why }) = answer.extensions().get() {
            span.fail(kind, why);
        } else if status.is_server_error() {
            span.fail(status.as_str(), "");
        }
        let length = answer.headers().get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let left = if self.is_head { Some(0) } else { length };
        answer.map(|body| Traced { body, span: Some(span), left }.boxed_unsync())
    }
}

/// An answer's body, whose end is its request's.
struct Traced {
    body: WasiBody,
    span: Option<Span>,
    /// How many bytes are to come, where that is known: nobody asks for more than those.
    left: Option<u64>,
}

impl Traced {
    fn end(&mut self) {
        if let Some(span) = self.span.take() {
            span.end();
        }
    }
}

impl Body for Traced {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut task::Context,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            None => self.end(),
            Some(Ok(frame)) => {
                let came = frame.data_ref().map_or(0, |data| data.len() as u64);
                self.left = self.left.map(|left| left.saturating_sub(came));
            }
            Some(Err(error)) => {
                if let Some(mut span) = self.span.take() {
                    span.fail("body", &error.to_string());
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        if self.left == Some(0) || self.body.is_end_stream() {
            self.end();
        }
    }
}
