//! Who hears events: all on one thread, each rung by the channel of its system, and asked each second, as by the
//! host, whether it is ready.

use crate::{
    fiber,
    ports::{Ports, Settings},
};
use anyhow::Result;
use madang::{Error, env::Cause, health, http::Request};
use madang_contexts::ALL;
use std::{
    collections::HashMap,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};
use tokio::{
    runtime,
    sync::Notify,
    task::{LocalSet, spawn_local},
    time::timeout,
};

/// Between two questions whether a context is ready, as the host has it.
const READY: Duration = Duration::from_secs(1);

/// What rings one context, and whether it is down.
#[derive(Default)]
pub struct Bell {
    is_down: AtomicBool,
    /// Rings that wait are one.
    ring: Notify,
}

impl Bell {
    /// Keeps it from reading, or has it read what it missed.
    pub fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
        self.ring.notify_one();
    }
}

/// The bells of all contexts, in the order of [`ALL`].
pub type Bells = Arc<Vec<Bell>>;

/// Begins to hear.
///
/// # Errors
/// When Redis is not there.
pub fn hear(settings: &Arc<Settings>) -> Result<Bells> {
    let bells: Bells = Arc::new(ALL.iter().map(|_| Bell::default()).collect());
    let mut hearing: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, (name, _)) in ALL.iter().enumerate() {
        hearing.entry(name.split('-').next().unwrap_or_default()).or_default().push(place);
    }
    for (system, places) in hearing {
        let mut connection = settings.redis.get_connection()?;
        let bells = bells.clone();
        thread::spawn(move || {
            let mut channel = connection.as_pubsub();
            let mut heard = channel.subscribe(system);
            while heard.is_ok() {
                heard = channel.get_message().map(drop);
                places.iter().for_each(|place| bells[*place].ring.notify_one());
            }
        });
    }
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let (settings, attended) = (settings.clone(), bells.clone());
    thread::spawn(move || {
        LocalSet::new().block_on(&runtime, async {
            let ports = Ports::new(&settings).await?;
            let all: Vec<_> = (0..ALL.len())
                .map(|place| spawn_local(attend(ports.clone(), attended.clone(), place)))
                .collect();
            for one in all {
                one.await?;
            }
            anyhow::Ok(())
        })
    });
    Ok(bells)
}

/// One context, for good.
async fn attend(ports: Rc<Ports>, bells: Bells, place: usize) {
    let (name, bell) = (ALL[place].0, &bells[place]);
    let (system, context) = name.split_once('-').unwrap_or((name, ""));
    let hears = !ports.definition(place).subscriptions().is_empty();
    loop {
        let is_rung = timeout(READY, bell.ring.notified()).await.is_ok();
        if bell.is_down.load(Ordering::SeqCst) {
            continue;
        }
        if !is_rung {
            let ready = Request {
                method: "GET".to_owned(),
                path: format!("/{system}/-/{context}/health/ready"),
                ..Request::default()
            };
            ports.clone().answer(ready).await;
        } else if hears {
            let ports = ports.clone();
            let read = move |yields: &fiber::Yields| -> Result<(), Error> {
                let host = ports.of(place, yields);
                let definition = ports.definition(place);
                health::catch_up(definition, &definition.env(&host, Cause::default())).map(drop)
            };
            match fiber::run(read).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => eprintln!("{name}: {error}"),
                Err(error) => eprintln!("{name}: {error}"),
            }
        }
    }
}
