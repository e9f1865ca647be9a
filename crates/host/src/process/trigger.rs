//! The process that listens to Redis. Each component has its own mailbox and its own loop, so that
//! none waits for another; a connection that breaks is made again; and each component's readiness
//! is asked, at start, after a reconnect and from time to time, so that what was published
//! meanwhile is caught up with.

use super::{
    Outbox, Stage, Work,
    mailbox::{Mailbox, Message, Put},
};
use crate::{
    app::plan::{Subscription, without_password},
    control::FromProcess,
    guest::{
        failure::Failure,
        state::{Guest, Host},
    },
};
use anyhow::Result;
use futures_util::StreamExt;
use http_body_util::BodyExt;
use redis::{Client, RedisResult};
use std::{
    collections::{BTreeMap, HashMap},
    convert::Infallible,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc, watch},
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

/// The pauses between attempts to connect grow from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// How long connecting and subscribing may take.
const CONNECT: Duration = Duration::from_secs(2);
/// A channel that is silent for so long is asked for a sign of life.
const SILENCE: Duration = Duration::from_secs(15);
/// How far this process steps back for the workers when there is more to do than the cores can: a client waits for its
/// answer, a consumer catches up.
const NICENESS: i32 = 5;
/// How long handlers may take to end when the process is told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Listens to the application's channels.
#[derive(Debug, Clone, Default)]
pub struct Listener {
    /// Wakes the loop that asks a component for its readiness, by component.
    askers: Arc<OnceLock<HashMap<String, Arc<Notify>>>>,
}

impl Work for Listener {
    async fn work(
        self,
        host: Arc<Host>,
        mut stage: watch::Receiver<Stage>,
        outbox: &Outbox,
    ) -> Result<()> {
        // Where it is not allowed, all are equal.
        let _ = rustix::process::nice(NICENESS);
        let guests = || host.guests().filter(|guest| guest.plan.ready.is_some());
        let askers = self
            .askers
            .get_or_init(|| guests().map(|guest| (guest.id.clone(), Arc::default())).collect());
        let mut loops = JoinSet::new();
        for guest in guests() {
            let Some(asker) = askers.get(&guest.id) else { continue };
            loops.spawn(ask_ready(host.clone(), guest.clone(), asker.clone(), stage.clone()));
        }

        let mut servers: BTreeMap<String, BTreeMap<Arc<str>, Vec<Arc<Mailbox>>>> = BTreeMap::new();
        let mut mailboxes: BTreeMap<String, Arc<Mailbox>> = BTreeMap::new();
        for Subscription { address, channel, component } in &host.plan.subscriptions {
            let Some(guest) = host.guest(component) else { continue };
            let mailbox = mailboxes.entry(component.clone()).or_insert_with(|| {
                let mailbox = Arc::new(Mailbox::new(guest.plan.doorbell));
                loops.spawn(deliver(host.clone(), guest.clone(), mailbox.clone(), stage.clone()));
                mailbox
            });
            let listeners = servers
                .entry(address.clone())
                .or_default()
                .entry(channel.as_str().into())
                .or_default();
            listeners.push(mailbox.clone());
        }
        let mut subscribers = JoinSet::new();
        // Each keeps it until it has heard its server once, or found it away.
        let (first, mut firsts) = mpsc::channel::<Infallible>(1);
        for (address, channels) in servers {
            subscribers.spawn(self.clone().subscribe(address, channels, first.clone()));
        }
        drop(first);
        tokio::select! {
            _ = firsts.recv() => drop(outbox.send(FromProcess::Begun)),
            () = stopped(&mut stage) => {}
        }

        stopped(&mut stage).await;
        subscribers.shutdown().await;
        let _ = outbox.send(FromProcess::Stopped);
        let ended = async { while loops.join_next().await.is_some() {} };
        if timeout(DRAIN, ended).await.is_err() {
            crate::say!(
                Warn,
                "madang: message handlers that took longer than {} s were cut off",
                DRAIN.as_secs()
            );
        }
        Ok(())
    }

    fn healed(&self, component: &str) {
        if let Some(asker) = self.askers.get().and_then(|askers| askers.get(component)) {
            asker.notify_one();
        }
    }
}

