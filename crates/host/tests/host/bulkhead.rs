use crate::app::{Action, Answer, App, Folder, pid, wait_for};
use rustix::process::{Signal, kill_process};
use serde_json::Value;
use std::{
    io::Write,
    net::TcpStream,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, SystemTime},
};

/// `slow` may have `limit` requests at work; `quick` is its neighbour.
fn folder(limit: &str) -> Folder {
    let folder = Folder::with_manifest(&format!(
        r#"
spin_manifest_version = 2
[application]
name = "test"
tool.madang = {{ max_requests = "{{{{ limit }}}}", ready_interval_ms = 100000 }}
[variables]
limit = {{ default = "{limit}" }}
[[trigger.http]]
route = "/slow/..."
component = "slow"
[[trigger.http]]
route = "/quick"
component = "quick"
[component.slow]
source = "slow.wasm"
tool.madang.ready = "/slow/health/ready"
[component.quick]
source = "quick.wasm"
tool.madang.max_requests = 7
"#
    ));
    for (name, action) in [("slow", Action::Echo("madang-shed")), ("quick", Action::Answer)] {
        folder.build(name, &action);
    }
    folder
}

fn shed(folder: &Folder) -> Value {
    let (success, text) = folder.run(&["status"]);
    assert!(success, "{text}");
    serde_json::from_str::<Value>(&text).unwrap()["components"]["slow"]["shed"].clone()
}

/// The answers to so many requests for `/slow` at once, by status, and what `meanwhile` returns.
fn at_once<T>(
    app: &App,
    count: usize,
    headers: &[(&str, &str)],
    meanwhile: impl FnOnce() -> T,
) -> (Vec<Answer>, T) {
    thread::scope(|scope| {
        let ask = || app.ask("/slow/a", headers);
        let asking: Vec<_> = (0..count).map(|_| scope.spawn(ask)).collect();
        let result = meanwhile();
        let mut answers: Vec<_> = asking.into_iter().map(|asking| asking.join().unwrap()).collect();
        answers.sort_by_key(Answer::status);
        (answers, result)
    })
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status().as_u16()).collect()
}

#[test]
fn what_is_over_the_queue_is_shed_and_hurts_no_neighbour() {
    let folder = folder("2");
    let app = folder.up(&["--workers", "1"]);
    assert!(folder.run(&["delay", "slow", "800"]).0);
    let (answers, ()) = at_once(&app, 7, &[], || {
        wait_for("the component to shed", || app.errors().contains("component slow sheds"));
        for _ in 0..20 {
            assert_eq!(app.get("/quick"), 200);
        }
        // Also slow, but never turned away.
        assert_eq!(app.get("/slow/health/live"), 200);
    });
    assert_eq!(statuses(&answers), [200, 200, 200, 200, 503, 503, 503]);
    let errors = app.errors();
    assert!(
        errors.contains("component slow sheds: 2 at work, 2 waiting; 1 shed so far\n"),
        "{errors}"
    );
    assert_eq!(errors.matches("component slow sheds").count(), 1, "{errors}");
    wait_for("the count to be told", || shed(&folder) == 3);

    assert!(folder.run(&["heal", "slow"]).0);
    assert_eq!(app.get("/slow/a"), 200);
}

#[test]
fn a_shed_request_is_told_to_come_again() {
    let folder = folder("1");
    let app = folder.up(&["--workers", "1"]);
    assert!(folder.run(&["delay", "slow", "800"]).0);
    let (mut answers, ()) = at_once(&app, 3, &[], || ());
    assert_eq!(statuses(&answers), [200, 200, 503]);
    let answer = answers.last_mut().unwrap();
    assert_eq!(answer.headers()["retry-after"], "1");
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem: Value = answer.body_mut().read_json().unwrap();
    assert_eq!(problem["instance"], "/slow/a");
    assert_eq!(
        problem["detail"],
        "The service has as many requests at work and waiting as it takes."
    );
}

#[test]
fn who_waits_past_its_deadline_is_not_begun() {
    let folder = folder("1");
    let app = folder.up(&["--workers", "1"]);
    assert!(folder.run(&["delay", "slow", "1000"]).0);
    // Without a deadline, the second has its turn.
    assert_eq!(statuses(&at_once(&app, 2, &[], || ()).0), [200, 200]);
    let deadline = SystemTime::now() + Duration::from_millis(50);
    let deadline = humantime::format_rfc3339_millis(deadline).to_string();
    let deadline = [("x-request-deadline", deadline.as_str())];
    let (mut answers, ()) = at_once(&app, 2, &deadline, || ());
    assert_eq!(statuses(&answers), [200, 503]);
    let text = answers[1].body_mut().read_to_string().unwrap();
    assert!(text.contains("the request has waited in vain, and was not begun"), "{text}");
}

#[test]
fn a_request_that_waits_keeps_its_body() {
    const SIZE: usize = 256 << 20;
    let folder = folder("1");
    let app = folder.up(&["--workers", "1", "--max-request-body", "512"]);
    assert!(folder.run(&["delay", "slow", "1000"]).0);
    let address = app.address();
    let written = AtomicUsize::new(0);
    thread::scope(|scope| {
        let first = scope.spawn(|| app.get("/slow/a"));
        scope.spawn(|| {
            let mut stream = TcpStream::connect(&address).unwrap();
            let head =
                format!("POST /slow/a HTTP/1.1\r\nhost: a\r\ncontent-length: {SIZE}\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            let piece = vec![0; 64 << 10];
            while let Ok(size) = stream.write(&piece)
                && written.fetch_add(size, Ordering::Relaxed) + size < SIZE
            {}
        });
        assert_eq!(first.join().unwrap(), 200);
        // What the kernel holds for both sides is far less.
        assert!(written.load(Ordering::Relaxed) < SIZE, "the host has read the body");
    });
}

#[test]
fn counts_reach_the_info_of_all_workers_and_outlive_them() {
    let folder = folder("2");
    let app = folder.up(&["--workers", "2"]);
    assert!(folder.run(&["delay", "slow", "500"]).0);
    // One at work and one waiting in each worker.
    let statuses = statuses(&at_once(&app, 12, &[], || ()).0);
    let count = statuses.iter().filter(|status| **status == 503).count();
    assert!(count > 0, "{statuses:?}");
    assert!(folder.run(&["heal", "slow"]).0);
    wait_for("the counts to be told", || shed(&folder) == count);
    let info = |sent: &str| {
        let answer = app.ask("/slow/info", &[("madang-shed", sent)]);
        answer.headers()["echo"].to_str().unwrap().to_owned()
    };
    wait_for("all workers to know", || (0..10).all(|_| info("999") == count.to_string()));
    // Whoever else claims to know is not heard.
    let answer = app.ask("/slow/other", &[("madang-shed", "999")]);
    assert_eq!((answer.status().as_u16(), answer.headers().get("echo")), (200, None));

    for worker in app.running()["workers"].as_array().unwrap() {
        let number = u32::try_from(worker.as_u64().unwrap()).unwrap();
        kill_process(pid(number), Signal::KILL).unwrap();
    }
    wait_for("the workers to be replaced", || {
        folder.run(&["status"]).1.matches("\"restarts\": 1").count() == 2
    });
    assert_eq!(shed(&folder), count);
    assert_eq!(info("0"), count.to_string());
}
