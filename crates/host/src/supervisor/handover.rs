//! New processes take over from the old ones, all or none: they are started beside them and take no
//! work until every one of them is ready. From then on the new plan is the fleet's, whoever dies.
//! As soon as a new process takes work, the old one in its place retires.

use super::{
    child::{Child, DRAIN, Event, Kind},
    fleet::{Fleet, Slot},
};
use crate::{
    app::plan::Plan,
    control::{FromProcess, ToProcess},
};
use anyhow::{Result, anyhow};
use std::{collections::HashSet, time::Duration};
use tokio::{sync::oneshot, time::sleep};

/// How long a process may take to get ready, and then to take work.
const READY: Duration = Duration::from_secs(30);

/// The name of the process that listens to Redis.
const TRIGGER: &str = "trigger process";

/// Who is told when the new processes have taken over, or why they have not.
pub type Done = oneshot::Sender<Result<()>>;

/// Processes that are to take over.
pub(super) struct Proposal {
    plan: Plan,
    pub(super) children: Vec<Child>,
    ready: HashSet<u64>,
    done: Done,
}

/// New processes have the old ones' places.
pub(super) struct Handover {
    /// The old processes that may still take work.
    open: HashSet<u64>,
    done: Done,
}

/// A process whose place has another.
pub(super) struct Leaving {
    pub(super) child: Child,
    /// Retires once this one takes work.
    successor: Option<u64>,
}

impl Fleet {
    /// Starts processes for `plan` and has them take over when all are ready.
    pub async fn propose(&mut self, plan: Plan, done: Done) {
        match self.spawn_all(&plan).await {
            Ok(children) => {
                for child in &children {
                    self.later(READY, child.life, Kind::Late);
                }
                self.proposal = Some(Proposal { plan, children, ready: HashSet::new(), done });
            }
            Err(error) => drop(done.send(Err(error))),
        }
    }

    async fn spawn_all(&mut self, plan: &Plan) -> Result<Vec<Child>> {
        let places = self.slots.iter().filter(|slot| slot.socket.is_some());
        let mut places: Vec<_> =
            places.map(|slot| (slot.name.as_str(), slot.socket.as_ref())).collect();
        if plan.needs_trigger() {
            places.push((TRIGGER, None));
        }
        let mut children = Vec::new();
        for (name, socket) in places {
            self.lives += 1;
            let start = ToProcess::Start {
                plan: Box::new(plan.clone()),
                faults: self.faults.clone(),
                shed: self.tally.elsewhere(self.lives),
            };
            match Child::spawn(self.lives, name, socket, &start, &self.events).await {
                Ok(child) => children.push(child),
                Err(error) => {
                    children.iter().for_each(Child::kill);
                    return Err(error);
                }
            }
        }
        Ok(children)
    }

    /// Takes the next step of a handover, if what happened is one. Tells whether the fleet's
    /// processes are others now.
    pub(super) async fn hand_over(&mut self, life: u64, kind: &Kind) -> bool {
        match kind {
            Kind::Said(FromProcess::Ready) => return self.ready(life).await,
            Kind::Said(FromProcess::Failed(why)) => self.give_up(life, why),
            Kind::Said(FromProcess::Begun) => self.retire_predecessor(life).await,
            Kind::Said(FromProcess::Stopped) => self.close(life),
            Kind::Ended(how) => {
                self.give_up(life, &format!("it ended before it was ready, {how}"));
                self.retire_predecessor(life).await;
                self.leaving.retain(|leaving| leaving.child.life != life);
                self.close(life);
            }
            Kind::Late => {
                self.give_up(life, &format!("it was not ready within {} s", READY.as_secs()));
                self.retire_predecessor(life).await;
            }
            Kind::Overdue => {
                // Its end is the next event.
                let late = self.leaving.iter().find(|leaving| leaving.child.life == life);
                if let Some(late) = late {
                    late.child.kill();
                }
            }
            _ => {}
        }
        false
    }

    /// Drops a proposal that this process is part of.
    fn give_up(&mut self, life: u64, why: &str) {
        let ours =
            |proposal: &mut Proposal| proposal.children.iter().any(|child| child.life == life);
        if let Some(proposal) = self.proposal.take_if(ours) {
            proposal.children.iter().for_each(Child::kill);
            let _ = proposal.done.send(Err(anyhow!("a process of the host cannot work: {why}")));
        }
    }

    async fn ready(&mut self, life: u64) -> bool {
        let all = |proposal: &mut Proposal| {
            if proposal.children.iter().any(|child| child.life == life) {
                proposal.ready.insert(life);
            }
            proposal.ready.len() == proposal.children.len()
        };
        let Some(proposal) = self.proposal.take_if(all) else { return false };
        self.take_over(proposal).await;
        true
    }

    async fn take_over(&mut self, Proposal { plan, children, done, .. }: Proposal) {
        self.faults = plan
            .components
            .keys()
            .map(|id| (id.clone(), self.faults.remove(id).unwrap_or_default()))
            .collect();
        self.plan = plan;
        self.slots.resize_with(children.len().max(self.slots.len()), || {
            Slot::new(None, TRIGGER.to_owned())
        });
        let gone = self.slots.split_off(children.len());
        let mut open = HashSet::new();
        for slot in gone {
            if let Some(child) = slot.child {
                open.insert(child.life);
                self.leaving.push(Leaving { child, successor: None });
                self.retire(self.leaving.len() - 1).await;
            }
        }
        for (slot, mut new) in self.slots.iter_mut().zip(children) {
            let successor = Some(new.life);
            new.tell(&ToProcess::Begin).await;
            if let Some(child) = slot.take_over(new) {
                open.insert(child.life);
                self.leaving.push(Leaving { child, successor });
            }
        }
        self.tell_shed().await;
        self.handover = Some(Handover { open, done });
        // In case there was no one to take over from.
        self.close(0);
    }

    /// Sees the one off that this process took over from.
    async fn retire_predecessor(&mut self, life: u64) {
        let is_predecessor = |leaving: &Leaving| leaving.successor == Some(life);
        if let Some(number) = self.leaving.iter().position(is_predecessor) {
            self.retire(number).await;
        }
    }

    async fn retire(&mut self, number: usize) {
        let leaving = &mut self.leaving[number];
        leaving.successor = None;
        leaving.child.tell(&ToProcess::Retire).await;
        let life = leaving.child.life;
        self.later(DRAIN, life, Kind::Overdue);
    }

    /// Takes note that a process takes no work any more.
    fn close(&mut self, life: u64) {
        let all = |handover: &mut Handover| {
            handover.open.remove(&life);
            handover.open.is_empty()
        };
        if let Some(handover) = self.handover.take_if(all) {
            let _ = handover.done.send(Ok(()));
        }
    }

    fn later(&self, pause: Duration, life: u64, kind: Kind) {
        let events = self.events.clone();
        tokio::spawn(async move {
            sleep(pause).await;
            let _ = events.send(Event { life, kind });
        });
    }

    /// Whether no processes but the fleet's own are left.
    pub fn is_settled(&self) -> bool {
        self.proposal.is_none() && self.leaving.is_empty()
    }
}
