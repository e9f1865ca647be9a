//! The bodies of requests and answers at the door, held to their bounds.

use super::{
    pace::UnderWay,
    refusals::{Reason, Refusals},
};
use crate::app::plan::Limits;
use bytes::Bytes;
use http::{Version, header, request::Parts};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::oneshot,
    time::{Sleep, sleep, timeout},
};
use wasmtime_wasi_http::{Error, WasiBody};

/// As much of what nobody reads is read, at most.
const MOST: usize = 16 << 20;
/// And for so long.
const LONGEST: Duration = Duration::from_secs(5);

/// A request's body. On HTTP/1.1, what its reader leaves is read to its end: a client writes all of it before
/// it looks for the answer, and would find its connection reset in place of one.
pub struct Received {
    body: Option<Incoming>,
    /// How many bytes more it may have.
    left: u64,
    /// How long the client may pause.
    longest: Duration,
    pause: Option<Pin<Box<Sleep>>>,
    /// Whether the client sends all of it, come what may.
    coming: bool,
    read_rest: bool,
    refused: Option<oneshot::Sender<Reason>>,
}

impl Received {
    /// The body of a request with this head, and what tells why it was cut off.
    pub fn new(body: Incoming, head: &Parts, limits: &Limits) -> (Self, oneshot::Receiver<Reason>) {
        let (refused, reason) = oneshot::channel();
        let received = Self {
            body: Some(body),
            // Others wait until they are asked for it, and do not send it after an answer.
            coming: !head.headers.contains_key(header::EXPECT),
            left: limits.max_request_body,
            longest: limits.body_timeout,
            pause: None,
            read_rest: head.version != Version::HTTP_2,
            refused: Some(refused),
        };
        (received, reason)
    }

    fn refuse(&mut self, reason: Reason) {
        if let Some(refused) = self.refused.take() {
            // Nobody hears it once there is an answer.
            let _ = refused.send(reason);
        }
    }

    /// Reads what is left.
    fn leave(&mut self) {
        let wanted = self.read_rest && self.coming;
        let rest = self.body.take().filter(|body| wanted && !body.is_end_stream());
        if let (Some(rest), Ok(runtime)) = (rest, Handle::try_current()) {
            runtime.spawn(timeout(LONGEST, read(rest)));
        }
    }
}

impl Body for Received {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        this.coming = true;
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(context) {
            this.pause = None;
            let length = frame.iter().flatten().filter_map(Frame::data_ref).map(Bytes::len).sum();
            let Some(left) = less(this.left, length) else {
                this.refuse(Reason::Body);
                this.leave();
                return Poll::Ready(Some(Err(Error::HttpRequestBodySize(None))));
            };
            this.left = left;
            return Poll::Ready(frame.map(|frame| frame.map_err(Error::from)));
        }
        let longest = this.longest;
        ready!(this.pause.get_or_insert_with(|| Box::pin(sleep(longest))).as_mut().poll(context));
        this.refuse(Reason::Pause);
        // Its rest would not come, either.
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

impl Drop for Received {
    fn drop(&mut self) {
        self.leave();
    }
}

/// How many bytes more there may be after `length` of them. `None` if these are too many already.
fn less(left: u64, length: usize) -> Option<u64> {
    left.checked_sub(u64::try_from(length).ok()?)
}

async fn read(mut rest: Incoming) {
    let mut length = 0;
    while let Some(Ok(frame)) = rest.frame().await {
        length += frame.data_ref().map_or(0, Bytes::len);
        if length > MOST {
            return;
        }
    }
}

/// An answer's body. Its request is under way until it is dropped.
pub struct Answer {
    body: WasiBody,
    /// How many bytes more it may have.
    left: u64,
    refusals: Arc<Refusals>,
    _under_way: UnderWay,
}

impl Answer {
    /// A body of at most `most` bytes.
    pub fn new(body: WasiBody, most: u64, refusals: Arc<Refusals>, under_way: UnderWay) -> Self {
        Self { body, left: most, refusals, _under_way: under_way }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame {
            let Some(left) = less(self.left, frame.data_ref().map_or(0, Bytes::len)) else {
                self.refusals.note(Reason::Answer);
                // The component can write no more.
                self.body = crate::guest::call::full(Bytes::new());
                return Poll::Ready(Some(Err(Error::HttpResponseBodySize(None))));
            };
            self.left = left;
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
