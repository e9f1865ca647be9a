//! What becomes of all processes' spans, and what is said of it: once for all of them, and once for each
//! time that it changes.

use crate::{
    seldom::Seldom,
    telemetry::{export::Sent, settings::Settings},
};
use std::{collections::HashMap, time::Duration};

/// How far apart lines about spans that find no room are.
const APART: Duration = Duration::from_secs(60);

/// What the processes tell of their spans.
#[derive(Debug)]
pub struct Collector {
    running: HashMap<u64, Sent>,
    ended: Sent,
    is_away: bool,
    crowded: Seldom,
}

impl Default for Collector {
    fn default() -> Self {
        Self {
            running: HashMap::new(),
            ended: Sent::default(),
            is_away: false,
            crowded: Seldom::new(APART),
        }
    }
}

impl Collector {
    /// Takes note of what a process tells, and says what is new in it.
    pub fn report(&mut self, process: u64, now: &Sent, settings: Option<&Settings>) {
        let before = self.running.insert(process, now.clone()).unwrap_or_default();
        let (has_sent, has_lost) = (now.sent > before.sent, now.lost > before.lost);
        let Some(Settings { endpoint, queue, .. }) = settings else { return };
        match &now.trouble {
            Some(why) if !self.is_away => {
                self.is_away = true;
                crate::say!(
                    Warn,
                    "madang: spans cannot be sent to {endpoint} ({why}); requests are served as ever, up \
                     to {queue} spans wait in each process, and the others are lost"
                );
            }
            None if self.is_away && has_sent => {
                self.is_away = false;
                let lost = self.total().lost;
                crate::say!("madang: spans are sent to {endpoint} again; {lost} were lost so far");
            }
            None if has_lost && self.crowded.count().is_some() => {
                let lost = self.total().lost;
                crate::say!(
                    Warn,
                    "madang: more spans come than are sent to {endpoint}; {lost} were lost so far: raise \
                     OTEL_BSP_MAX_QUEUE_SIZE, or record fewer with OTEL_TRACES_SAMPLER"
                );
            }
            _ => {}
        }
    }

    /// Keeps the counts of a process that has ended.
    pub fn end(&mut self, process: u64) {
        if let Some(last) = self.running.remove(&process) {
            self.ended.sent += last.sent;
            self.ended.lost += last.lost;
        }
    }

    /// The counts of all processes, those that have ended included.
    pub fn total(&self) -> Sent {
        self.running.values().fold(self.ended.clone(), |sum, one| Sent {
            sent: sum.sent + one.sent,
            lost: sum.lost + one.lost,
            trouble: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(sent: u64, lost: u64) -> Sent {
        Sent { sent, lost, trouble: None }
    }

    #[test]
    fn no_count_falls_when_a_process_ends() {
        let mut collector = Collector::default();
        collector.report(1, &sent(3, 1), None);
        collector.report(2, &sent(4, 0), None);
        collector.report(1, &sent(5, 2), None);
        assert_eq!(collector.total(), sent(9, 2));
        collector.end(1);
        collector.end(1);
        assert_eq!(collector.total(), sent(9, 2));
    }
}
