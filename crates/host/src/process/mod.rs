//! The processes that run components: a worker for requests, or the one that listens to Redis.

pub mod mailbox;
pub mod trigger;
pub mod worker;

use crate::{
    control::{self, FromProcess, Receiver, Sender, ToProcess},
    guest::{faults::Order, state::Host},
};
use anyhow::{Context, Result, bail};
use std::{os::fd::AsFd, os::unix::net::UnixStream as StdUnixStream, sync::Arc};
use tokio::{net::UnixStream, sync::watch};

/// What a process does besides obeying.
pub trait Work {
    /// Works until `drain` turns true and what was begun is finished.
    fn work(
        self,
        host: Arc<Host>,
        drain: watch::Receiver<bool>,
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
        let Some(ToProcess::Start { plan, faults }) = receiver.next().await else {
            bail!("this command is the supervisor's own: use `madang up`");
        };
        let host = match Host::new(*plan) {
            Ok(host) => host,
            Err(error) => {
                sender.send(&FromProcess::Failed).await?;
                return Err(error);
            }
        };
        for guest in host.guests() {
            if let Some(set) = faults.get(&guest.id) {
                *guest.faults.now() = set.clone();
            }
        }
        sender.send(&FromProcess::Ready).await?;
        let (drain, drained) = watch::channel(false);
        let working = work.clone().work(host.clone(), drained);
        tokio::pin!(working);
        let obeying = obey(&host, &work, receiver, sender, drain);
        tokio::select! {
            result = &mut working => return result,
            () = obeying => {}
        }
        working.await
    })
}

/// Obeys the supervisor until it says to drain or is gone; then sees to it that the work drains.
async fn obey<W: Work>(
    host: &Host,
    work: &W,
    mut receiver: Receiver<ToProcess>,
    mut sender: Sender<FromProcess>,
    drain: watch::Sender<bool>,
) {
    while let Some(ToProcess::Order { number, component, order }) = receiver.next().await {
        if let Some(guest) = host.guest(&component) {
            guest.faults.now().obey(&order);
            if matches!(order, Order::Heal) {
                work.healed(&component);
            }
        }
        if sender.send(&FromProcess::Done { number }).await.is_err() {
            break;
        }
    }
    drain.send_replace(true);
}
