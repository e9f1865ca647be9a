//! The line between the supervisor and its processes: JSON messages, one a line, over a socket that
//! is the process's standard output. Its end is the news that the other side died.

use crate::{
    app::plan::Plan,
    guest::{
        faults::{FaultSet, Order},
        meter::Measures,
    },
    supervisor::tally::Counts,
    telemetry::export::Sent,
};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{collections::BTreeMap, marker::PhantomData};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// From the supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub enum ToProcess {
    /// The first message.
    Start {
        /// The application.
        plan: Box<Plan>,
        /// Faults that components have already.
        faults: BTreeMap<String, FaultSet>,
        /// See [`ToProcess::Shed`].
        shed: Counts,
    },
    /// Take work from now on.
    Begin,
    /// Put a fault into a component, or heal it; to be acknowledged.
    Order {
        /// The number to acknowledge.
        number: u64,
        /// The component's id.
        component: String,
        /// What to do.
        order: Order,
    },
    /// Tell what was counted; to be acknowledged.
    Measure {
        /// The number to acknowledge.
        number: u64,
    },
    /// How many requests the other processes have turned away, those that ended included.
    Shed(Counts),
    /// Another process has taken over: take nothing new, finish what is under way, let go of those
    /// who may come back gently, and end.
    Retire,
    /// Take nothing new, finish what is under way, and end.
    Drain,
}

/// To the supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub enum FromProcess {
    /// The components are loaded.
    Ready,
    /// It takes work.
    Begun,
    /// It takes nothing new any more.
    Stopped,
    /// An order was carried out, or a question answered.
    Done {
        /// Its number.
        number: u64,
    },
    /// How many requests it has turned away since it was started.
    Shed(Counts),
    /// What it has counted since it was started.
    Measured(Measures),
    /// What became of its spans since it was started.
    Spans(Sent),
    /// It cannot work, and why.
    Failed(String),
}

/// The receiving half of the line.
pub struct Receiver<T> {
    lines: Lines<BufReader<OwnedReadHalf>>,
    messages: PhantomData<T>,
}

/// The sending half of the line.
pub struct Sender<T> {
    stream: OwnedWriteHalf,
    messages: PhantomData<T>,
}

/// Makes a line of a socket.
pub fn line<In, Out>(stream: UnixStream) -> (Receiver<In>, Sender<Out>) {
    let (read, write) = stream.into_split();
    (
        Receiver { lines: BufReader::new(read).lines(), messages: PhantomData },
        Sender { stream: write, messages: PhantomData },
    )
}

impl<T: DeserializeOwned> Receiver<T> {
    /// The next message; `None` when the other side is gone.
    pub async fn next(&mut self) -> Option<T> {
        let line = self.lines.next_line().await.ok()??;
        match serde_json::from_str(&line) {
            Ok(message) => Some(message),
            Err(error) => {
                crate::say!(
                    Error,
                    "madang: a message among its processes is not in order: {error}"
                );
                None
            }
        }
    }
}

impl<T: Serialize> Sender<T> {
    /// Sends a message; fails when the other side is gone.
    pub async fn send(&mut self, message: &T) -> Result<()> {
        let mut line = serde_json::to_vec(message).context("a message cannot be written")?;
        line.push(b'\n');
        self.stream.write_all(&line).await.context("the other process is gone")
    }
}
