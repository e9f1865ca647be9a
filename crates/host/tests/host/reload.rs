use crate::app::{Action, App, Folder, alive, pid, wait_for};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

/// A client that keeps its connection.
struct Client {
    address: String,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    fn new(app: &App) -> Self {
        Self { address: app.address(), connection: None }
    }

    /// The status of a GET, and whether the answer closes the connection. Panics if there is no
    /// answer.
    fn get(&mut self, path: &str) -> (u16, bool) {
        let mut connection = self
            .connection
            .take()
            .unwrap_or_else(|| BufReader::new(TcpStream::connect(&self.address).unwrap()));
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
        connection.get_mut().write_all(request.as_bytes()).unwrap();
        let lines = connection.by_ref().lines().map(|line| line.expect("the connection was cut"));
        let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
        let status = head.first().expect("the connection ended without an answer");
        let has = |line: &str| head.iter().any(|other| other.eq_ignore_ascii_case(line));
        assert!(has("content-length: 0"), "{head:?}");
        let closes = has("connection: close");
        if !closes {
            self.connection = Some(connection);
        }
        (status[9..12].parse().unwrap(), closes)
    }
}

fn reload(folder: &Folder) -> Value {
    let (success, text) = folder.run(&["reload"]);
    assert!(success, "{text}");
    serde_json::from_str(&text).unwrap()
}

fn changed(component: &str) -> Value {
    json!({ "added": [], "changed": [component], "removed": [], "replaced": true })
}

fn status(folder: &Folder) -> Value {
    serde_json::from_str(&folder.run(&["status"]).1).unwrap()
}

