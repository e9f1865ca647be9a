//! The processes that run components: started, replaced when they die, given orders, and stopped.
//! How all of them are replaced by others is in [`super::handover`].

use super::{
    child::{Child, DRAIN, Event, Events, Kind},
    collector::Collector,
    handover::{Handover, Leaving, Proposal},
    processes::ProcessStatus,
    tally::Tally,
};
use crate::{
    app::plan::Plan,
    control::{FromProcess, ToProcess},
    guest::{
        faults::{FaultSet, Order},
        meter::Measure,
    },
    telemetry::export::Sent,
};
use anyhow::{Context, Result, anyhow};
use std::{
    collections::{BTreeMap, HashSet},
    os::fd::OwnedFd,
    time::Duration,
};
use tokio::{
    sync::{
        mpsc,
        oneshot::{self, error::TryRecvError},
    },
    time::{Instant, sleep, timeout},
};

/// Pauses before a process is replaced grow from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// A process that lived so long starts with the first pause again.
const STEADY: Duration = Duration::from_secs(10);

/// All processes.
pub struct Fleet {
    /// What they run.
    pub(super) plan: Plan,
    /// The workers' places, and the trigger process's at the end if the plan needs one.
    pub(super) slots: Vec<Slot>,
    /// Processes that are to take over.
    pub(super) proposal: Option<Proposal>,
    /// Who waits for them to have done so.
    pub(super) handover: Option<Handover>,
    /// Processes that were taken over from.
    pub(super) leaving: Vec<Leaving>,
    pub(super) faults: BTreeMap<String, FaultSet>,
    pub(super) tally: Tally,
    pub(super) meters: Tally<Measure>,
    pub(super) collector: Collector,
    pub(super) lives: u64,
    pub(super) events: Events,
    orders: u64,
    waiting: Vec<Waiting>,
}

/// One place for a process. Its queue of connections stays when the process is replaced.
pub(super) struct Slot {
    /// `None` for the process that listens to Redis.
    pub(super) socket: Option<OwnedFd>,
    pub(super) name: String,
    pub(super) child: Option<Child>,
    /// The life of the last process here, dead or not.
    pub(super) life: u64,
    started: Instant,
    pause: Duration,
    restarts: u64,
}

/// An order that is being carried out.
struct Waiting {
    order: u64,
    lives: HashSet<u64>,
    done: oneshot::Sender<()>,
}

