//! Components are rebuilt and swapped while a hundred clients work with them, and none of them
//! notices; neither do they when a release is broken, which is refused.

use crate::Length;
use crate::reconcile::reconcile;
use crate::release::Release;
use crate::report::Report;
use crate::requests::{Asking, register};
use crate::siege::{Crowd, Siege};
use madang_testing::bookrent::BookRent;
use madang_testing::{Backend, Host};
use serde_json::Value;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What is rebuilt, one after the other.
const REBUILT: [&str; 3] = ["bookrent-rent", "bookrent-book", "bookrent-rent"];
const READ: &[&str] = &["/bookrent/books/1", "/bookrent/views", "/bookrent/deliveries"];
/// Longer than a reload takes, compiling included, on a machine that is busy.
const LONGEST: Duration = Duration::from_secs(20);

/// Runs the drill; tells whether all was as expected.
pub fn run(length: Length) -> bool {
    let between = length.seconds(8, 2);
    let release = Release::new();
    let mut host = Host::builder()
        .backend(Backend::Madang)
        .workers(2)
        .manifest(release.manifest())
        .own_cache()
        .start();
    let mut report = Report::default();
    let (renting, reading) = (Crowd::of(50, 200), Crowd::of(50, 20));
    let books = register(&host, renting.most_in(between * 5 + LONGEST * 2));
    let sieges = [
        Siege::lay("50 renting", host.address(), renting, Asking::Rents(books)),
        Siege::lay("50 reading", host.address(), reading, Asking::Get(READ)),
    ];
    sleep(between);
    for (number, component) in REBUILT.into_iter().enumerate() {
        let before = host.running();
        release.rebuild(component, &number.to_string());
        let begin = Instant::now();
        let answer = host.reload();
        let took = begin.elapsed().as_secs_f64();
        let seen = if answer.is_success() { changed(&answer.json()) } else { answer.text() };
        report.same(format!("reload {}: changed", number + 1), component.to_owned(), seen);
        report.at_most(format!("reload {}: took", number + 1), LONGEST.as_secs_f64(), took, "s");
        let kept = host.running().workers.iter().filter(|pid| before.workers.contains(pid)).count();
        report.same(format!("reload {}: old workers that take requests", number + 1), 0, kept);
        sleep(between);
    }
    release.spoil(REBUILT[0]);
    let before = host.running();
    let answer = host.reload();
    report.row("reload of what is no component", "refused", answer.status, answer.status >= 400);
    let kept = host.running().workers == before.workers;
    report.row("    the old workers serve on", "yes", if kept { "yes" } else { "no" }, kept);
    sleep(between);
    let phases = sieges.map(Siege::lift);

    report.available(&phases);
    report.only(&phases[0], &["201 Rent"]);
    report.only(&phases[1], &["200"]);
    reconcile(&mut report, &phases, &BookRent::of(&host));
    report.print(&phases, &[&host])
}

/// The components that a reload says it has changed.
fn changed(answer: &Value) -> String {
    let names = answer["changed"].as_array().into_iter().flatten();
    names.filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}