#[test]
fn a_changed_component_takes_over_under_load_without_a_lost_request() {
    let folder = Folder::new(&[("hello", Action::Status(200)), ("other", Action::Answer)], "");
    let app = folder.up(&["--workers", "2"]);
    assert!(folder.run(&["down", "other"]).0);
    let before = app.running()["workers"].clone();
    let (stop, answered) = (AtomicBool::new(false), AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut client = Client::new(&app);
                while !stop.load(Ordering::Relaxed) {
                    let (status, _) = client.get("/hello");
                    assert!((200..204).contains(&status), "{status}");
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for code in 201..204 {
            let begin = answered.load(Ordering::Relaxed);
            wait_for("some load", || answered.load(Ordering::Relaxed) > begin + 200);
            folder.build("hello", &Action::Status(code));
            assert_eq!(reload(&folder), changed("hello"));
            for _ in 0..20 {
                assert_eq!(app.get("/hello"), code);
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    let after = app.running()["workers"].clone();
    assert!(before.as_array().unwrap().iter().all(|old| !after.as_array().unwrap().contains(old)));
    // What a tester has put into a component outlives it, and nothing counts as a restart.
    for _ in 0..20 {
        assert_eq!(app.get("/other"), 503);
    }
    let status = status(&folder);
    assert_eq!(status["components"]["other"]["faults"], json!({ "down": true }));
    assert!(status["workers"].as_array().unwrap().iter().all(|worker| worker["restarts"] == 0));
    for worker in before.as_array().unwrap() {
        let number = u32::try_from(worker.as_u64().unwrap()).unwrap();
        wait_for("the old workers to end", || !alive(number));
    }
}

#[test]
fn connections_end_with_an_answer_that_says_so() {
    let folder = Folder::new(&[("hello", Action::Status(200))], "");
    let app = folder.up(&["--workers", "1"]);
    let mut idle = Client::new(&app);
    assert_eq!(idle.get("/hello"), (200, false));
    assert!(folder.run(&["delay", "hello", "700"]).0);
    let address = app.address();
    let busy = thread::spawn(move || {
        let mut busy = Client { address, connection: None };
        [busy.get("/hello"), busy.get("/hello")]
    });
    folder.build("hello", &Action::Status(201));
    assert_eq!(reload(&folder), changed("hello"));
    // Nothing was under way here, and something may well have been there.
    assert_eq!(idle.get("/hello"), (200, true));
    assert_eq!(idle.get("/hello"), (201, false));
    let [first, second] = busy.join().unwrap();
    assert!(first == (200, true) || first == (201, false), "{first:?}");
    assert_eq!(second, (201, false));
}

#[test]
fn whatever_is_wrong_with_the_new_the_old_goes_on() {
    let folder = Folder::new(&[("hello", Action::Answer)], "");
    let app = folder.up(&["--workers", "2"]);
    let running = app.running();
    let refused = |expected: &str| {
        let (success, text) = folder.run(&["reload"]);
        assert!(!success && text.contains(expected), "{expected:?} is not in: {text}");
        assert_eq!(app.get("/hello"), 200);
        assert_eq!(app.running(), running);
    };
    let manifest = fs::read_to_string(folder.path().join("spin.toml")).unwrap();
    folder.write_manifest(&format!("{manifest}sources = 1\n"));
    refused("unknown field `sources`");
    folder.write_manifest(&format!("{manifest}[variables]\ntoken = {{ required = true }}\n"));
    refused("the variable `token` is required and has no value");
    folder.write_manifest(&format!("{manifest}tool.madang.redis_keys = [\"a\"]\n"));
    refused("the application uses Redis now, which it did not when it was started");
    folder.write_manifest(&manifest);
    fs::write(folder.path().join("hello.wasm"), b"\0asm\x01\0\0\0").unwrap();
    refused("[component.hello]: ");
    fs::remove_file(folder.path().join("hello.wasm")).unwrap();
    refused("build the component first");
    // One that compiles, and cannot be run all the same.
    folder.build("hello", &Action::Status(201));
    folder.write_manifest(&format!("{manifest}[component.late]\nsource = \"hello.wasm\"\n"));
    fs::create_dir(folder.path().join(".madang/logs/late_stdout.txt")).unwrap();
    refused("a process of the host cannot work: component late: cannot write component output");

    // As problem+json for who asks over HTTP.
    let (status, body) = app.order("/reload", "");
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &problem["status"]), (422, &json!(422)), "{body}");
    assert!(problem["detail"].as_str().unwrap().contains("component late"), "{body}");

    // Mended, it is taken; and again, there is nothing to do.
    folder.write_manifest(&manifest);
    assert_eq!(reload(&folder), changed("hello"));
    assert_eq!(app.get("/hello"), 201);
    let running = app.running();
    let same = json!({ "added": [], "changed": [], "removed": [], "replaced": false });
    assert_eq!(reload(&folder), same);
    assert_eq!(app.running(), running);
}

#[test]
fn components_routes_and_redis_users_come_and_go() {
    const KEYS: &str = "tool.madang = { redis_keys = [\"KEY:*\"], redis_channels = [\"KEY\"] }\n";
    let manifest = |names: &[&str]| {
        let mut text = "spin_manifest_version = 2\napplication.name = \"test\"\n".to_owned();
        for name in names {
            text += &format!("[[trigger.http]]\nroute = \"/{name}\"\ncomponent = \"{name}\"\n");
        }
        for name in names {
            text += &format!("[component.{name}]\nsource = \"{name}.wasm\"\n");
            text += &KEYS.replace("KEY", name);
        }
        text
    };
    let folder = Folder::with_manifest(&manifest(&["one", "two"]));
    for name in ["one", "two", "new"] {
        folder.build(name, &Action::Answer);
    }
    let app = folder.up(&["--workers", "1"]);
    let redis = app.running()["redis"].clone();
    let address = redis["address"].as_str().unwrap();
    let mut two = crate::redis::as_user(&folder, address, "two").unwrap();
    let set = |connection: &mut redis::Connection, key: &str| {
        redis::Commands::set::<_, _, ()>(connection, key, "x").is_ok()
    };
    assert!(set(&mut two, "two:1"));
    assert_eq!((app.get("/one"), app.get("/new")), (200, 404));

    let other = manifest(&["two", "new"]).replace("two:*", "other:*");
    folder.write_manifest(&other);
    assert_eq!(
        reload(&folder),
        json!({ "added": ["new"], "changed": ["two"], "removed": ["one"], "replaced": true })
    );
    for _ in 0..20 {
        assert_eq!((app.get("/one"), app.get("/new")), (404, 200));
    }
    let names =
        status(&folder)["components"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names, ["new", "two"]);
    let (_, text) = folder.run(&["down", "one"]);
    assert!(text.contains("no component `one`"), "{text}");
    assert_eq!(app.running()["redis"], redis, "Redis was replaced");

    // The new user is there at once, on the connection that there was; the old ones go when the
    // old processes have ended.
    let mut new = crate::redis::as_user(&folder, address, "new").unwrap();
    assert!(set(&mut new, "new:1") && !set(&mut new, "two:1"));
    assert!(set(&mut two, "other:1"));
    wait_for("what is not granted any more to be taken", || {
        !set(&mut two, "two:1") && crate::redis::as_user(&folder, address, "one").is_err()
    });
    assert!(set(&mut two, "other:1"));

    // A Redis that is started again has the new users.
    let killed = u32::try_from(redis["pid"].as_u64().unwrap()).unwrap();
    kill_process(pid(killed), Signal::KILL).unwrap();
    wait_for("the new Redis", || {
        app.running()["redis"]["pid"].as_u64().is_some_and(|now| now != u64::from(killed))
    });
    assert!(set(&mut crate::redis::as_user(&folder, address, "new").unwrap(), "new:1"));
    assert!(crate::redis::as_user(&folder, address, "one").is_err());
}

/// The status of a GET, over a connection of its own; none if that is cut.
fn try_get(address: &str, path: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.get(9..12)?.parse().ok()
}

/// The workers that the supervisor has started and not announced yet.
fn newcomers(app: &App) -> Vec<u32> {
    let supervisor = app.running()["pid"].clone();
    let list = format!("/proc/{supervisor}/task/{supervisor}/children");
    let children = fs::read_to_string(list).unwrap_or_default();
    let known = app.processes();
    let is_worker = |number: &u32| {
        fs::read(format!("/proc/{number}/cmdline"))
            .is_ok_and(|line| line.starts_with(b"madang worker"))
    };
    let children = children.split_whitespace().map(|number| number.parse().unwrap());
    children.filter(|number| !known.contains(number) && is_worker(number)).collect()
}

/// How many threads a process has. One that has loaded its components has a clock of its own.
fn threads(number: u32) -> usize {
    fs::read_dir(format!("/proc/{number}/task")).map_or(0, Iterator::count)
}

#[test]
fn a_death_during_a_reload_leaves_all_old_or_all_new() {
    let folder = Folder::new(&[("hello", Action::Status(200))], "");
    let app = folder.up(&["--workers", "3"]);
    let mut code = 200;
    let mut refused = 0;
    let address = app.address();
    wait_for("processes to be killed before they have taken over", || {
        let next = if code == 200 { 201 } else { 200 };
        folder.build("hello", &Action::Status(next));
        let done = AtomicBool::new(false);
        let (success, text, seen) = thread::scope(|scope| {
            let asking = scope.spawn(|| {
                let mut seen = HashSet::new();
                while !done.load(Ordering::Relaxed) {
                    seen.extend(try_get(&address, "/hello"));
                }
                seen
            });
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    // The first is loaded, and the last most likely not yet.
                    if let [first, _, last] = newcomers(&app)[..]
                        && threads(first) > 1
                    {
                        let _ = kill_process(pid(last), Signal::KILL);
                        return;
                    }
                }
            });
            let (success, text) = folder.run(&["reload"]);
            done.store(true, Ordering::Relaxed);
            (success, text, asking.join().unwrap())
        });
        if success {
            code = next;
        } else {
            assert!(text.contains("it ended before it was ready, signal: 9"), "{text}");
            assert_eq!(seen, HashSet::from([code]), "the new was at work");
            refused += 1;
        }
        for _ in 0..30 {
            assert_eq!(app.get("/hello"), code, "{text}");
        }
        refused >= 3
    });
    // And the next one is taken again.
    folder.build("hello", &Action::Status(204));
    assert_eq!(reload(&folder), changed("hello"));
    assert_eq!(app.get("/hello"), 204);
}

