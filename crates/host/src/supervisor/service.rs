//! The running application: what happens to it, and what is asked of it.

use super::{
    Options, Signals,
    admin::{Question, Refused},
    child::Event,
    fleet::Fleet,
    handover::Done,
    load::Redis,
    metrics::Figures,
    processes::Process,
    reload::Reload,
    state_dir::{Running, RunningRedis, StateDir},
};
use crate::{
    app::plan::Plan,
    contexts::{Context, contexts},
};
use anyhow::Result;
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{interval, timeout},
};

/// How long the processes may take to tell what they have counted.
const MEASURE: Duration = Duration::from_secs(1);

/// Deals with what happens to the running application and what is asked of it.
pub(super) struct Supervisor {
    pub(super) options: Arc<Options>,
    pub(super) state: StateDir,
    pub(super) fleet: Fleet,
    pub(super) redis: Redis,
    pub(super) listen: SocketAddr,
    pub(super) admin: SocketAddr,
    /// Since when it runs.
    pub(super) since: SystemTime,
    /// The last reload, over or not.
    pub(super) reload: Option<JoinHandle<()>>,
}

impl Supervisor {
    /// Deals with whatever happens until a signal comes.
    pub(super) async fn serve(
        &mut self,
        mut events: mpsc::UnboundedReceiver<Event>,
        mut asked: mpsc::Receiver<Question>,
        signals: &mut Signals,
    ) -> mpsc::UnboundedReceiver<Event> {
        let mut redis_pid = self.redis.pid();
        let (proposals, mut proposed) = mpsc::channel(1);
        // Redis is watched elsewhere; its process id is looked at now and then.
        let mut look = interval(Duration::from_millis(500));
        loop {
            tokio::select! {
                () = signals.next() => return events,
                Some(event) = events.recv() => if self.fleet.handle(event).await {
                    self.announce_or_say();
                },
                Some(question) = asked.recv() => self.answer(question, &proposals).await,
                Some((plan, done)) = proposed.recv() => self.fleet.propose(plan, done).await,
                _ = look.tick() => {
                    if self.redis.pid() != redis_pid {
                        redis_pid = self.redis.pid();
                        self.announce_or_say();
                    }
                    self.settle_users();
                }
            }
        }
    }

    /// Takes from the users of Redis what no process needs any more.
    fn settle_users(&self) {
        if let Redis::Own(server) = &self.redis
            && self.fleet.is_settled()
            && !self.is_reloading()
        {
            let server = server.clone();
            tokio::spawn(async move { server.settle_users().await });
        }
    }

    fn is_reloading(&self) -> bool {
        self.reload.as_ref().is_some_and(|reload| !reload.is_finished())
    }

    fn reload(
        &mut self,
        answer: oneshot::Sender<Result<Value, Refused>>,
        proposals: &mpsc::Sender<(Plan, Done)>,
    ) {
        if self.is_reloading() {
            return drop(answer.send(Err(Refused::UnderWay)));
        }
        let reload = Reload {
            options: self.options.clone(),
            listen: self.listen,
            admin: self.admin,
            state_dir: self.state.path().to_owned(),
            redis: self.redis.clone(),
            plan: self.fleet.plan().clone(),
            proposals: proposals.clone(),
        };
        self.reload = Some(tokio::spawn(async move {
            let result = reload.run().await;
            match &result {
                Ok(changes) if changes.replaced => crate::say!("madang: reloaded: {changes}"),
                Ok(_) => {}
                Err(error) => {
                    crate::say!(Error, "madang: the application was not reloaded: {error:#}");
                }
            }
            let result = result.map(|changes| json!(changes));
            let _ = answer.send(result.map_err(|error| Refused::Faulty(format!("{error:#}"))));
        }));
    }

