//! Waiting for what happens by itself, and doing many things at once.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// What one try of [`eventually`] gives: the value, or why it is not there yet.
pub trait Attempt<T> {
    /// The value, or the reason that is shown if it never comes.
    fn outcome(self) -> Result<T, String>;
}

impl<T> Attempt<T> for Option<T> {
    fn outcome(self) -> Result<T, String> {
        self.ok_or_else(|| "nothing yet".to_owned())
    }
}

impl<T> Attempt<T> for Result<T, String> {
    fn outcome(self) -> Result<T, String> {
        self
    }
}

/// Tries until `attempt` gives a value, and returns it.
///
/// # Panics
/// With the reason of the last try, when `within` has passed.
#[track_caller]
pub fn eventually<T, A: Attempt<T>>(within: Duration, mut attempt: impl FnMut() -> A) -> T {
    let begin = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        match attempt().outcome() {
            Ok(value) => return value,
            Err(reason) if begin.elapsed() >= within => panic!("not within {within:?}: {reason}"),
            Err(_) => thread::sleep(pause),
        }
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
}

/// Runs `work(0)` to `work(n - 1)` at once, each on a thread of its own that waits for the others
/// before it begins, and returns what they gave, in the order of their numbers.
///
/// # Panics
/// When one of them panics, after all have ended.
pub fn in_parallel<T: Send>(n: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(n);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..n)
            .map(|i| {
                let (start, work) = (&start, &work);
                scope.spawn(move || {
                    start.wait();
                    work(i)
                })
            })
            .collect();
        let results: Vec<_> = threads.into_iter().map(thread::ScopedJoinHandle::join).collect();
        results.into_iter().map(|r| r.unwrap_or_else(|p| std::panic::resume_unwind(p))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eventually_returns_the_first_value() {
        let mut tries = 0;
        let value = eventually(Duration::from_secs(10), || {
            tries += 1;
            (tries == 3).then_some(tries)
        });
        assert_eq!((value, tries), (3, 3));
    }

    #[test]
    #[should_panic(expected = "not within 5ms: still 7")]
    fn eventually_tells_the_last_reason() {
        eventually(Duration::from_millis(5), || Err::<(), _>("still 7".to_owned()));
    }

    #[test]
    fn parallel_work_runs_at_once_and_keeps_its_order() {
        let all_there = Barrier::new(8);
        let numbers = in_parallel(8, |i| {
            all_there.wait();
            i
        });
        assert_eq!(numbers, (0..8).collect::<Vec<_>>());
    }
}