#[test]
fn what_is_watched_is_reloaded_when_it_changes() {
    let folder = Folder::new(
        &[("hello", Action::Answer), ("show", Action::Show("told.txt"))],
        "files = [\"told.*\"]\n",
    );
    fs::write(folder.path().join("told.txt"), "one").unwrap();
    let app = folder.up(&["--workers", "1", "--watch"]);
    let manifest = fs::read_to_string(folder.path().join("spin.toml")).unwrap();
    let said = |words: &str| app.errors().contains(words);

    folder.build("hello", &Action::Status(202));
    wait_for("the new component", || app.get("/hello") == 202);
    assert!(said("reloaded: changed hello"), "{}", app.errors());

    fs::write(folder.path().join("told.txt"), "two").unwrap();
    wait_for("the new file", || app.ask("/show", &[]).headers().get("echo").unwrap() == "two");

    // What is wrong is said once, and what runs goes on until it is mended.
    folder.write_manifest("nothing");
    wait_for("the refusal", || said("the application was not reloaded: the manifest"));
    assert_eq!(app.get("/hello"), 202);
    folder.write_manifest(&manifest.replace("route = \"/hello\"", "route = \"/hi\""));
    wait_for("the new route", || app.get("/hi") == 202);
    assert_eq!(app.get("/hello"), 404);
    assert!(said("reloaded: no component has changed"), "{}", app.errors());
    assert_eq!(app.errors().matches("was not reloaded").count(), 1, "{}", app.errors());
}