    async fn answer(&mut self, question: Question, proposals: &mpsc::Sender<(Plan, Done)>) {
        match question {
            Question::Reload(answer) => self.reload(answer, proposals),
            Question::Status(answer) => drop(answer.send(self.status())),
            Question::Measure(answer) => {
                let measured = self.fleet.measure().await;
                tokio::spawn(async move {
                    let _ = timeout(MEASURE, measured).await;
                    let _ = answer.send(());
                });
            }
            Question::Figures(answer) => drop(answer.send(self.figures())),
            Question::Processes(answer) => drop(answer.send(self.processes())),
            Question::Order { component, order, answer } => {
                if !self.fleet.faults().contains_key(&component) {
                    let names = self.fleet.faults().keys().cloned().collect();
                    drop(answer.send(Err(names)));
                    return;
                }
                let obeyed = self.fleet.order(&component, &order).await;
                let faults = self.fleet.faults().get(&component);
                let faults = json!({ "component": component, "faults": faults });
                tokio::spawn(async move {
                    let _ = obeyed.await;
                    let _ = answer.send(Ok(faults));
                });
            }
        }
    }

    /// The application's base URL.
    pub(super) fn http(&self) -> String {
        format!("{}://{}", self.fleet.plan().scheme(), self.listen)
    }

    fn certificate(&self) -> Option<String> {
        self.fleet.plan().tls.as_ref().map(|tls| tls.certificate().to_owned())
    }

    /// The admin port's base URL.
    pub(super) fn admin_url(&self) -> String {
        format!("http://{}", self.admin)
    }

    fn contexts(&self) -> Vec<Context> {
        contexts(self.fleet.plan())
    }

    fn figures(&self) -> Figures {
        let components = self.fleet.plan().components.keys();
        Figures {
            measures: self.fleet.measures(),
            shed: components.map(|id| (id.clone(), self.fleet.shed(id))).collect(),
            spans: self.fleet.spans(),
            processes: self.fleet.processes(),
            contexts: self.contexts(),
            http: self.http(),
            certificate: self.certificate(),
            redis: self.redis.admin_url(),
        }
    }

    fn processes(&self) -> Vec<Process> {
        let (pid, admin) = (std::process::id(), self.admin_url());
        let own =
            Process::other("supervisor", Some(pid), Some(self.since), format!("{admin} (admin)"));
        let redis = match &self.redis {
            Redis::Own(server) => {
                let serves = format!("redis://{}", server.address());
                Some(Process::other("redis", server.pid(), None, serves))
            }
            _ => None,
        };
        [own].into_iter().chain(self.fleet.processes()).chain(redis).collect()
    }

    fn status(&self) -> Value {
        let redis = self.redis.address();
        let redis = redis.map(|address| json!({ "address": address, "pid": self.redis.pid() }));
        let components: serde_json::Map<String, Value> = self
            .fleet
            .plan()
            .components
            .iter()
            .map(|(id, component)| {
                let status = json!({
                    "faults": self.fleet.faults().get(id),
                    "shed": self.fleet.shed(id),
                    "ready": component.ready,
                });
                (id.clone(), status)
            })
            .collect();
        json!({
            "pid": std::process::id(),
            "http": self.http(),
            "admin": self.admin_url(),
            "redis": redis,
            "workers": self.fleet.workers(),
            "trigger": self.fleet.trigger(),
            "components": components,
        })
    }

    /// Writes down where the application is.
    pub(super) fn announce(&self) -> Result<()> {
        self.state.announce(&Running {
            pid: std::process::id(),
            http: self.http(),
            certificate: self.certificate(),
            admin: self.admin_url(),
            redis: self.redis.address().map(|address| RunningRedis {
                address,
                admin_url: self.redis.admin_url().unwrap_or_default(),
                pid: self.redis.pid(),
            }),
            workers: self.fleet.workers().into_iter().filter_map(|worker| worker.pid).collect(),
            trigger: self.fleet.trigger().and_then(|trigger| trigger.pid),
            contexts: self.contexts(),
        })
    }

    fn announce_or_say(&self) {
        if let Err(error) = self.announce() {
            crate::say!(Error, "madang: {error:#}");
        }
    }
}
