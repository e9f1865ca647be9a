//! What the processes count, by component: each counts for itself, and here is the sum, what
//! processes counted that have ended included.

use crate::guest::meter::Measure;
use std::collections::{BTreeMap, HashMap};

/// How many requests were turned away, by component.
pub type Counts = BTreeMap<String, u64>;

/// What can be summed up over processes.
pub trait Sum: Copy + Default {
    /// Adds what another process has counted.
    fn add(&mut self, other: &Self);

    /// Leaves what stays true when the process has ended.
    fn end(&mut self) {}
}

impl Sum for u64 {
    fn add(&mut self, other: &Self) {
        *self += other;
    }
}

impl Sum for Measure {
    fn add(&mut self, other: &Self) {
        Measure::add(self, other);
    }

    fn end(&mut self) {
        self.instances = 0;
    }
}

/// The sum of all processes' counts.
#[derive(Debug, Default)]
pub struct Tally<T = u64> {
    running: HashMap<u64, BTreeMap<String, T>>,
    ended: BTreeMap<String, T>,
}

impl<T: Sum> Tally<T> {
    /// Takes note of what a process has counted since it was started.
    pub fn report(&mut self, process: u64, counts: BTreeMap<String, T>) {
        self.running.insert(process, counts);
    }

    /// Keeps the counts of a process that has ended.
    pub fn end(&mut self, process: u64) {
        for (component, mut count) in self.running.remove(&process).unwrap_or_default() {
            count.end();
            self.ended.entry(component).or_default().add(&count);
        }
    }

    /// The count of a component.
    pub fn total(&self, component: &str) -> T {
        let running = self.running.values().filter_map(|counts| counts.get(component));
        running.chain(self.ended.get(component)).fold(T::default(), |mut sum, count| {
            sum.add(count);
            sum
        })
    }

    /// What a process has counted, by component, as far as it has told.
    pub fn of(&self, process: u64) -> impl Iterator<Item = &T> {
        self.running.get(&process).into_iter().flat_map(BTreeMap::values)
    }

    /// What others than this process have counted.
    pub fn elsewhere(&self, process: u64) -> BTreeMap<String, T> {
        let mut sum = self.ended.clone();
        let others = self.running.iter().filter(|(other, _)| **other != process);
        for (component, count) in others.flat_map(|(_, counts)| counts) {
            sum.entry(component.clone()).or_default().add(count);
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

    #[test]
    fn instances_end_with_their_process_and_traps_do_not() {
        let mut tally = Tally::default();
        let measure = Measure { traps: 2, instances: 3, peak: 4, ..Measure::default() };
        tally.report(1, [("a".to_owned(), measure)].into());
        assert_eq!(tally.of(1).map(|measure| measure.instances).sum::<u64>(), 3);
        tally.end(1);
        assert_eq!(tally.total("a"), Measure { traps: 2, peak: 4, ..Measure::default() });
        assert_eq!(tally.of(1).count(), 0);
    }
}
