//! How many requests were turned away, by component: each process counts its own, and here is the
//! sum, those of processes that have ended included.

use std::collections::{BTreeMap, HashMap};

/// How many requests were turned away, by component.
pub type Counts = BTreeMap<String, u64>;

/// The sum of all processes' counts.
#[derive(Debug, Default)]
pub struct Tally {
    running: HashMap<u64, Counts>,
    ended: Counts,
}

impl Tally {
    /// Takes note of what a process has counted since it was started.
    pub fn report(&mut self, process: u64, counts: Counts) {
        self.running.insert(process, counts);
    }

    /// Keeps the counts of a process that has ended.
    pub fn end(&mut self, process: u64) {
        for (component, count) in self.running.remove(&process).unwrap_or_default() {
            *self.ended.entry(component).or_default() += count;
        }
    }

    /// The count of a component.
    pub fn total(&self, component: &str) -> u64 {
        let running = self.running.values().filter_map(|counts| counts.get(component));
        running.chain(self.ended.get(component)).sum()
    }

    /// What others than this process have counted.
    pub fn elsewhere(&self, process: u64) -> Counts {
        let mut sum = self.ended.clone();
        let others = self.running.iter().filter(|(other, _)| **other != process);
        for (component, count) in others.flat_map(|(_, counts)| counts) {
            *sum.entry(component.clone()).or_default() += count;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(count: u64) -> Counts {
        [("a".to_owned(), count)].into()
    }

    #[test]
    fn counts_outlive_their_process() {
        let mut tally = Tally::default();
        tally.report(1, counts(3));
        tally.report(2, counts(10));
        tally.report(1, counts(5));
        assert_eq!((tally.total("a"), tally.total("b")), (15, 0));
        assert_eq!((tally.elsewhere(1), tally.elsewhere(2)), (counts(10), counts(5)));
        tally.end(1);
        tally.end(1);
        tally.report(3, counts(1));
        assert_eq!(tally.total("a"), 16);
        assert_eq!(tally.elsewhere(3), counts(15));
    }
}
