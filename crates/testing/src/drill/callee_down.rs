//! A neighbour is down: rents fall back, and the host stays quick. Back again, rents are rents.

use crate::Length;
use crate::reconcile::reconcile;
use crate::report::Report;
use crate::requests::{Asking, register};
use crate::siege::{Crowd, SLACK, Siege};
use madang_testing::bookrent::BookRent;
use madang_testing::{Backend, Host};
use std::thread::sleep;

const BOOK: &str = "bookrent-book";

/// Runs the drill; tells whether all was as expected.
pub fn run(length: Length) -> bool {
    let crowd = Crowd::of(16, 25);
    let (up, down, healed) = (length.seconds(5, 2), length.seconds(20, 4), length.seconds(20, 8));
    let host = Host::builder().backend(Backend::Madang).start();
    let shop = BookRent::of(&host);
    let mut report = Report::default();
    // Nothing can be registered while book is down.
    let mut books = [up, down, healed]
        .map(|time| Some(Asking::Rents(register(&host, crowd.most_in(time + SLACK)))));
    let mut lay = |name: &str, phase: usize| {
        let asking = books[phase].take().expect("books for each phase");
        Siege::lay(name, host.address(), crowd, asking)
    };

    let siege = lay("all up", 0);
    sleep(up);
    let mut phases = vec![siege.lift()];
    report.only(&phases[0], &["201 Rent"]);

    shop.down(&[BOOK]);
    let siege = lay("book down", 1);
    sleep(down);
    phases.push(siege.lift());
    report.only(&phases[1], &["201 Fail"]);

    let siege = lay("healed", 2);
    host.heal(BOOK);
    sleep(healed);
    phases.push(siege.lift());
    report.only(&phases[2], &["201 Rent", "201 Fail"]);

    report.available(&phases);
    reconcile(&mut report, &phases, &shop);
    report.print(&phases, &[&host])
}
