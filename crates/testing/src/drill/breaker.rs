//! A neighbour is slow: calls that take too long fall back, and when they are many the breaker cuts
//! calls off at once, until the neighbour is quick again.

use crate::Length;
use crate::reconcile::reconcile;
use crate::report::Report;
use crate::requests::{Asking, register};
use crate::siege::{Crowd, SLACK, Siege};
use crate::watch::{self, OPEN, await_state, breaker, cut_off, recovery};
use madang_testing::bookrent::BookRent;
use madang_testing::{Backend, Host};
use std::thread::sleep;
use std::time::Instant;

const BOOK: &str = "bookrent-book";
/// The caller's limit in milliseconds: the default.
const LIMIT: f64 = 1000.0;
/// What an answer takes beside the call, on a machine that is busy.
const BESIDE: f64 = 500.0;
/// Between answers a client waits so many milliseconds; else those that are cut off at once would be
/// tens of thousands.
const PAUSE: u64 = 100;

/// Runs the drill; tells whether all was as expected.
pub fn run(length: Length) -> bool {
    let (few, many) = (Crowd::of(2, PAUSE), Crowd::of(50, PAUSE));
    let (alone, slow, healed) =
        (length.seconds(10, 4), length.seconds(30, 10), length.seconds(15, 4));
    let host = Host::builder().backend(Backend::Madang).variable("breaker_share", "25").start();
    let shop = BookRent::of(&host);
    let mut report = Report::default();
    report.note(
        "Of calls that take 800-1100 ms a third is over the limit of 1000 ms, and the breaker opens\n\
         at half of them unless told otherwise: this drill sets breaker_share=25.",
    );
    let times = [(few, alone), (many, slow + OPEN * 4), (many, healed + OPEN + watch::SLACK)];
    let [first, second, third] =
        times.map(|(crowd, time)| Asking::Rents(register(&host, crowd.most_in(time + SLACK))));

    host.delay(BOOK, 800..=1100);
    let siege = Siege::lay("2 clients", host.address(), few, first);
    sleep(alone);
    let mut phases = vec![siege.lift()];

    let siege = Siege::lay("50 clients", host.address(), many, second);
    let begin = Instant::now();
    // It may be open already: what is looked at is a whole time of being open.
    await_state(&shop, |state| state != "open", OPEN * 2);
    let opened = await_state(&shop, |state| state == "open", OPEN * 2);
    sleep((opened.unwrap_or(begin) + OPEN).saturating_duration_since(Instant::now()));
    sleep(slow.saturating_sub(begin.elapsed()));
    phases.push(siege.lift());
    let state = if opened.is_some() { "open" } else { "not open" };
    report.same("book slow: the breaker, by itself", "open", state);
    if let Some(opened) = opened {
        cut_off(&mut report, &phases[1], opened);
    }
    let counted = breaker(&shop)["cutOff"].as_f64().unwrap_or_default();
    report.at_least("calls cut off, as info counts them", 1.0, counted, "");
    for phase in &phases {
        let longest = phase.records.iter().map(|record| record.time).max().unwrap_or_default();
        let what = format!("{}: longest answer, the call's limit included", phase.name);
        report.at_most(what, LIMIT + BESIDE, longest.as_secs_f64() * 1e3, "ms");
    }

    let siege = Siege::lay("healed", host.address(), many, third);
    host.heal(BOOK);
    let quick = Instant::now();
    let closed = await_state(&shop, |state| state == "closed", OPEN + watch::SLACK);
    sleep(healed);
    phases.push(siege.lift());
    recovery(&mut report, &phases[2], quick, closed);

    report.available(&phases);
    for phase in &phases {
        report.only(phase, &["201 Rent", "201 Fail"]);
    }
    reconcile(&mut report, &phases, &shop);
    report.print(&phases, &[&host])
}
