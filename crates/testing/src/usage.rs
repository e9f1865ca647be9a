//! Where processor time and memory go while a phase runs.

use crate::Running;
use crate::procfs::{self, Memory};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The roles that processes have, in the order in which they are shown.
pub const ROLES: [&str; 5] = ["load generator", "workers", "trigger", "supervisor", "redis"];

/// What one phase used.
#[derive(Debug)]
pub struct Usage {
    /// What was measured.
    pub phase: &'static str,
    /// How long it took.
    pub elapsed: Duration,
    /// Seconds of processor time for each of [`ROLES`].
    pub cpu: [f64; ROLES.len()],
    /// Seconds of processor time that all other processes of the machine used.
    pub others: f64,
    /// The most memory that all processes of the host had at one time, its Redis apart.
    pub memory: Memory,
}

/// A phase that is being measured.
#[derive(Debug)]
pub struct Meter {
    phase: &'static str,
    begin: Instant,
    processes: Vec<(usize, u32)>,
    before: Vec<f64>,
    machine_before: f64,
    peak: Arc<Mutex<Memory>>,
    stop: Arc<AtomicBool>,
    sampler: JoinHandle<()>,
}

impl Meter {
    /// Begins to measure a host and this process.
    pub fn start(phase: &'static str, host: &Running) -> Self {
        let mut processes = vec![(0, std::process::id())];
        processes.extend(host.workers.iter().map(|pid| (1, *pid)));
        processes.extend(host.trigger.map(|pid| (2, pid)));
        processes.push((3, host.pid));
        processes.extend(host.redis_pid().map(|pid| (4, pid)));

        let of_host: Vec<u32> =
            processes.iter().filter(|(role, _)| (1..=3).contains(role)).map(|(_, p)| *p).collect();
        let (peak, stop) = (Arc::new(Mutex::new(Memory::default())), Arc::default());
        let sampler = thread::spawn({
            let (peak, stop) = (Arc::clone(&peak), Arc::clone(&stop));
            move || sample(&of_host, &peak, &stop)
        });
        let before = processes.iter().map(|(_, pid)| cpu(*pid)).collect();
        let (begin, machine_before) = (Instant::now(), machine());
        Self { phase, begin, processes, before, machine_before, peak, stop, sampler }
    }

    /// What was used since.
    pub fn stop(self) -> Usage {
        let mut cpu_used = [0.0; ROLES.len()];
        for ((role, pid), before) in self.processes.iter().zip(&self.before) {
            cpu_used[*role] += (cpu(*pid) - before).max(0.0);
        }
        let others = machine() - self.machine_before - cpu_used.iter().sum::<f64>();
        let (elapsed, others) = (self.begin.elapsed(), others.max(0.0));
        self.stop.store(true, Ordering::Relaxed);
        self.sampler.thread().unpark();
        let _ = self.sampler.join();
        let memory = *self.peak.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Usage { phase: self.phase, elapsed, cpu: cpu_used, others, memory }
    }
}

fn cpu(pid: u32) -> f64 {
    procfs::cpu_seconds(pid).unwrap_or_default()
}

fn machine() -> f64 {
    procfs::machine_cpu_seconds().unwrap_or_default()
}

/// Keeps the greatest sums of memory. Seldom enough that reading them costs no figure anything.
fn sample(pids: &[u32], peak: &Mutex<Memory>, stop: &AtomicBool) {
    const INTERVAL: Duration = Duration::from_millis(500);
    while !stop.load(Ordering::Relaxed) {
        let memories: Vec<Memory> = pids.iter().filter_map(|pid| procfs::memory(*pid)).collect();
        let mut peak = peak.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        peak.rss = peak.rss.max(memories.iter().map(|memory| memory.rss).sum());
        peak.pss = peak.pss.max(memories.iter().map(|memory| memory.pss).sum());
        drop(peak);
        thread::park_timeout(INTERVAL);
    }
}
