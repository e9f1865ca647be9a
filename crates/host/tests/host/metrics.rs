//! What the admin port tells Prometheus.

use crate::app::{Action, App, Folder, pid, wait_for};
use rustix::process::{Signal, kill_process};
use std::{io::Write, net::TcpStream};

/// The metrics of an application, as text.
pub fn scraped(app: &App) -> String {
    let (status, kind, text) = app.told("/metrics");
    assert_eq!((status, kind.as_str()), (200, "text/plain; version=0.0.4; charset=utf-8"));
    text
}

/// The number of a sample, written as in the text: `name{label="value"}`.
pub fn number(text: &str, sample: &str) -> Option<f64> {
    let found = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    found.map(|number| number.parse().unwrap())
}

/// The counts of a component's requests by class.
fn requests(app: &App, component: &str) -> [u64; 6] {
    let text = scraped(app);
    ["1xx", "2xx", "3xx", "4xx", "5xx", "gone"].map(|class| {
        let sample =
            format!("madang_requests_total{{component=\"{component}\",status=\"{class}\"}}");
        number(&text, &sample).unwrap_or_else(|| panic!("no {sample} in {text}")) as u64
    })
}

fn worker(app: &App, number: usize) -> rustix::process::Pid {
    pid(u32::try_from(app.running()["workers"][number].as_u64().unwrap()).unwrap())
}

fn folder() -> Folder {
    Folder::new(
        &[
            ("trap", Action::Trap),
            ("loop", Action::Loop),
            ("teapot", Action::Status(418)),
            ("hello", Action::Answer),
        ],
        "",
    )
}

#[test]
fn requests_are_counted_by_component_and_class() {
    let folder = folder();
    let app = folder.up(&["--workers", "2", "--request-timeout", "300ms"]);
    for path in ["/hello", "/hello", "/hello", "/teapot", "/trap", "/loop", "/nowhere"] {
        app.get(path);
    }
    assert_eq!(requests(&app, "hello"), [0, 3, 0, 0, 0, 0]);
    assert_eq!(requests(&app, "teapot"), [0, 0, 0, 1, 0, 0]);
    assert_eq!(requests(&app, "trap"), [0, 0, 0, 0, 1, 0]);
    assert_eq!(requests(&app, "loop"), [0, 0, 0, 0, 1, 0]);
    let text = scraped(&app);
    let of = |name: &str, component: &str| {
        number(&text, &format!("{name}{{component=\"{component}\"}}"))
    };
    assert_eq!(of("madang_traps_total", "trap"), Some(1.0), "{text}");
    assert_eq!(of("madang_traps_total", "loop"), Some(0.0), "{text}");
    assert_eq!(of("madang_timeouts_total", "loop"), Some(1.0), "{text}");
    assert_eq!(of("madang_instances", "hello"), Some(0.0), "{text}");
    assert_eq!(of("madang_instances_peak", "hello"), Some(1.0), "{text}");
    assert_eq!(of("madang_request_duration_seconds_count", "hello"), Some(3.0), "{text}");
    let bucket = |component: &str, bound: &str| {
        let labels = format!("component=\"{component}\",le=\"{bound}\"");
        number(&text, &format!("madang_request_duration_seconds_bucket{{{labels}}}"))
    };
    assert_eq!(bucket("loop", "+Inf"), Some(1.0), "{text}");
    assert_eq!(bucket("loop", "0.25"), Some(0.0), "stopped at 300 ms: {text}");
    let took = of("madang_request_duration_seconds_sum", "loop").unwrap();
    assert!((0.3..60.0).contains(&took), "{took}");
    for process in ["worker 1", "worker 2"] {
        let up = format!("madang_process_up{{process=\"{process}\"}}");
        assert_eq!(number(&text, &up), Some(1.0), "{text}");
    }
    // It uses none.
    assert!(!text.contains("madang_redis_up"), "{text}");
    // Each metric is described once, before its samples.
    let described: Vec<_> = text.lines().filter(|line| line.starts_with("# TYPE ")).collect();
    let mut once = described.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), described.len(), "{text}");
}

#[test]
fn a_client_that_did_not_wait_is_counted() {
    let folder = folder();
    let app = folder.up(&["--workers", "1"]);
    assert!(folder.run(&["delay", "hello", "60000"]).0);
    let mut client = TcpStream::connect(app.address()).unwrap();
    client.write_all(b"GET /hello HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    let gone = || requests(&app, "hello")[5];
    let living = || number(&scraped(&app), "madang_instances{component=\"hello\"}");
    wait_for("the instance to live", || {
        number(&scraped(&app), "madang_instances_peak{component=\"hello\"}") == Some(1.0)
    });
    assert_eq!(gone(), 0);
    drop(client);
    wait_for("the client to be missed", || gone() == 1);
    wait_for("the instance to end", || living() == Some(0.0));
}

#[test]
fn counts_never_fall_when_processes_end() {
    let folder = folder();
    let app = folder.up(&["--workers", "1"]);
    for _ in 0..5 {
        assert_eq!(app.get("/hello"), 200);
    }
    assert_eq!(requests(&app, "hello")[1], 5);
    let before = worker(&app, 0);
    kill_process(before, Signal::KILL).unwrap();
    assert_eq!(app.get("/hello"), 200);
    wait_for("the new worker to be counted", || requests(&app, "hello")[1] == 6);
    let text = scraped(&app);
    let restarts = "madang_process_restarts_total{process=\"worker 1\"}";
    assert_eq!(number(&text, restarts), Some(1.0), "{text}");
    // Nor when they are replaced, and tell what they had not told yet.
    folder.build("teapot", &Action::Status(404));
    assert_eq!(app.get("/hello"), 200);
    let (success, said) = folder.run(&["reload"]);
    assert!(success, "{said}");
    wait_for("the old worker's last counts", || requests(&app, "hello")[1] == 7);
}

#[test]
fn a_process_that_hangs_does_not_hang_the_scrape() {
    let folder = folder();
    let app = folder.up(&["--workers", "2"]);
    for _ in 0..20 {
        assert_eq!(app.get("/hello"), 200);
    }
    assert_eq!(requests(&app, "hello")[1], 20);
    let stopped = worker(&app, 0);
    kill_process(stopped, Signal::STOP).unwrap();
    // What it told last still counts.
    for _ in 0..3 {
        assert_eq!(requests(&app, "hello")[1], 20);
    }
    kill_process(stopped, Signal::CONT).unwrap();
    let (success, said) = folder.run(&["ps"]);
    assert!(success && said.contains("worker 2"), "{said}");
}
