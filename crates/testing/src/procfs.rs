//! What `/proc` tells about running processes. Where there is no `/proc`, it tells nothing.

use std::fs;

/// A process's child processes, their children, and so on; not the process itself.
pub fn descendants(pid: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|child| Some((child, stat(child, PARENT)?)))
        .collect();
    let mut found = vec![pid];
    let mut next = 0;
    while next < found.len() {
        let parent = found[next];
        found.extend(parents.iter().filter(|(_, p)| *p == parent).map(|(child, _)| child));
        next += 1;
    }
    found.split_off(1)
}

/// Whether a process runs: it exists and is not a zombie that nobody has waited for.
pub fn is_alive(pid: u32) -> bool {
    stat::<char>(pid, STATE).is_some_and(|state| state != 'Z' && state != 'X')
}

/// The seconds of processor time that a process's threads have used so far, user and system.
pub fn cpu_seconds(pid: u32) -> Option<f64> {
    Some(seconds(stat::<u64>(pid, USER_TIME)? + stat::<u64>(pid, SYSTEM_TIME)?))
}

/// The seconds of processor time that the whole machine has used so far, idle and waiting apart.
pub fn machine_cpu_seconds() -> Option<f64> {
    let all = fs::read_to_string("/proc/stat").ok()?;
    let fields = all.lines().next()?.strip_prefix("cpu")?.split_whitespace();
    let ticks: Vec<u64> = fields.map_while(|field| field.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq, steal; what guests used is in user already.
    let [user, nice, system, _, _, irq, softirq, steal, ..] = ticks[..] else { return None };
    Some(seconds(user + nice + system + irq + softirq + steal))
}

fn seconds(ticks: u64) -> f64 {
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

/// A process's memory, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Resident, pages shared with other processes counted whole.
    pub rss: u64,
    /// Resident, each shared page divided by the number of processes that share it.
    pub pss: u64,
}

/// A process's memory now.
pub fn memory(pid: u32) -> Option<Memory> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let bytes = |name: &str| {
        let line = rollup.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
    };
    Some(Memory { rss: bytes("Rss:")?, pss: bytes("Pss:")? })
}

// Fields of `/proc/<pid>/stat` after the command's name, counted from 0: see proc(5).
const STATE: usize = 0;
const PARENT: usize = 1;
const USER_TIME: usize = 11;
const SYSTEM_TIME: usize = 12;

fn stat<T: std::str::FromStr>(pid: u32, field: usize) -> Option<T> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in parentheses and may itself hold spaces and parentheses.
    let (_, fields) = line.rsplit_once(')')?;
    fields.split_whitespace().nth(field)?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_child_is_found_while_it_lives() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        assert!(descendants(std::process::id()).contains(&child.id()));
        assert!(is_alive(child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!is_alive(child.id()));
        assert!(!descendants(std::process::id()).contains(&child.id()));
    }

    #[test]
    fn this_process_has_memory_and_time() {
        let memory = memory(std::process::id()).unwrap();
        assert!(memory.pss > 0 && memory.pss <= memory.rss, "{memory:?}");
        let own = cpu_seconds(std::process::id()).unwrap();
        assert!(machine_cpu_seconds().unwrap() > own);
        assert_eq!(cpu_seconds(u32::MAX), None);
    }
}
