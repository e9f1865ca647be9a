//! A connection's stream, that reports to its pace.

use super::{pace::Pace, refusals::Reason};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What each connection of HTTP/2 begins with.
const PREFACE: &[u8] = b"PRI ";

/// A stream with its pace.
pub struct Stream<S> {
    stream: S,
    pace: Arc<Pace>,
    fresh: bool,
    blocked: bool,
}

impl<S: AsyncWrite + Unpin> Stream<S> {
    /// A stream that nothing was read from yet.
    pub fn new(stream: S, pace: Arc<Pace>) -> Self {
        Self { stream, pace, fresh: true, blocked: false }
    }

    /// Reports what the client has taken.
    fn taken(&mut self, written: &Poll<io::Result<usize>>) {
        match written {
            Poll::Pending => {
                self.blocked = true;
                self.pace.blocked();
            }
            Poll::Ready(Ok(bytes)) if self.blocked => self.pace.sent(*bytes),
            Poll::Ready(_) => {}
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        buffer: &mut ReadBuf,
    ) -> Poll<io::Result<()>> {
        if self.pace.is_late() {
            // Nothing was to be sent, so there is room for it; if there is none, nobody would read it.
            let _ = Pin::new(&mut self.stream).poll_write(context, &Reason::Head.bytes());
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let came = &buffer.filled()[before..];
        if !came.is_empty() {
            if std::mem::take(&mut self.fresh) && came.starts_with(PREFACE) {
                self.pace.speaks_http2();
            }
            self.pace.received();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.taken(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        pieces: &[IoSlice],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.taken(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    // Asked for when all that was to be sent is written.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() && std::mem::take(&mut self.blocked) {
            self.pace.flushed();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
