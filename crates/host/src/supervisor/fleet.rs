//! The processes that run components: started, replaced when they die, given orders, and stopped.

use super::tally::Tally;
use crate::{
    app::plan::Plan,
    control::{self, FromProcess, Sender, ToProcess},
    guest::faults::{FaultSet, Order},
};
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    collections::{BTreeMap, HashSet},
    os::{fd::OwnedFd, unix::net::UnixStream as StdUnixStream},
    process::Stdio,
    time::Duration,
};
use tokio::{
    net::UnixStream,
    process::{Child, Command},
    sync::{mpsc, oneshot},
    time::{Instant, sleep, timeout},
};

/// Pauses before a process is replaced grow from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// A process that lived so long starts with the first pause again.
const STEADY: Duration = Duration::from_secs(10);
/// How long draining may take before a process is killed: a little longer than the processes
/// themselves allow.
const DRAIN: Duration = Duration::from_secs(11);

/// All processes.
pub struct Fleet {
    plan: Plan,
    slots: Vec<Slot>,
    faults: BTreeMap<String, FaultSet>,
    events: mpsc::UnboundedSender<Event>,
    orders: u64,
    waiting: Vec<Waiting>,
    lives: u64,
    tally: Tally,
}

/// One place for a process. Its queue of connections stays when the process is replaced.
struct Slot {
    /// `None` for the process that listens to Redis.
    socket: Option<OwnedFd>,
    name: String,
    life: u64,
    process: Option<Process>,
    started: Instant,
    pause: Duration,
    restarts: u64,
}

struct Process {
    pid: u32,
    sender: Sender<ToProcess>,
}

struct Waiting {
    order: u64,
    slots: HashSet<usize>,
    done: oneshot::Sender<()>,
}

/// What happened to the process in a slot. `life` is the process's own number.
pub struct Event {
    slot: usize,
    life: u64,
    kind: Kind,
}

enum Kind {
    Said(FromProcess),
    Ended(String),
    Due,
}

/// One process, for the status.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ProcessStatus {
    /// Its id; absent while it is being replaced.
    pub pid: Option<u32>,
    /// How often it was replaced.
    pub restarts: u64,
}

impl Fleet {
    /// Starts a worker per socket, and a process for Redis if there are triggers, and waits until
    /// all are ready.
    pub async fn start(
        plan: Plan,
        sockets: Vec<OwnedFd>,
    ) -> Result<(Self, mpsc::UnboundedReceiver<Event>)> {
        let (events, mut received) = mpsc::unbounded_channel();
        let slot = |socket: Option<OwnedFd>, name: String| Slot {
            socket,
            name,
            life: 0,
            process: None,
            started: Instant::now(),
            pause: PAUSES.0,
            restarts: 0,
        };
        let mut slots: Vec<_> = sockets
            .into_iter()
            .enumerate()
            .map(|(number, socket)| slot(Some(socket), format!("worker {}", number + 1)))
            .collect();
        // Readiness is asked by this process, too.
        if !plan.subscriptions.is_empty()
            || plan.components.values().any(|component| component.ready.is_some())
        {
            slots.push(slot(None, "trigger process".to_owned()));
        }
        let faults = plan.components.keys().map(|id| (id.clone(), FaultSet::default())).collect();
        let mut fleet = Self {
            plan,
            slots,
            faults,
            events,
            orders: 0,
            waiting: Vec::new(),
            lives: 0,
            tally: Tally::default(),
        };
        for number in 0..fleet.slots.len() {
            fleet.spawn(number).await?;
        }
        let mut starting = fleet.slots.len();
        while starting > 0 {
            match received.recv().await.map(|event| event.kind) {
                Some(Kind::Said(FromProcess::Ready)) => starting -= 1,
                Some(Kind::Ended(how)) => {
                    bail!("a process of the host ended before it was ready ({how})")
                }
                Some(_) => {}
                None => bail!("the host's processes are gone"),
            }
        }
        Ok((fleet, received))
    }