#[test]
fn what_is_not_watched_stays_until_it_is_asked_for() {
    let folder = Folder::new(&[("hello", Action::Answer)], "");
    let app = folder.up(&["--workers", "1"]);
    folder.build("hello", &Action::Status(202));
    assert_eq!(app.get("/hello"), 200);
    assert_eq!(reload(&folder), changed("hello"));
    assert_eq!(app.get("/hello"), 202);
}

#[test]
fn there_is_one_reload_at_a_time() {
    let folder = Folder::new(&[("hello", Action::Answer)], "");
    let app = folder.up(&["--workers", "1"]);
    wait_for("two reloads to meet", || {
        let (one, other) = thread::scope(|scope| {
            let one = scope.spawn(|| app.order("/reload", ""));
            (app.order("/reload", ""), one.join().unwrap())
        });
        let refused = [one, other].into_iter().find(|(status, _)| *status != 200);
        refused.is_some_and(|(status, body)| {
            assert!(status == 409 && body.contains("A reload is under way"), "{status}: {body}");
            true
        })
    });
    assert_eq!(app.order("/reload", "").0, 200);
}

#[test]
fn a_signal_during_a_reload_stops_all() {
    let folder = Folder::new(&[("hello", Action::Answer)], "");
    let app = folder.up(&["--workers", "2"]);
    let place = folder.path().canonicalize().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            // Until nobody answers any more.
            for code in (201..204).cycle() {
                folder.build("hello", &Action::Status(code));
                if !folder.run(&["reload"]).0 {
                    break;
                }
            }
        });
        let deadline = Instant::now() + Duration::from_secs(60);
        // They are to be caught before they have taken over: no time for a pause.
        while newcomers(&app).is_empty() {
            assert!(Instant::now() < deadline, "no reload has started a process");
        }
        assert!(app.stop().0, "it did not end well");
    });
    let mut processes = fs::read_dir("/proc").unwrap().flatten();
    let left = processes
        .find(|entry| fs::read_link(entry.path().join("cwd")).is_ok_and(|folder| folder == place));
    assert!(left.is_none(), "{left:?} is left");
}
