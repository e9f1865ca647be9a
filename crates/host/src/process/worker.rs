//! A worker: takes connections from its own queue of the shared port, and answers requests.

use super::{Outbox, Stage, Work, connections::Connections};
use crate::{
    control::FromProcess, guest::state::Host, seldom::Seldom, supervisor::sockets::BACKLOG,
};
use anyhow::{Context, Result};
use std::{io, net::TcpListener as StdTcpListener, os::fd::AsFd, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{Instant, sleep, timeout_at},
};

/// How long requests that are under way may take when the worker is told to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// How long a worker that retires waits for clients to come with the request whose answer closes
/// their connection.
const GRACE: Duration = Duration::from_secs(2);

/// How far apart lines about connections that cannot be taken are.
const APART: Duration = Duration::from_secs(10);

/// Serves the listening socket that is its standard input.
#[derive(Debug, Clone, Copy)]
pub struct Worker;

impl Work for Worker {
    async fn work(
        self,
        host: Arc<Host>,
        mut stage: watch::Receiver<Stage>,
        outbox: &Outbox,
    ) -> Result<()> {
        let listener = StdTcpListener::from(
            io::stdin().as_fd().try_clone_to_owned().context("there is no socket")?,
        );
        listener.set_nonblocking(true).context("the standard input is no socket")?;
        let listener =
            TcpListener::from_std(listener).context("the standard input is no socket")?;
        let connections = Connections::new(host)?;
        let cannot = Seldom::new(APART);
        let _ = outbox.send(FromProcess::Begun);
        loop {
            tokio::select! {
                biased;
                _ = stage.wait_for(|stage| *stage > Stage::Working) => break,
                accepted = listener.accept() => match accepted {
                    Ok((stream, client)) => connections.take(stream, client),
                    // The client is gone already.
                    Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                    // Out of files: some may be closed soon.
                    Err(error) => {
                        if let Some(count) = cannot.count() {
                            crate::say!(Error, "madang: cannot take a connection: {error}; {count} so far");
                        }
                        sleep(Duration::from_millis(100)).await;
                    }
                },
            }
        }
        let deadline = Instant::now() + DRAIN;
        let stopped = *stage.borrow();
        match stopped {
            // Those that wait in the queue are its successor's.
            Stage::Retiring => drop(listener),
            _ => empty(listener, &connections)?,
        }
        let _ = outbox.send(FromProcess::Stopped);
        if stopped == Stage::Retiring {
            tokio::select! {
                () = connections.end_with_next() => {}
                () = sleep(GRACE) => {}
                _ = stage.wait_for(|stage| *stage == Stage::Draining) => {}
            }
        }
        if timeout_at(deadline, connections.end_now()).await.is_err() {
            crate::say!(
                Warn,
                "madang: requests that took longer than {} s were cut off",
                DRAIN.as_secs()
            );
        }
        Ok(())
    }
}

/// Serves the connections that wait in the queue, and closes it: these were promised an answer,
/// those that come later were not. The kernel is asked itself: the runtime may not have heard of
/// the latest yet.
fn empty(listener: TcpListener, connections: &Connections) -> Result<()> {
    let queue = listener.into_std().context("the socket is gone")?;
    for _ in 0..BACKLOG {
        let Ok((stream, client)) = queue.accept() else { break };
        if let Ok(stream) = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream))
        {
            connections.take(stream, client);
        }
    }
    Ok(())
}
