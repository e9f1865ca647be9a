//! The host of a test's own does what tests rely on: it keeps its state, takes faults, and leaves
//! nothing behind.

use madang_testing::{Backend, Client, Host, Redis, SERVICE_TOKEN, eventually, procfs};
use redis::Commands as _;
use serde_json::json;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

fn start() -> Host {
    Host::builder().backend(Backend::Madang).workers(2).start()
}

/// Every process of a host, found in two ways.
fn processes(host: &mut Host) -> Vec<u32> {
    let running = host.running();
    let mut pids = procfs::descendants(running.pid);
    pids.push(running.pid);
    for told in running.workers.iter().chain(&running.trigger).chain(&running.redis_pid()) {
        assert!(pids.contains(told), "{told} is not below {pids:?}");
    }
    assert_eq!(running.workers.len(), 2);
    pids
}

fn register(client: &Client) -> String {
    let book = json!({"title": "Madang", "status": true});
    client.post("/bookrent/books", book).expect(201).location().to_owned()
}

#[test]
fn what_was_acknowledged_is_there_after_a_restart() {
    let mut host = start();
    let book = register(&host.client());
    let path = book.strip_prefix(host.url()).unwrap().to_owned();
    host.restart();
    assert_eq!(host.client().get(&path).expect(200).json()["title"], "Madang");
    host.stop();
}

#[test]
fn a_stop_and_a_kill_leave_no_process() {
    let mut host = start();
    let before = processes(&mut host);
    host.stop();
    assert!(!before.iter().any(|pid| procfs::is_alive(*pid)));

    host.restart();
    let before = processes(&mut host);
    host.kill();
    assert!(!before.iter().any(|pid| procfs::is_alive(*pid)));

    host.restart();
    let (before, dir) = (processes(&mut host), host.state_dir().to_owned());
    drop(host);
    assert!(!before.iter().any(|pid| procfs::is_alive(*pid)));
    assert!(!dir.exists());
}

#[test]
fn a_panic_leaves_no_process_either() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let test = std::thread::spawn(move || {
        let mut host = start();
        sender.send(processes(&mut host)).unwrap();
        panic!("as a test does");
    });
    assert!(test.join().is_err());
    assert!(!receiver.recv().unwrap().iter().any(|pid| procfs::is_alive(*pid)));
}

#[test]
fn faults_come_and_go() {
    let host = start();
    assert!(host.has_faults());
    let client = host.client();
    register(&client);
    host.down("bookrent-book");
    client.get("/bookrent/books/1").expect(503);
    host.heal("bookrent-book");
    client.get("/bookrent/books/1").expect(200);

    // Each process does it once: with so many requests, both workers have had theirs.
    host.crash("bookrent-book", 0, None);
    eventually(SOON, || {
        let answer = client.get("/bookrent/books/1");
        (answer.status == 500).then_some(()).ok_or_else(|| answer.to_string())
    });
    host.heal("bookrent-book");
    client.get("/bookrent/books/1").expect(200);
}

#[test]
fn a_crash_takes_the_process_with_it_where_it_is_told_to() {
    let mut host = start();
    let client = host.client();
    let before = processes(&mut host);
    host.crash_process("bookrent-book", 1, None);
    eventually(SOON, || {
        // A question for readiness may have come to the step before this one.
        let _ = client.send("GET", "/bookrent/books/1", None);
        before.iter().any(|pid| !procfs::is_alive(*pid)).then_some(())
    });
    host.heal("bookrent-book");
    eventually(SOON, || {
        client.send("GET", "/bookrent/books", None).ok().filter(|a| a.is_success())
    });
}

#[test]
#[should_panic(expected = "the host refused a fault")]
fn a_fault_of_a_component_that_is_not_there_is_an_error() {
    start().down("bookrent-nobody");
}

#[test]
fn its_redis_comes_back_after_a_kill_with_what_it_held() {
    let mut host = start();
    let before = host.running().redis_pid();
    let client = host.client();
    register(&client);
    let _: () = host.redis().set("{test}:key", "value").unwrap();
    host.stop();
    host.restart();
    assert_eq!(host.redis().get::<_, String>("{test}:key").unwrap(), "value");
    let client = host.client();
    host.kill_redis();
    eventually(SOON, || {
        let answer = client.get("/bookrent/books/1");
        (answer.status == 200).then_some(()).ok_or_else(|| answer.to_string())
    });
    assert_ne!(host.running().redis_pid(), before);
}

#[test]
fn a_redis_that_is_given_is_used_and_left_alone() {
    let redis = Redis::start();
    let mut host = Host::builder().backend(Backend::Madang).redis_url(redis.url()).start();
    assert_eq!(host.running().redis_pid(), None);
    register(&host.client());
    assert!(redis.connect().keys::<_, Vec<String>>("{bookrent}:*").unwrap().len() > 1);
    host.stop();
    assert!(procfs::is_alive(redis.pid().unwrap()));
}

#[test]
fn a_host_that_refuses_to_start_says_why() {
    let host = Host::builder().backend(Backend::Madang).manifest("/nowhere/spin.toml");
    let printed = host.try_start().map(|_| ()).unwrap_err();
    assert!(printed.contains("/nowhere/spin.toml"), "{printed}");
}

#[test]
fn settings_reach_the_host() {
    let host = Host::builder()
        .backend(Backend::Madang)
        .variable("service_token", "another")
        .env("MADANG_REDIS_FSYNC", "always")
        .arg("--quiet")
        .start();
    let internal = "/bookrent/-/book/dead-letters";
    let with = |token: &str| {
        let client = host.client().with("authorization", format!("Bearer {token}"));
        client.get(internal).status
    };
    assert_eq!((with(SERVICE_TOKEN), with("another")), (401, 200));
    let mut redis = host.redis();
    let fsync: Vec<String> =
        redis::cmd("CONFIG").arg("GET").arg("appendfsync").query(&mut redis).unwrap();
    assert_eq!(fsync[1], "always");
}
