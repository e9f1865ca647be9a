//! The processes that run components: a worker for requests, or the one that listens to Redis.

mod body;
pub mod connections;
pub mod mailbox;
mod pace;
mod refusals;
mod seats;
mod stream;
pub mod trigger;
pub mod worker;

use crate::{
    control::{self, FromProcess, Receiver, Sender, ToProcess},
    guest::{faults::Order, state::Host},
    telemetry::export::Exporting,
};
use anyhow::{Context, Result, bail};
use std::{
    convert::Infallible,
    future,
    os::{fd::AsFd, unix::net::UnixStream as StdUnixStream},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::UnixStream,
    sync::{mpsc, watch},
    time::sleep,
};

/// How far apart reports to the supervisor are.
const REPORTS: Duration = Duration::from_millis(200);

/// How far a process is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It is loaded and takes no work yet.
    Ready,
    /// It takes work.
    Working,
    /// See [`ToProcess::Retire`].
    Retiring,
    /// See [`ToProcess::Drain`].
    Draining,
}

/// What a process tells the supervisor.
pub type Outbox = mpsc::UnboundedSender<FromProcess>;

/// What a process does besides obeying.
pub trait Work {
    /// Works until it is told to stop and what was begun is finished. Says when it has
    /// [`FromProcess::Begun`] and when it has [`FromProcess::Stopped`].
    fn work(
        self,
        host: Arc<Host>,
        stage: watch::Receiver<Stage>,
        outbox: &Outbox,
    ) -> impl Future<Output = Result<()>>;

    /// Called when a component was healed.
    fn healed(&self, component: &str) {
        let _ = component;
    }
}

/// Runs a process: its first message says what the application is. Ends when told to, or when the
/// supervisor is gone.
pub fn run<W: Work + Clone>(work: W) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stream = std::io::stdout()
            .as_fd()
            .try_clone_to_owned()
            .context("there is no standard output")?;
        let stream = StdUnixStream::from(stream);
        stream
            .set_nonblocking(true)
            .context("this command is the supervisor's own: use `madang up`")?;
        let stream = UnixStream::from_std(stream)
            .context("this command is the supervisor's own: use `madang up`")?;
        let (mut receiver, mut sender) = control::line::<ToProcess, FromProcess>(stream);
        let Some(ToProcess::Start { plan, faults, shed }) = receiver.next().await else {
            bail!("this command is the supervisor's own: use `madang up`");
        };
        let host = match Host::new(*plan) {
            Ok(host) => host,
            Err(error) => {
                return sender.send(&FromProcess::Failed(format!("{error:#}"))).await;
            }
        };
        for guest in host.guests() {
            if let Some(set) = faults.get(&guest.id) {
                *guest.faults.now() = set.clone();
            }
        }
        host.set_shed_elsewhere(&shed);
        sender.send(&FromProcess::Ready).await?;
        let (outbox, letters) = mpsc::unbounded_channel();
        let sending = tokio::spawn(send(sender, letters));
        let exporting = host.tracer.clone().map(|tracer| Exporting::begin(tracer, outbox.clone()));
        let exporting = exporting.transpose()?;
        let (told, mut stage) = watch::channel(Stage::Ready);
        let working = async {
            let _ = stage.wait_for(|stage| *stage > Stage::Ready).await;
            work.clone().work(host.clone(), stage, &outbox).await
        };
        let result = tokio::select! {
            result = working => result,
            never = obey(&host, &work, receiver, &outbox, told) => match never {},
            never = report(&host, &outbox) => match never {},
        };
        if let Some(exporting) = exporting {
            exporting.end().await;
        }
        let _ = outbox.send(FromProcess::Shed(host.shed_here()));
        let _ = outbox.send(FromProcess::Measured(host.measures()));
        drop(outbox);
        let _ = sending.await;
        result
    })
}

/// Obeys the supervisor. When that is gone, the work drains.
async fn obey<W: Work>(
    host: &Host,
    work: &W,
    mut receiver: Receiver<ToProcess>,
    outbox: &Outbox,
    stage: watch::Sender<Stage>,
) -> Infallible {
    let enter = |next: Stage| stage.send_modify(|stage| *stage = next.max(*stage));
    while let Some(message) = receiver.next().await {
        match message {
            ToProcess::Order { number, component, order } => {
                if let Some(guest) = host.guest(&component) {
                    guest.faults.now().obey(&order);
                    if matches!(order, Order::Heal) {
                        work.healed(&component);
                    }
                }
                let _ = outbox.send(FromProcess::Done { number });
            }
            ToProcess::Measure { number } => {
                let _ = outbox.send(FromProcess::Measured(host.measures()));
                let _ = outbox.send(FromProcess::Done { number });
            }
            ToProcess::Shed(counts) => host.set_shed_elsewhere(&counts),
            ToProcess::Begin => enter(Stage::Working),
            ToProcess::Retire => enter(Stage::Retiring),
            ToProcess::Drain => enter(Stage::Draining),
            ToProcess::Start { .. } => {}
        }
    }
    enter(Stage::Draining);
    future::pending().await
}

/// Tells the supervisor what was turned away, soon after it was.
async fn report(host: &Host, outbox: &Outbox) -> Infallible {
    loop {
        host.shedding.notified().await;
        let _ = outbox.send(FromProcess::Shed(host.shed_here()));
        sleep(REPORTS).await;
    }
}

/// Sends what is to be said until there is no more, or no one hears it.
async fn send(mut sender: Sender<FromProcess>, mut letters: mpsc::UnboundedReceiver<FromProcess>) {
    while let Some(letter) = letters.recv().await {
        if sender.send(&letter).await.is_err() {
            return;
        }
    }
}
