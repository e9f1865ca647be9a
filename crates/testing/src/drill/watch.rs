//! Watching rent's circuit breaker for book, as anybody can: by rent's `info`.

use crate::report::Report;
use crate::siege::{Phase, Record};
use madang_testing::bookrent::BookRent;
use madang_testing::load::percentile;
use serde_json::Value;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long the breaker stays open, unless `breaker_open_ms` says otherwise.
pub const OPEN: Duration = Duration::from_secs(5);
/// Half-open after that, it takes this long at most to find out that the neighbour is back, and to be
/// seen to have done so, on a machine that is busy.
pub const SLACK: Duration = Duration::from_secs(3);
/// What a call that is cut off may take where a limit of 5 ms is the aim: the machine is shared with
/// the load, and perhaps with others.
const CUT_OFF_LIMIT: f64 = 100.0;

/// The breaker now.
#[track_caller]
pub fn breaker(shop: &BookRent) -> Value {
    let info = shop.info("rent");
    let breakers = info["breakers"].as_array().unwrap_or_else(|| panic!("no breakers in {info}"));
    let of_book = breakers.iter().find(|breaker| breaker["target"] == "book");
    of_book.unwrap_or_else(|| panic!("no breaker of book in {info}")).clone()
}

/// Waits until the breaker's state is as wanted. Gives when that was seen; none if it was not within
/// that time.
#[track_caller]
pub fn await_state(
    shop: &BookRent,
    is_wanted: impl Fn(&str) -> bool,
    within: Duration,
) -> Option<Instant> {
    const PAUSE: Duration = Duration::from_millis(5);
    let begin = Instant::now();
    while begin.elapsed() < within {
        if breaker(shop)["state"].as_str().is_some_and(&is_wanted) {
            return Some(Instant::now());
        }
        sleep(PAUSE);
    }
    None
}

/// Adds what was answered while the breaker was open: fallbacks, at once. `opened` is when it was
/// seen to be.
pub fn cut_off(report: &mut Report, phase: &Phase, opened: Instant) {
    // Seen a little after it was, and read by requests a little after they began.
    let end = opened + OPEN - Duration::from_millis(500);
    let is_cut_off = |record: &&Record| record.begin >= opened && record.begin < end;
    let answers: Vec<&Record> = phase.records.iter().filter(is_cut_off).collect();
    let mut times: Vec<Duration> = answers.iter().map(|record| record.time).collect();
    times.sort_unstable();
    let others = answers.iter().filter(|record| record.kind != "201 Fail").count();
    report.row("while open: requests answered", "some", answers.len(), !answers.is_empty());
    report.same("while open: answers other than 201 Fail", 0, others);
    let [median, p99] = [0.5, 0.99].map(|share| percentile(&times, share));
    report.at_most("while open: median time of an answer (aim: 5 ms)", CUT_OFF_LIMIT, median, "ms");
    report.at_most("while open: 99% of answers within (aim: 5 ms)", CUT_OFF_LIMIT, p99, "ms");
}

/// Adds how the breaker closed after book was healed, and what was answered from then on.
pub fn recovery(report: &mut Report, phase: &Phase, healed: Instant, closed: Option<Instant>) {
    let state = if closed.is_some() { "closed" } else { "not closed" };
    report.same("healed: the breaker, by itself", "closed", state);
    let closed = closed.unwrap_or(healed);
    let longest = (OPEN + SLACK).as_secs_f64();
    let seen = closed.duration_since(healed).as_secs_f64();
    report.at_most("healed: until it is closed", longest, seen, "s");
    let after: Vec<&Record> = phase.records.iter().filter(|r| r.begin >= closed).collect();
    let others = after.iter().filter(|record| record.kind != "201 Rent").count();
    report.row("closed again: requests answered", "some", after.len(), !after.is_empty());
    report.same("closed again: answers other than 201 Rent", 0, others);
}
