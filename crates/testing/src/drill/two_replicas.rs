//! Two hosts on one Redis: they do what one does, and nothing twice.

use crate::Length;
use crate::reconcile::{reconcile, settled};
use crate::report::Report;
use crate::requests::{Asking, register};
use crate::siege::{Crowd, Phase, Siege};
use madang_testing::bookrent::{BookRent, Truth};
use madang_testing::{Backend, Host, Redis};
use serde_json::Value;
use std::collections::BTreeMap;

/// Those who ask at each host; without pauses, so that it has all it can do.
const CLIENTS: usize = 8;
/// The contexts that hear events: two whose cursor the hosts share, and the view, of which each host
/// has its own.
const HEARING: [&str; 3] = ["book", "delivery", "view"];

/// Runs the drill; tells whether all was as expected.
pub fn run(length: Length) -> bool {
    let rents = if length == Length::Full { 12_000 } else { 3_000 };
    let mut report = Report::default();
    let redis = Redis::start();
    let (single, mut phases) = {
        let host = on(&redis);
        let phases = besiege(std::slice::from_ref(&host), rents);
        (settled(&BookRent::of(&host)), phases)
    };

    let redis = Redis::start();
    let hosts = [on(&redis), on(&redis)];
    let shops = [BookRent::of(&hosts[0]), BookRent::of(&hosts[1])];
    let of_two = besiege(&hosts, rents);
    report.available(&of_two);
    for phase in &of_two {
        report.only(phase, &["201 Rent"]);
    }
    let double = reconcile(&mut report, &of_two, &shops[0]);
    for ((what, one), (_, two)) in figures(&single).into_iter().zip(figures(&double)) {
        report.same(format!("{what}, of two hosts as of one"), one, two);
    }

    let [first, second] = shops.each_ref().map(|shop| rows(&shop.all("views")));
    let differing = first.iter().filter(|(rent, row)| second.get(*rent) != Some(row)).count();
    report.same("rows that the hosts' views have", first.len(), second.len());
    report.same("rows in which the hosts' views differ", 0, differing);
    let last = double.log.last().map_or(0, |event| event.number);
    report.same("number of the last event (as events in the log)", double.log.len() as u64, last);
    for (shop, host) in shops.iter().zip(1..) {
        for context in HEARING {
            let cursor = shop.info(context)["cursor"].as_u64().unwrap_or_default();
            report.same(format!("host {host}: cursor of {context} (the last event)"), last, cursor);
        }
    }
    phases.extend(of_two);
    report.print(&phases, &hosts.each_ref())
}

fn on(redis: &Redis) -> Host {
    Host::builder().backend(Backend::Madang).redis_url(redis.url()).start()
}

/// Has so many rents made, an equal share by each host at the same time.
#[track_caller]
fn besiege(hosts: &[Host], rents: usize) -> Vec<Phase> {
    let books = register(&hosts[0], rents);
    let sieges: Vec<Siege> = hosts
        .iter()
        .zip(books.chunks(rents / hosts.len()))
        .enumerate()
        .map(|(number, (host, books))| {
            let name = format!("host {} of {}", number + 1, hosts.len());
            let asking = Asking::Rents(books.to_vec());
            Siege::lay(name, host.address(), Crowd::of(CLIENTS, 0), asking)
        })
        .collect();
    sieges.into_iter().map(Siege::finish).collect()
}

/// What must be the same, however many hosts there are.
fn figures(truth: &Truth) -> [(&'static str, usize); 5] {
    [
        ("rents", truth.rents.len()),
        ("events in the log", truth.log.len()),
        ("BookRented", truth.told_of("BookRented", "id").len()),
        ("DeliveryStarted", truth.told_of("DeliveryStarted", "rentId").len()),
        ("rows of the view", truth.views.len()),
    ]
}

/// A view's rows by rent, without the ids that each view gives its own rows.
fn rows(views: &[Value]) -> BTreeMap<u64, Value> {
    let row = |view: &Value| {
        let mut row = view.clone();
        if let Some(members) = row.as_object_mut() {
            members.retain(|name, _| name != "id" && name != "_links");
        }
        (view["rentId"].as_u64().unwrap_or_default(), row)
    };
    views.iter().map(row).collect()
}