impl Fleet {
    /// Starts a worker per socket, and a process for Redis if the plan needs one, and waits until
    /// all are ready.
    pub async fn start(
        plan: Plan,
        sockets: Vec<OwnedFd>,
    ) -> Result<(Self, mpsc::UnboundedReceiver<Event>)> {
        let (events, mut received) = mpsc::unbounded_channel();
        let slots = sockets.into_iter().enumerate();
        let slots = slots
            .map(|(number, socket)| Slot::new(Some(socket), format!("worker {}", number + 1)))
            .collect();
        let mut fleet = Self {
            plan: plan.clone(),
            slots,
            proposal: None,
            handover: None,
            leaving: Vec::new(),
            faults: BTreeMap::new(),
            tally: Tally::default(),
            meters: Tally::default(),
            collector: Collector::default(),
            lives: 0,
            events,
            orders: 0,
            waiting: Vec::new(),
        };
        let (done, mut taken_over) = oneshot::channel();
        fleet.propose(plan, done).await;
        loop {
            match taken_over.try_recv() {
                Ok(result) => return result.map(|()| (fleet, received)),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Closed) => return Err(anyhow!("the host's processes are gone")),
            }
            let event = received.recv().await.context("the host's processes are gone")?;
            fleet.handle(event).await;
        }
    }

    /// Deals with what happened. Tells whether process ids changed.
    pub async fn handle(&mut self, Event { life, kind }: Event) -> bool {
        match &kind {
            Kind::Said(FromProcess::Done { number }) => self.acknowledge(life, Some(*number)),
            Kind::Said(FromProcess::Shed(counts)) => {
                self.tally.report(life, counts.clone());
                self.tell_shed().await;
            }
            Kind::Said(FromProcess::Measured(measures)) => {
                self.meters.report(life, measures.clone());
            }
            Kind::Said(FromProcess::Spans(sent)) => {
                self.collector.report(life, sent, self.plan.telemetry.as_ref());
            }
            Kind::Ended(_) => {
                self.acknowledge(life, None);
                self.collector.end(life);
                self.tally.end(life);
                self.meters.end(life);
            }
            _ => {}
        }
        let changed = self.hand_over(life, &kind).await;
        let Some(number) = self.slots.iter().position(|slot| slot.life == life) else {
            return changed;
        };
        let slot = &mut self.slots[number];
        match kind {
            Kind::Said(FromProcess::Failed(why)) => {
                crate::say!(Error, "madang: {} cannot work: {why}", slot.name);
                changed
            }
            Kind::Ended(how) => {
                slot.child = None;
                if slot.started.elapsed() > STEADY {
                    slot.pause = PAUSES.0;
                }
                crate::say!(
                    Error,
                    "madang: {} ended ({how}); replacing it in {} ms",
                    slot.name,
                    slot.pause.as_millis()
                );
                self.replace_later(number);
                true
            }
            Kind::Due => {
                slot.restarts += 1;
                if let Err(error) = self.replace(number).await {
                    crate::say!(Error, "madang: {error:#}");
                    self.replace_later(number);
                }
                true
            }
            _ => changed,
        }
    }

    fn replace_later(&mut self, number: usize) {
        let slot = &mut self.slots[number];
        let (pause, life, events) = (slot.pause, slot.life, self.events.clone());
        slot.pause = (pause * 2).min(PAUSES.1);
        tokio::spawn(async move {
            sleep(pause).await;
            let _ = events.send(Event { life, kind: Kind::Due });
        });
    }

    async fn replace(&mut self, number: usize) -> Result<()> {
        // One that has struck is not to strike again in the process that replaces its victim.
        let faults = self
            .faults
            .iter()
            .map(|(id, set)| (id.clone(), FaultSet { crash: None, ..set.clone() }))
            .collect();
        self.lives += 1;
        let shed = self.tally.elsewhere(self.lives);
        let start = ToProcess::Start { plan: Box::new(self.plan.clone()), faults, shed };
        let slot = &mut self.slots[number];
        let socket = slot.socket.as_ref();
        let mut child = Child::spawn(self.lives, &slot.name, socket, &start, &self.events).await?;
        child.tell(&ToProcess::Begin).await;
        slot.put(child);
        Ok(())
    }

    fn acknowledge(&mut self, life: u64, order: Option<u64>) {
        for waiting in &mut self.waiting {
            if order.is_none_or(|order| order == waiting.order) {
                waiting.lives.remove(&life);
            }
        }
        for waiting in self.waiting.extract_if(.., |waiting| waiting.lives.is_empty()) {
            let _ = waiting.done.send(());
        }
    }

    /// Tells every process what the others have turned away.
    pub(super) async fn tell_shed(&mut self) {
        for child in self.slots.iter_mut().filter_map(|slot| slot.child.as_mut()) {
            child.tell(&ToProcess::Shed(self.tally.elsewhere(child.life))).await;
        }
    }

    /// Gives every process an order for a component; what is returned resolves when all have
    /// obeyed.
    pub async fn order(&mut self, component: &str, order: &Order) -> oneshot::Receiver<()> {
        if let Some(set) = self.faults.get_mut(component) {
            set.obey(order);
        }
        let message = |number| ToProcess::Order {
            number,
            component: component.to_owned(),
            order: order.clone(),
        };
        self.ask(&HashSet::new(), message).await
    }

    /// Who has not yet answered something.
    pub(super) fn owing(&self) -> HashSet<u64> {
        self.waiting.iter().flat_map(|waiting| &waiting.lives).copied().collect()
    }

    /// Tells every process something, but for those in `without`; what is returned resolves when all
    /// have acknowledged its number.
    pub(super) async fn ask(
        &mut self,
        without: &HashSet<u64>,
        message: impl FnOnce(u64) -> ToProcess,
    ) -> oneshot::Receiver<()> {
        self.orders += 1;
        let message = message(self.orders);
        let mut lives = HashSet::new();
        let proposed = self.proposal.iter_mut().flat_map(|proposal| &mut proposal.children);
        let working = self.slots.iter_mut().filter_map(|slot| slot.child.as_mut());
        let leaving = self.leaving.iter_mut().map(|leaving| &mut leaving.child);
        for child in working.chain(proposed).chain(leaving) {
            if !without.contains(&child.life) && child.tell(&message).await {
                lives.insert(child.life);
            }
        }
        let (done, obeyed) = oneshot::channel();
        self.waiting.push(Waiting { order: self.orders, lives, done });
        // In case there is no one to wait for.
        self.acknowledge(0, Some(self.orders));
        obeyed
    }

    /// What the processes run.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The components' faults, by id.
    pub fn faults(&self) -> &BTreeMap<String, FaultSet> {
        &self.faults
    }

    /// How many of a component's requests were turned away.
    pub fn shed(&self, component: &str) -> u64 {
        self.tally.total(component)
    }

    /// What became of their spans, if they make any.
    pub fn spans(&self) -> Option<Sent> {
        self.plan.telemetry.as_ref().map(|_| self.collector.total())
    }

    /// The workers.
    pub fn workers(&self) -> Vec<ProcessStatus> {
        self.slots.iter().filter(|slot| slot.socket.is_some()).map(Slot::status).collect()
    }

    /// The process that listens to Redis.
    pub fn trigger(&self) -> Option<ProcessStatus> {
        self.slots.iter().find(|slot| slot.socket.is_none()).map(Slot::status)
    }

    /// Stops everything in order: workers first, since their events may still ring at the trigger
    /// process.
    pub async fn stop(mut self, mut events: mpsc::UnboundedReceiver<Event>) {
        let proposed = self.proposal.take().map_or(Vec::new(), |proposal| proposal.children);
        proposed.iter().for_each(Child::kill);
        let working = self.slots.iter_mut().filter_map(|slot| slot.child.take());
        let leaving = self.leaving.drain(..).map(|leaving| leaving.child);
        let mut children: Vec<_> = working.chain(leaving).chain(proposed).collect();
        // What is not accepted by now is refused by the kernel once the workers have emptied their
        // queues.
        self.slots.clear();
        for is_worker in [true, false] {
            let mut running = HashSet::new();
            for child in children.iter_mut().filter(|child| child.is_worker == is_worker) {
                child.tell(&ToProcess::Drain).await;
                running.insert(child.life);
            }
            let ended = async {
                while !running.is_empty() {
                    let Some(Event { life, kind }) = events.recv().await else { break };
                    if matches!(kind, Kind::Ended(_)) {
                        running.remove(&life);
                        children.retain(|child| child.life != life);
                    }
                }
            };
            if timeout(DRAIN, ended).await.is_err() {
                children.iter().for_each(Child::kill);
            }
        }
    }
}

impl Slot {
    pub(super) fn new(socket: Option<OwnedFd>, name: String) -> Self {
        Self {
            socket,
            name,
            child: None,
            life: 0,
            started: Instant::now(),
            pause: PAUSES.0,
            restarts: 0,
        }
    }

    /// Puts a process in the place of the one that was there, if there is one.
    fn put(&mut self, child: Child) -> Option<Child> {
        self.life = child.life;
        self.started = Instant::now();
        self.child.replace(child)
    }

    /// As [`Slot::put`], for a process that is no replacement of a dead one.
    pub(super) fn take_over(&mut self, child: Child) -> Option<Child> {
        self.pause = PAUSES.0;
        self.put(child)
    }

    pub(super) fn status(&self) -> ProcessStatus {
        ProcessStatus { pid: self.child.as_ref().map(|child| child.pid), restarts: self.restarts }
    }
}
