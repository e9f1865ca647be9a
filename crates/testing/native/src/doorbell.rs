//! Who hears events: a thread for each context, which the channel of its system rings, and each second does what
//! the host has it do as `health/ready`.

use crate::{
    contexts::ALL,
    ports::{Ports, Settings},
};
use anyhow::Result;
use madang::{env::Cause, health, http::Request};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

/// Between two questions whether a context is ready, as the host has it.
const READY: Duration = Duration::from_secs(1);

/// What rings one context: whether it is down, and a ring that waits.
pub struct Bell {
    is_down: AtomicBool,
    ring: SyncSender<()>,
}

impl Bell {
    /// Has it read the log. Rings that wait are one.
    fn ring(&self) {
        let _ = self.ring.try_send(());
    }

    /// Keeps it from reading, or has it read what it missed.
    pub fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
        self.ring();
    }
}

/// The bells of all contexts, in the order of [`ALL`].
pub type Bells = Arc<Vec<Bell>>;

/// Begins to hear.
///
/// # Errors
/// When Redis is not there.
pub fn hear(settings: &Arc<Settings>) -> Result<Bells> {
    let (bells, rung): (Vec<_>, Vec<_>) = ALL
        .iter()
        .map(|_| {
            let (ring, rung) = sync_channel(1);
            (Bell { is_down: AtomicBool::new(false), ring }, rung)
        })
        .unzip();
    let bells = Arc::new(bells);
    let mut hearing: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, rung) in rung.into_iter().enumerate() {
        let (settings, bells) = (settings.clone(), bells.clone());
        let system = ALL[place].0.split('-').next().unwrap_or_default();
        hearing.entry(system).or_default().push(place);
        thread::spawn(move || attend(&settings, &bells[place], &rung, place));
    }
    for (system, places) in hearing {
        let mut connection = settings.redis.get_connection()?;
        let bells = bells.clone();
        thread::spawn(move || {
            let mut channel = connection.as_pubsub();
            let mut heard = channel.subscribe(system);
            while heard.is_ok() {
                heard = channel.get_message().map(drop);
                places.iter().for_each(|place| bells[*place].ring());
            }
        });
    }
    Ok(bells)
}

/// One context's thread.
fn attend(settings: &Arc<Settings>, bell: &Bell, rung: &Receiver<()>, place: usize) {
    let ports = Ports::new(settings);
    let (definition, host) = (ports.definition(place), ports.of(place));
    let name = ALL[place].0;
    let (system, context) = name.split_once('-').unwrap_or((name, ""));
    let hears = !definition.subscriptions().is_empty();
    let ready = Request {
        method: "GET".to_owned(),
        path: format!("/{system}/-/{context}/health/ready"),
        ..Request::default()
    };
    loop {
        let is_rung = rung.recv_timeout(READY).is_ok();
        if bell.is_down.load(Ordering::SeqCst) {
            continue;
        }
        if is_rung && hears {
            let env = definition.env(&host, Cause::default());
            if let Err(error) = health::catch_up(definition, &env) {
                eprintln!("{name}: {error}");
            }
        } else if !is_rung {
            ports.answer(&ready);
        }
    }
}