    async fn spawn(&mut self, number: usize) -> Result<()> {
        self.lives += 1;
        let life = self.lives;
        let slot = &mut self.slots[number];
        let (own, theirs) = StdUnixStream::pair().context("cannot make a socket")?;
        own.set_nonblocking(true)?;
        let (mut receiver, mut sender) =
            control::line::<FromProcess, ToProcess>(UnixStream::from_std(own)?);
        let mut command = Command::new(super::own_program()?);
        command.arg0(format!("madang {}", slot.name));
        match &slot.socket {
            Some(socket) => command.arg("worker").stdin(Stdio::from(socket.try_clone()?)),
            None => command.arg("trigger").stdin(Stdio::null()),
        };
        // A group of its own: Ctrl-C in the terminal must reach the supervisor only.
        command.stdout(Stdio::from(OwnedFd::from(theirs))).process_group(0).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("cannot start a {}", slot.name))?;
        drop(command);
        let faults = self
            .faults
            .iter()
            .map(|(id, set)| (id.clone(), FaultSet { crash: None, ..set.clone() }))
            .collect();
        let start = ToProcess::Start {
            plan: Box::new(self.plan.clone()),
            faults,
            shed: self.tally.elsewhere(life),
        };
        // Should it be dead already, its end is an event like any other.
        let _ = sender.send(&start).await;
        slot.life = life;
        slot.started = Instant::now();
        slot.process = Some(Process { pid: child.id().unwrap_or_default(), sender });
        let events = self.events.clone();
        tokio::spawn(async move {
            let send = |kind| events.send(Event { slot: number, life, kind });
            while let Some(message) = receiver.next().await {
                let _ = send(Kind::Said(message));
            }
            let _ = send(Kind::Ended(end(&mut child).await));
        });
        Ok(())
    }

    /// Deals with what happened. Tells whether process ids changed.
    pub async fn handle(&mut self, event: Event) -> bool {
        let Event { slot: number, life, kind } = event;
        if self.slots[number].life != life {
            return false;
        }
        match kind {
            Kind::Said(FromProcess::Done { number: order }) => {
                self.acknowledge(number, Some(order));
                false
            }
            Kind::Said(FromProcess::Shed(counts)) => {
                self.tally.report(life, counts);
                self.tell_shed().await;
                false
            }
            Kind::Said(_) => false,
            Kind::Ended(how) => {
                self.acknowledge(number, None);
                self.tally.end(life);
                let slot = &mut self.slots[number];
                slot.process = None;
                if slot.started.elapsed() > STEADY {
                    slot.pause = PAUSES.0;
                }
                crate::say!(
                    "madang: {} ended ({how}); replacing it in {} ms",
                    slot.name,
                    slot.pause.as_millis()
                );
                self.replace_later(number);
                true
            }
            Kind::Due => {
                self.slots[number].restarts += 1;
                if let Err(error) = self.spawn(number).await {
                    crate::say!("madang: {error:#}");
                    self.replace_later(number);
                }
                true
            }
        }
    }

    /// Tells every process what the others have turned away.
    async fn tell_shed(&mut self) {
        for slot in &mut self.slots {
            if let Some(process) = &mut slot.process {
                // Should it be dead, its end is an event of its own.
                let counts = self.tally.elsewhere(slot.life);
                let _ = process.sender.send(&ToProcess::Shed(counts)).await;
            }
        }
    }

    fn replace_later(&mut self, number: usize) {
        let slot = &mut self.slots[number];
        let (pause, life, events) = (slot.pause, slot.life, self.events.clone());
        slot.pause = (pause * 2).min(PAUSES.1);
        tokio::spawn(async move {
            sleep(pause).await;
            let _ = events.send(Event { slot: number, life, kind: Kind::Due });
        });
    }

    fn acknowledge(&mut self, slot: usize, order: Option<u64>) {
        for waiting in &mut self.waiting {
            if order.is_none_or(|order| order == waiting.order) {
                waiting.slots.remove(&slot);
            }
        }
        for waiting in self.waiting.extract_if(.., |waiting| waiting.slots.is_empty()) {
            let _ = waiting.done.send(());
        }
    }

    /// The components' ids.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.faults.keys().map(String::as_str)
    }

    /// The components' faults.
    pub fn faults(&self) -> &BTreeMap<String, FaultSet> {
        &self.faults
    }

    /// How many of a component's requests were turned away.
    pub fn shed(&self, component: &str) -> u64 {
        self.tally.total(component)
    }

    /// Gives every process an order for a component; what is returned resolves when all have
    /// obeyed.
    pub async fn order(&mut self, component: &str, order: &Order) -> oneshot::Receiver<()> {
        if let Some(set) = self.faults.get_mut(component) {
            set.obey(order);
        }
        self.orders += 1;
        let message = ToProcess::Order {
            number: self.orders,
            component: component.to_owned(),
            order: order.clone(),
        };
        let mut slots = HashSet::new();
        for (number, slot) in self.slots.iter_mut().enumerate() {
            if let Some(process) = &mut slot.process
                && process.sender.send(&message).await.is_ok()
            {
                slots.insert(number);
            }
        }
        let (done, obeyed) = oneshot::channel();
        self.waiting.push(Waiting { order: self.orders, slots, done });
        // In case there is no one to wait for.
        self.acknowledge(usize::MAX, Some(self.orders));
        obeyed
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
        // What is not accepted by now is refused by the kernel once the workers have emptied their
        // queues.
        let (workers, triggers): (Vec<_>, Vec<_>) =
            (0..self.slots.len()).partition(|number| self.slots[*number].socket.is_some());
        for group in [workers, triggers] {
            let mut running = HashSet::new();
            for number in group {
                let slot = &mut self.slots[number];
                slot.socket = None;
                if let Some(process) = &mut slot.process {
                    let _ = process.sender.send(&ToProcess::Drain).await;
                    running.insert(number);
                }
            }
            let ended = async {
                while !running.is_empty() {
                    match events.recv().await {
                        Some(Event { slot, kind: Kind::Ended(_), .. }) => {
                            running.remove(&slot);
                            self.slots[slot].process = None;
                        }
                        Some(_) => {}
                        None => break,
                    }
                }
            };
            if timeout(DRAIN, ended).await.is_err() {
                self.kill();
            }
        }
    }

    /// Ends every process at once.
    pub fn kill(&self) {
        for process in self.slots.iter().filter_map(|slot| slot.process.as_ref()) {
            if let Some(pid) = i32::try_from(process.pid).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
}

impl Slot {
    fn status(&self) -> ProcessStatus {
        ProcessStatus {
            pid: self.process.as_ref().map(|process| process.pid),
            restarts: self.restarts,
        }
    }
}

/// Waits until a process that hung up has ended, and tells how.
async fn end(child: &mut Child) -> String {
    match timeout(DRAIN, child.wait()).await {
        Ok(Ok(status)) => status.to_string(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => {
            let _ = child.kill().await;
            "killed, it hung".to_owned()
        }
    }
}