impl Listener {
    /// Hears the channels of one server for ever. `first` is dropped once they are heard, or the
    /// first attempt has failed.
    async fn subscribe(
        self,
        address: String,
        channels: BTreeMap<Arc<str>, Vec<Arc<Mailbox>>>,
        first: mpsc::Sender<Infallible>,
    ) {
        let mut first = Some(first);
        let shown = without_password(&address);
        let mut pause = PAUSES.0;
        // Said once per state, not once per attempt.
        let said = Mutex::new(None);
        let say = |connected: bool, text: &str| {
            let mut said = said.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            if said.replace(connected) != Some(connected) {
                match connected {
                    true => crate::say!("madang: {text}"),
                    false => crate::say!(Warn, "madang: {text}"),
                }
            }
        };
        loop {
            let connected = || {
                drop(first.take());
                let names: Vec<_> = channels.keys().map(|name| &**name).collect();
                say(true, &format!("listening to {} on {shown}", names.join(", ")));
                for asker in self.askers.get().into_iter().flat_map(HashMap::values) {
                    asker.notify_one();
                }
            };
            let error = match hear(&address, &channels, connected).await {
                Ok(()) => {
                    pause = PAUSES.0;
                    "the connection ended".to_owned()
                }
                Err(error) => error.to_string(),
            };
            drop(first.take());
            say(
                false,
                &format!("Redis at {shown} is away ({error}); trying again until it is back"),
            );
            sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }
}

/// Returns when there is nothing new to be taken any more.
async fn stopped(stage: &mut watch::Receiver<Stage>) {
    let _ = stage.wait_for(|stage| *stage > Stage::Working).await;
}

/// Hears the channels until the connection ends.
async fn hear(
    address: &str,
    channels: &BTreeMap<Arc<str>, Vec<Arc<Mailbox>>>,
    connected: impl FnOnce(),
) -> RedisResult<()> {
    let late = |_| std::io::Error::from(std::io::ErrorKind::TimedOut);
    let client = Client::open(address)?;
    let subscribed = async {
        let mut connection = client.get_async_pubsub().await?;
        for channel in channels.keys() {
            connection.subscribe(&**channel).await?;
        }
        RedisResult::Ok(connection)
    };
    let (mut sink, mut messages) = timeout(CONNECT, subscribed).await.map_err(late)??.split();
    connected();
    loop {
        match timeout(SILENCE, messages.next()).await {
            Ok(Some(message)) => {
                let found = channels.get_key_value(message.get_channel_name());
                for (channel, mailbox) in found.into_iter().flat_map(each) {
                    let payload = message.get_payload_bytes().to_vec();
                    let message = Message { channel: channel.clone(), payload };
                    if mailbox.put(message) == Put::FirstDropped {
                        crate::say!(
                            Warn,
                            "madang: a component cannot keep up with the channel {}: {} messages \
                             wait, new ones are \
                             dropped",
                            channel,
                            super::mailbox::CAPACITY
                        );
                    }
                }
            }
            Ok(None) => return Ok(()),
            Err(_) => {
                timeout(CONNECT, sink.ping::<redis::Value>()).await.map_err(late)??;
            }
        }
    }
}

/// A channel with each of those that listen to it.
fn each<'a>(
    (channel, mailboxes): (&'a Arc<str>, &'a Vec<Arc<Mailbox>>),
) -> impl Iterator<Item = (&'a Arc<str>, &'a Arc<Mailbox>)> {
    mailboxes.iter().map(move |mailbox| (channel, mailbox))
}

/// Gives a component its messages, one at a time.
async fn deliver(
    host: Arc<Host>,
    guest: Arc<Guest>,
    mailbox: Arc<Mailbox>,
    mut stage: watch::Receiver<Stage>,
) {
    loop {
        let (message, dropped) = tokio::select! {
            biased;
            () = stopped(&mut stage) => return,
            taken = mailbox.take() => taken,
        };
        if dropped > 0 {
            crate::say!(
                Warn,
                component = guest.id,
                "madang: {dropped} messages for the component {} were dropped",
                guest.id
            );
        }
        match host.deliver(&guest, &message.channel, message.payload).await {
            // Taken down on purpose: not worth a line for each message.
            Ok(()) | Err(Failure::Down) => {}
            Err(failure) => {
                crate::say!(Error, component = guest.id, "component {} {failure}", guest.id)
            }
        }
    }
}

/// Asks a component for its readiness whenever it is time; never twice at once.
async fn ask_ready(
    host: Arc<Host>,
    guest: Arc<Guest>,
    asker: Arc<Notify>,
    mut stage: watch::Receiver<Stage>,
) {
    let Some(path) = guest.plan.ready.clone() else { return };
    let mut ticks = interval(Duration::from_millis(host.plan.ready_interval_ms));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut was_ready = true;
    loop {
        tokio::select! {
            biased;
            () = stopped(&mut stage) => return,
            () = asker.notified() => {}
            _ = ticks.tick() => {}
        }
        if guest.faults.now().down {
            continue;
        }
        let answer = host.ask_ready(&guest, &path).await;
        let status = answer.status();
        // The body is read to its end, so that the guest can write it.
        let _ = timeout(host.time_limit(), answer.into_body().collect()).await;
        if status.is_success() != was_ready {
            was_ready = status.is_success();
            match was_ready {
                true => {
                    crate::say!(Info, component = guest.id, "component {} is ready again", guest.id)
                }
                false => {
                    crate::say!(
                        Warn,
                        component = guest.id,
                        "component {} is not ready: {path} answered {status}",
                        guest.id
                    )
                }
            }
        }
    }
}
