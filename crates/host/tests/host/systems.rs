//! A system's log and its dead letters, on the repository's own BookRent.

use crate::{
    app::{Folder, wait_for},
    metrics::number,
};
use madang_testing::{Backend, Client, Host, log};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

fn host() -> Host {
    Host::builder().backend(Backend::Madang).workers(1).variable("max_attempts", "1").start()
}

/// The process of the Redis that the host has started.
fn redis_of(host: &mut Host) -> Option<u32> {
    host.running().redis.and_then(|redis| redis.pid)
}

fn command(host: &Host, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_madang"));
    command.args(arguments).arg("--state-dir").arg(host.state_dir());
    command
}

/// Runs a command to its end: whether it ended well, and what it said on both outputs.
fn run(host: &Host, arguments: &[&str]) -> (bool, String) {
    let output = command(host, arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

/// Tells an event that nobody can handle; its number.
fn poison(host: &Host, saga: &str) -> u64 {
    let event = json!({
        "id": format!("poison-{saga}"), "source": "/bookrent/elsewhere", "specversion": "1.0",
        "type": "BookRented", "subject": "poison/1", "time": "2026-01-01T00:00:00Z",
        "datacontenttype": "application/json",
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "correlationid": saga, "causationid": saga, "data": {},
    });
    log::tell(&mut host.redis(), "bookrent", "BookRented", event.to_string())
}

fn letters(host: &Host, context: &str) -> Vec<Value> {
    let (success, said) = run(host, &["dead-letters", "list", "bookrent", context, "--json"]);
    assert!(success, "{said}");
    serde_json::from_str(&said).unwrap()
}

#[test]
fn events_are_printed_filtered_and_followed() {
    let mut host = host();
    let book = json!({ "title": "Madang", "status": true });
    let _ = host.client().post("/bookrent/books", book).expect(201);
    let (success, said) = run(&host, &["events", "bookrent"]);
    assert!(success, "{said}");
    let before = said.lines().count() as u64;
    let first = poison(&host, "one\u{1b}[2J");
    let second = poison(&host, "two");
    assert_eq!((first, second), (before + 1, before + 2));

    let (_, said) = run(&host, &["events", "bookrent", "--from", &first.to_string()]);
    let lines: Vec<Vec<&str>> =
        said.lines().map(|line| line.split_whitespace().collect()).collect();
    let time = "2026-01-01T00:00:00Z";
    let number = first.to_string();
    // What others wrote does not reach the terminal as it is.
    let saga = "one\\u{1b}[2J";
    assert_eq!(
        lines[0],
        [number.as_str(), time, "/bookrent/elsewhere", "BookRented", "poison/1", saga]
    );
    assert_eq!(lines.len(), 2, "{said}");
    let (_, said) = run(&host, &["events", "bookrent", "--correlation", "two", "--json"]);
    let line: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&line["number"], &line["event"]["id"]), (&second.into(), &"poison-two".into()));

    let mut following =
        command(&host, &["events", "bookrent", "--follow", "--correlation", "four"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
    let output = BufReader::new(following.stdout.take().unwrap());
    let (sender, heard) = mpsc::channel();
    let reading = thread::spawn(move || {
        output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    // It may not listen yet: told until it has heard one.
    let hear = |host: &Host| {
        let mut line = None;
        wait_for("an event to be heard", || {
            poison(host, "three");
            poison(host, "four");
            line = heard.try_recv().ok();
            line.is_some()
        });
        line.unwrap()
    };
    let line = hear(&host);
    assert!(line.ends_with("  four"), "{line}");
    // Redis goes and comes back: it reads on where it was.
    let before = redis_of(&mut host);
    host.kill_redis();
    wait_for("the new Redis", || redis_of(&mut host).is_some_and(|pid| Some(pid) != before));
    let number = |line: &str| line.split_whitespace().next().unwrap().parse::<u64>().unwrap();
    let mut last = number(&line);
    let end = poison(&host, "four");
    while last < end {
        let line = heard.recv_timeout(Duration::from_secs(60)).expect("it reads on");
        assert!(number(&line) > last, "{line} comes after {last}");
        last = number(&line);
    }
    following.kill().unwrap();
    following.wait().unwrap();
    drop(heard);
    let _ = reading.join();

    for (system, words) in [
        ("bokrent", "no system `bokrent`, did you mean `bookrent`?; there are: bookrent, kvaccine"),
        ("x", "no system `x`; there are: "),
    ] {
        let (success, said) = run(&host, &["events", system]);
        assert!(!success && said.contains(words), "{said}");
    }
}

#[test]
fn dead_letters_are_listed_replayed_and_dropped() {
    let host = host();
    let (success, said) = run(&host, &["dead-letters", "list", "bookrent"]);
    assert!(success && said == "There are no dead letters.\n", "{said}");
    let (first, second) = (poison(&host, "one").to_string(), poison(&host, "two").to_string());
    wait_for("the dead letters", || letters(&host, "delivery").len() == 2);
    assert_eq!(letters(&host, "delivery")[0]["event"]["correlationid"], "one");
    let (success, said) = run(&host, &["dead-letters", "list", "bookrent", "delivery"]);
    let lines: Vec<_> = said.lines().collect();
    assert!(success && lines.len() == 3, "{said}");
    assert!(lines[0].starts_with("SYSTEM    CONTEXT   NUMBER  EVENT       WHEN "), "{said}");
    assert!(lines[1].starts_with(&format!("bookrent  delivery  {first:<6}  BookRented  20")));

    // As it is, it fails again and stays.
    let order = |verb: &str, which: &str| {
        run(&host, &["dead-letters", verb, "bookrent", "delivery", which])
    };
    let (success, said) = order("replay", &first);
    let words = format!("dead letter {first} of bookrent/delivery was not replayed: 500");
    assert!(!success && said.contains(&words), "{said}");
    let (success, said) = order("replay", "--all");
    assert!(!success && said.contains("2 of 2 dead letters were not replayed"), "{said}");
    assert_eq!(letters(&host, "delivery").len(), 2);

    // An operator mends it.
    let mut letter = letters(&host, "delivery").remove(0);
    letter["event"]["data"] =
        json!({ "id": 77, "bookId": 5, "userId": 6, "address": "a", "status": "Rent" });
    let _: u64 = redis::cmd("HSET")
        .arg("{bookrent}:dead:delivery")
        .arg(&first)
        .arg(letter.to_string())
        .query(&mut host.redis())
        .unwrap();
    let (success, said) = order("replay", &first);
    assert!(success, "{said}");
    assert_eq!(said, format!("dead letter {first} of bookrent/delivery: replayed\n"));
    let delivery = host.client().get("/bookrent/deliveries/1").expect(200).json();
    assert_eq!(delivery["bookId"], 5, "{delivery}");

    assert!(order("drop", &second).0);
    let (success, said) = order("drop", &second);
    assert!(!success && said.contains("was not dropped: there is no such letter"), "{said}");
    assert_eq!(letters(&host, "delivery"), Vec::<Value>::new());
    // All of an empty list is done.
    assert!(order("drop", "--all").0);

    let (success, said) = run(&host, &["dead-letters", "list", "bookrent", "deliver"]);
    let words = "bookrent has no context `deliver`, did you mean `delivery`?; there are: book, ";
    assert!(!success && said.contains(words), "{said}");
    host.down("bookrent-delivery");
    let (success, said) = run(&host, &["dead-letters", "list", "bookrent"]);
    assert!(!success && said.contains("bookrent/delivery: 503"), "{said}");
    assert!(said.contains("1 of 4 contexts did not tell their dead letters"), "{said}");
}

#[test]
fn lag_dead_letters_and_breakers_are_metrics() {
    let mut host = host();
    let admin = Client::new(host.admin());
    let scraped = || admin.get("/metrics").expect(200).text();
    let of = |name: &str, component: &str| {
        let labels = format!("component=\"{component}\",system=\"bookrent\"");
        number(&scraped(), &format!("{name}{{{labels}}}"))
    };
    poison(&host, "one");
    for component in ["bookrent-delivery", "bookrent-view"] {
        wait_for("the dead letter", || of("madang_dead_letters", component) == Some(1.0));
        wait_for("the log to be read", || of("madang_event_lag", component) == Some(0.0));
        assert_eq!(of("madang_component_up", component), Some(1.0));
    }
    let text = scraped();
    for (sample, expected) in [
        ("madang_redis_up", 1.0),
        ("madang_events_total{system=\"bookrent\"}", 1.0),
        ("madang_breaker_state{component=\"bookrent-rent\",target=\"book\",state=\"closed\"}", 1.0),
        ("madang_breaker_state{component=\"bookrent-rent\",target=\"book\",state=\"open\"}", 0.0),
    ] {
        assert_eq!(number(&text, sample), Some(expected), "{sample}\n{text}");
    }
    let asked = "madang_outbound_redis_total{component=\"bookrent-delivery\",result=\"ok\"}";
    assert!(number(&text, asked).is_some_and(|count| count > 0.0), "{text}");
    // Looking is no request.
    assert!(!text.lines().any(|line| {
        line.starts_with("madang_requests_total{component=\"bookrent-delivery\"")
            && !line.ends_with(" 0")
    }));

    // Of what a component owes that is down, Redis tells.
    host.down("bookrent-delivery");
    poison(&host, "two");
    poison(&host, "three");
    assert_eq!(of("madang_event_lag", "bookrent-delivery"), Some(2.0));
    assert_eq!(of("madang_component_up", "bookrent-delivery"), Some(0.0));
    host.heal("bookrent-delivery");
    wait_for("the log to be read", || of("madang_event_lag", "bookrent-delivery") == Some(0.0));

    let redis = redis_of(&mut host).expect("the host's own");
    let redis = crate::app::pid(redis);
    rustix::process::kill_process(redis, rustix::process::Signal::STOP).unwrap();
    let text = scraped();
    rustix::process::kill_process(redis, rustix::process::Signal::CONT).unwrap();
    assert_eq!(number(&text, "madang_redis_up"), Some(0.0), "{text}");
    assert!(!text.contains("madang_event_lag{"), "{text}");
}

#[test]
fn lines_of_requests_have_fields_for_machines() {
    let host = Host::builder()
        .backend(Backend::Madang)
        .arg("--log-format")
        .arg("json")
        .variable("request_log", "all")
        .start();
    let _ = host.client().with("x-correlation-id", "my-saga").get("/bookrent/books/7").expect(404);
    let line = || {
        let printed = host.printed();
        let mut lines = printed.lines().filter_map(|line| serde_json::from_str(line).ok());
        lines.find(|line: &Value| line["path"] == "/bookrent/books/7")
    };
    wait_for("the line of the request", || line().is_some());
    let line = line().unwrap();
    assert!(line["durationMs"].is_u64(), "{line}");
    let message = line["message"].as_str().unwrap();
    assert!(message.starts_with("GET /bookrent/books/7 404 in "), "{line}");
    for (name, expected) in [
        ("level", json!("info")),
        ("component", json!("bookrent-book")),
        ("method", json!("GET")),
        ("status", json!(404)),
        ("correlation", json!("my-saga")),
    ] {
        assert_eq!(line[name], expected, "{line}");
    }
}

#[test]
fn what_has_no_systems_says_so() {
    let folder = Folder::new(&[("hello", crate::app::Action::Answer)], "");
    for arguments in [&["events", "bookrent"][..], &["dead-letters", "list"]] {
        let (success, said) = folder.run(arguments);
        assert!(!success && said.contains("no application is running"), "{said}");
    }
    let _app = folder.up(&[]);
    let (success, said) = folder.run(&["events", "bookrent"]);
    assert!(!success && said.contains("the application has no systems"), "{said}");
}
