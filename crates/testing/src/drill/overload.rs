//! More is asked of one context than it can do: what is too much is turned away at once, and
//! everybody else is served as ever. Then one client asks for more than it may.

use crate::Length;
use crate::report::Report;
use crate::requests::{Asking, register};
use crate::siege::{Crowd, Phase, Siege};
use madang_testing::bookrent::BookRent;
use madang_testing::usage::Meter;
use madang_testing::{Backend, Host};
use std::net::{IpAddr, Ipv4Addr};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const BOOK: &str = "bookrent-book";
const BOOKS: &[&str] = &["/bookrent/books/1"];
const OTHERS: &[&str] = &["/bookrent/views", "/bookrent/deliveries"];
/// How many requests a component may have at work, in the whole host.
const AT_WORK: usize = 16;
/// How long book holds each answer back, in milliseconds.
const SLOW: u64 = 300;
/// By how many megabytes the host may grow when more is asked of it than it can do.
const GROWTH: f64 = 32.0;
/// Within this, the host's processes have told each other what they shed.
const TOLD: Duration = Duration::from_secs(10);
/// How many requests a client may make of a collection in a window, where there is a limit.
const RATE: usize = 20;
/// The window in seconds: the default.
const WINDOW: u64 = 60;

/// Runs the drill; tells whether all was as expected.
pub fn run(length: Length) -> bool {
    let mut report = Report::default();
    let start = |variable: &str, value: usize| {
        let host = Host::builder().backend(Backend::Madang).workers(2);
        host.variable(variable, value.to_string()).start()
    };
    let mut bounded = start("max_requests", AT_WORK);
    let mut phases = overload(&mut report, &mut bounded, length);
    let limited = start("rate_limit", RATE);
    phases.extend(rate(&mut report, &limited));
    report.print(&phases, &[&bounded, &limited])
}

fn overload(report: &mut Report, host: &mut Host, length: Length) -> Vec<Phase> {
    let (quiet, over) = (length.seconds(10, 3), length.seconds(30, 6));
    register(host, 1);
    let few = Crowd::of(16, 5);
    let running = host.running();
    let lay =
        |name: &str, crowd, paths| Siege::lay(name, host.address(), crowd, Asking::Get(paths));

    let meter = Meter::start("quiet", &running);
    let siege = lay("16 on books", few, BOOKS);
    sleep(quiet);
    let mut phases = vec![siege.lift()];
    let before = megabytes(meter);
    report.only(&phases[0], &["200"]);

    host.delay(BOOK, SLOW..=SLOW);
    let meter = Meter::start("overload", &running);
    let [crowd, others] = [
        lay("400 on books", Crowd::of(400, 50), BOOKS),
        lay("1 on others", Crowd::of(1, 50), OTHERS),
    ];
    sleep(over);
    phases.extend([crowd.lift(), others.lift()]);
    let during = megabytes(meter);
    report.only(&phases[1], &["200", "503"]);
    report.only(&phases[2], &["200"]);
    let places = AT_WORK as f64 * over.as_millis() as f64 / SLOW as f64;
    let served = phases[1].count("200") as f64;
    report.at_least("400 on books: served, of what the places allow", places / 2.0, served, "");
    let what = format!("the host's memory (it had {before:.0} MB before)");
    report.at_most(what, before + GROWTH, during, "MB");
    shed(report, host, phases[1].count("503"));

    host.heal(BOOK);
    let siege = lay("healed", few, BOOKS);
    sleep(quiet);
    phases.push(siege.lift());
    report.only(&phases[3], &["200"]);
    phases
}

/// The most memory that the host had, shared pages counted once.
fn megabytes(meter: Meter) -> f64 {
    meter.stop().memory.pss as f64 / 1e6
}

/// Compares what clients saw of the shedding with what the host tells of it.
fn shed(report: &mut Report, host: &Host, seen: usize) {
    let shop = BookRent::of(host);
    let told = || shop.info("book")["shed"].as_u64().unwrap_or_default();
    let waited = Instant::now();
    while told() < seen as u64 && waited.elapsed() < TOLD {
        sleep(Duration::from_millis(50));
    }
    report.row("400 on books: some are turned away", "some", seen, seen > 0);
    report.same("turned away, as info counts them", seen as u64, told());
}

/// One client asks for more than it may; another, at the same time, has as much for itself.
fn rate(report: &mut Report, host: &Host) -> Vec<Phase> {
    register(host, 1);
    // All of it in one window.
    const NEEDED: u64 = 10;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    if WINDOW - now % WINDOW < NEEDED {
        sleep(Duration::from_secs(NEEDED));
    }
    let sieges = [1, 2].map(|last: u8| {
        let from = IpAddr::from(Ipv4Addr::new(127, 0, 0, last));
        let crowd = Crowd { from: Some(from), ..Crowd::of(2, 20) };
        Siege::lay(format!("from {from}"), host.address(), crowd, Asking::Get(OTHERS))
    });
    sleep(Duration::from_secs(2));
    let phases = sieges.map(Siege::lift);
    for phase in &phases {
        report.only(phase, &["200", "429"]);
        let allowed = OTHERS.len() * RATE;
        report.same(format!("{}: served", phase.name), allowed, phase.count("200"));
        let refused = phase.count("429");
        report.row(format!("{}: refused", phase.name), "some", refused, refused > 0);
    }
    phases.into()
}
