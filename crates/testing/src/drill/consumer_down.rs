//! A consumer is down while events are told. Clients notice nothing; back again, it catches up by
//! itself, in the log's order.

use crate::Length;
use crate::reconcile::reconcile;
use crate::report::Report;
use crate::requests::{Asking, register};
use crate::siege::{Crowd, SLACK, Siege};
use madang_testing::bookrent::BookRent;
use madang_testing::{Backend, Host};
use std::thread::sleep;
use std::time::Duration;

const DELIVERY: &str = "bookrent-delivery";

/// Runs the drill; tells whether all was as expected.
pub fn run(length: Length) -> bool {
    let crowd = Crowd::of(16, 25);
    let (up, down, healed) = (length.seconds(5, 2), length.seconds(20, 4), length.seconds(16, 4));
    let host = Host::builder().backend(Backend::Madang).start();
    let shop = BookRent::of(&host);
    let mut report = Report::default();
    let lay = |name: &str, time: Duration| {
        let books = register(&host, crowd.most_in(time + SLACK));
        Siege::lay(name, host.address(), crowd, Asking::Rents(books))
    };

    let siege = lay("all up", up);
    sleep(up);
    let mut phases = vec![siege.lift()];

    shop.down(&[DELIVERY]);
    let siege = lay("delivery down", down);
    sleep(down);
    phases.push(siege.lift());
    shop.follow("view");
    let views = shop.all("views");
    let waiting = views.iter().filter(|view| view["deliveryStatus"].is_null()).count();
    let [before, during] = [0, 1].map(|phase: usize| phases[phase].count("201 Rent"));
    report.same("while it is down: rows with a deliveryStatus", before, views.len() - waiting);
    report.same("while it is down: rows with none", during, waiting);

    let siege = lay("healed", healed);
    sleep(healed / 4);
    host.heal(DELIVERY);
    sleep(healed * 3 / 4);
    phases.push(siege.lift());

    report.available(&phases);
    for phase in &phases {
        report.only(phase, &["201 Rent"]);
    }
    let truth = reconcile(&mut report, &phases, &shop);
    let rented = truth.told_of("BookRented", "id");
    let started = truth.told_of("DeliveryStarted", "rentId");
    let in_order = rented.iter().zip(&started).filter(|(rented, started)| rented == started);
    report.same("deliveries started in the order of the rents", rented.len(), in_order.count());
    report.print(&phases, &[&host])
}
