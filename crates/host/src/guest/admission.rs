//! The way into a component: a place of its own, and one of the process. Who gets none is turned
//! away without having run, and counted.

use super::{
    bulkhead::Refusal,
    call::Origin,
    failure::Failure,
    meter::Measures,
    state::{Guest, Host},
};
use crate::supervisor::tally::Counts;
use http::HeaderName;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

/// Tells a component's info how many of its requests were turned away.
pub const SHED: HeaderName = HeaderName::from_static("madang-shed");

/// How long a request waits for its places.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// What an instance holds while it lives.
#[derive(Debug)]
pub struct Places {
    _component: Option<OwnedSemaphorePermit>,
    _process: OwnedSemaphorePermit,
}

#[cfg(test)]
impl Places {
    /// Those of an instance that is alone.
    pub fn alone() -> Self {
        let process = std::sync::Arc::new(tokio::sync::Semaphore::new(1));
        Places { _component: None, _process: process.try_acquire_owned().expect("it is free") }
    }
}

impl Host {
    /// Places for a request for `path`, waited for at most as long as there is time `left`. How a
    /// component is can be asked however busy it is.
    pub(super) async fn admit(
        &self,
        guest: &Guest,
        path: &str,
        origin: Origin,
        left: Duration,
    ) -> Result<Places, Failure> {
        let until = Instant::now() + left.min(PATIENCE);
        let places = match origin {
            Origin::Outside => &self.outer,
            Origin::Inside => &self.inner,
        };
        let admitted = async {
            let component = match guest.plan.asks_how_it_is(path) {
                true => None,
                false => Some(guest.bulkhead.enter(until).await?),
            };
            Ok(Places { _component: component, _process: place(places, until).await? })
        };
        admitted.await.map_err(|refusal| {
            self.shed(guest);
            match refusal {
                Refusal::Full => Failure::Full,
                Refusal::Late => Failure::Busy,
            }
        })
    }

    /// A place for a message. A component has one at a time, so it needs none of the component's.
    pub(super) async fn admit_message(&self) -> Result<Places, Failure> {
        let process =
            place(&self.inner, Instant::now() + PATIENCE).await.map_err(|_| Failure::Busy)?;
        Ok(Places { _component: None, _process: process })
    }

    /// What this process has counted, by component.
    pub fn measures(&self) -> Measures {
        self.guests().map(|guest| (guest.id.clone(), guest.meter.read())).collect()
    }

    /// How many requests this process has turned away, by component.
    pub fn shed_here(&self) -> Counts {
        let counts = self.guests().map(|guest| (guest.id.clone(), guest.bulkhead.shed.here()));
        counts.filter(|(_, count)| *count > 0).collect()
    }

    /// Takes note of what the other processes have turned away, by component.
    pub fn set_shed_elsewhere(&self, counts: &Counts) {
        for (component, count) in counts {
            if let Some(guest) = self.guest(component) {
                guest.bulkhead.shed.set_elsewhere(*count);
            }
        }
    }

    fn shed(&self, guest: &Guest) {
        let bulkhead = &guest.bulkhead;
        if bulkhead.shed.count() {
            crate::say!(
                Warn,
                component = guest.id,
                "component {} sheds: {} at work, {} waiting; {} shed so far",
                guest.id,
                bulkhead.at_work(),
                bulkhead.waiting(),
                bulkhead.shed.total()
            );
        }
        self.shedding.notify_one();
    }
}

async fn place(places: &Arc<Semaphore>, until: Instant) -> Result<OwnedSemaphorePermit, Refusal> {
    // The first try costs no timer.
    if let Ok(place) = places.clone().try_acquire_owned() {
        return Ok(place);
    }
    match timeout_at(until, places.clone().acquire_owned()).await {
        Ok(Ok(place)) => Ok(place),
        _ => Err(Refusal::Late),
    }
}
