//! A neighbour is down: rents fall back at once. Back again, rents are rents.

use crate::Length;
use crate::reconcile::reconcile;
use crate::report::Report;
use crate::requests::{Asking, register};
use crate::siege::{Crowd, SLACK, Siege};
use crate::watch::{self, OPEN, await_state, cut_off, recovery};
use madang_testing::bookrent::BookRent;
use madang_testing::{Backend, Host};
use std::thread::sleep;
use std::time::Instant;

const BOOK: &str = "bookrent-book";

/// Runs the drill; tells whether all was as expected.
pub fn run(length: Length) -> bool {
    let crowd = Crowd::of(16, 25);
    let (up, down, healed) = (length.seconds(5, 2), length.seconds(20, 6), length.seconds(10, 2));
    let host = Host::builder().backend(Backend::Madang).start();
    let shop = BookRent::of(&host);
    let mut report = Report::default();
    // Nothing can be registered while book is down.
    let [first, second, third] = [up, down, healed + OPEN + watch::SLACK]
        .map(|time| Asking::Rents(register(&host, crowd.most_in(time + SLACK))));

    let siege = Siege::lay("all up", host.address(), crowd, first);
    sleep(up);
    let mut phases = vec![siege.lift()];

    shop.down(&[BOOK]);
    let siege = Siege::lay("book down", host.address(), crowd, second);
    let opened = await_state(&shop, |state| state == "open", down);
    sleep(down);
    phases.push(siege.lift());
    let state = if opened.is_some() { "open" } else { "not open" };
    report.same("book down: the breaker, by itself", "open", state);
    if let Some(opened) = opened {
        cut_off(&mut report, &phases[1], opened);
    }

    let siege = Siege::lay("healed", host.address(), crowd, third);
    host.heal(BOOK);
    let back = Instant::now();
    let closed = await_state(&shop, |state| state == "closed", OPEN + watch::SLACK);
    sleep(healed);
    phases.push(siege.lift());
    recovery(&mut report, &phases[2], back, closed);

    report.available(&phases);
    report.only(&phases[0], &["201 Rent"]);
    report.only(&phases[1], &["201 Fail"]);
    report.only(&phases[2], &["201 Rent", "201 Fail"]);
    reconcile(&mut report, &phases, &shop);
    report.print(&phases, &[&host])
}
