//! Lecture's alert in Python beside the one in Rust: the same on the wire and in Redis, and each goes on
//! where the other has stopped. `cargo xtask example alert-python` builds it and runs these.

use madang_testing::log::without;
use madang_testing::system::System;
use madang_testing::{
    Client, Host, HostBuilder, Redis, SERVICE_TOKEN, Trigger, eventually, manifest_from_env,
    spin_manifest,
};
use madang_tests::{Gateway, SETTLING, kills};
use redis::Connection;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

const COMPONENT: &str = "lecture-alert";
/// More calls to the outside than it makes for one event.
const MOST_CALLS: u32 = 30;

/// A host of the alert context alone.
fn alone(manifest: PathBuf) -> HostBuilder {
    Host::builder().manifest(manifest).arg("--component-id").arg(COMPONENT)
}

fn in_rust() -> HostBuilder {
    alone(spin_manifest())
}

fn in_python() -> HostBuilder {
    let manifest = manifest_from_env();
    alone(manifest.expect("`cargo xtask example alert-python` names the manifest and runs this"))
}

/// It tries each event once only.
fn once(builder: HostBuilder) -> HostBuilder {
    builder.variable("max_attempts", "1")
}

fn alert(host: &Host) -> System<'_> {
    System::of("lecture", host)
}

/// An event of a payment; without a student it cannot be handled.
fn approved(id: u64, student: Option<&str>) -> Value {
    let data = json!({"id": id, "classId": id, "courseId": 1, "fee": 100, "student": student,
        "textBook": "교재", "status": "CONFIRM", "eventType": "PaymentApproved"});
    json!({
        "id": format!("payments/{id}@1"), "source": "/lecture/pay", "specversion": "1.0",
        "type": "PaymentApproved", "subject": format!("payments/{id}"),
        "time": "2026-01-01T00:00:00.000Z", "datacontenttype": "application/json",
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "correlationid": "saga", "causationid": "saga", "data": data,
    })
}

/// Writes an event into the log, and rings.
fn tell(redis: &mut Connection, kind: &str, event: impl AsRef<[u8]>) {
    let script = "local number = redis.call('INCR', KEYS[2])
        redis.call('XADD', KEYS[1], number .. '-0', 't', ARGV[1], 'e', ARGV[2])
        redis.call('PUBLISH', 'lecture', ARGV[2])";
    let words = ["{lecture}:log", "{lecture}:log:head", kind];
    let mut command = redis::cmd("EVAL");
    command.arg(script).arg(2).arg(&words).arg(event.as_ref()).exec(redis).unwrap();
}

/// What is no event, or one that not every reader of JSON refuses.
fn poison() -> Vec<Vec<u8>> {
    let event = |student: &str| {
        let event = approved(9, Some("가")).to_string().replace("PaymentApproved", "GiftGiven");
        let event = event.replace("\"fee\":100", "\"count\":1").replace("\"가\"", student);
        event.into_bytes()
    };
    let mut poison = vec![b"{bad".to_vec(), b"[]".to_vec(), vec![0xff], vec![b'['; 100_000]];
    for student in ["NaN", "1e999", "7", "\"\\ud800\"", "null", "[[]]"] {
        poison.push(event(student));
    }
    poison.extend(
        [127, 128].map(|depth| event(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)))),
    );
    poison
}

fn tell_approved(redis: &mut Connection, id: u64, student: Option<&str>) {
    tell(redis, "PaymentApproved", &approved(id, student).to_string());
}

/// Waits until the alert context has done all that it owes, messages included.
fn settle(system: &System) {
    system.follow("alert");
    eventually(SETTLING, || {
        let info = system.info("alert");
        if info["messages"]["waiting"] == 0 { Ok(()) } else { Err(info.to_string()) }
    });
}

/// Text in which all times are one, and where the host is, too.
fn timeless(text: &str, host: &Host) -> String {
    let text = text.replace(&host.address().to_string(), "host");
    let is_time = |at: usize| {
        let form = "0000-00-00T00:00:00.000Z";
        text.get(at..at + form.len()).is_some_and(|found| {
            found.bytes().zip(form.bytes()).all(
                |(a, b)| {
                    if b == b'0' { a.is_ascii_digit() } else { a == b }
                },
            )
        })
    };
    let mut told = String::new();
    let mut rest = text.char_indices();
    while let Some((at, c)) = rest.next() {
        if is_time(at) {
            rest.nth("0000-00-00T00:00:00.000Z".len() - 2);
            told.push_str("now");
        } else {
            told.push(c);
        }
    }
    told
}

/// All that is on the wire of an answer, without what differs from one request to the next.
fn seen(host: &Host, client: &Client, method: &str, path: &str) -> (u16, Vec<String>, Value) {
    let answer = client.send(method, path, None).unwrap();
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "content-length"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    let text = timeless(&String::from_utf8(answer.body).unwrap(), host);
    let mut body: Value = serde_json::from_str(&text).unwrap_or(json!(text));
    // Each language words in its own way what it cannot read.
    let letters = body.get_mut("deadLetters").and_then(Value::as_array_mut);
    for letter in letters.into_iter().flatten() {
        assert!(letter["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{letter}");
        *letter = without(letter, &["reason"]);
    }
    (answer.status, headers, body)
}

/// What the context keeps in Redis, without what is of the moment.
fn kept(host: &Host) -> BTreeMap<String, Vec<String>> {
    let redis = &mut host.redis();
    let keys: Vec<String> =
        redis::cmd("KEYS").arg("{lecture}:alert:*").query(redis).expect("the keys");
    let of_the_moment = ["{lecture}:alert:lease", "{lecture}:alert:tries"];
    let mut all = BTreeMap::new();
    for key in keys.into_iter().filter(|key| !of_the_moment.contains(&key.as_str())) {
        let kind: String = redis::cmd("TYPE").arg(&key).query(redis).unwrap();
        let words: &[&str] = match kind.as_str() {
            "string" => &["GET"],
            "hash" => &["HGETALL"],
            "zset" => &["ZRANGE", "0", "-1", "WITHSCORES"],
            other => panic!("{key} is a {other}"),
        };
        let mut command = redis::cmd(words[0]);
        command.arg(&key).arg(&words[1..]);
        let values: Vec<String> = match kind.as_str() {
            "string" => vec![command.query(redis).unwrap()],
            _ => command.query(redis).unwrap(),
        };
        all.insert(key, values.iter().map(|value| timeless(value, host)).collect());
    }
    all
}

#[test]
#[ignore = "needs Python: `cargo xtask example alert-python` runs it"]
fn it_is_the_same_on_the_wire_and_in_redis() {
    let hosts = [in_rust(), in_python()].map(|builder| once(builder).start());
    for host in &hosts {
        let redis = &mut host.redis();
        for (id, student) in [(1, Some("나")), (2, Some("가")), (3, None), (4, Some("a\u{1}\"b"))]
        {
            tell_approved(redis, id, student);
        }
        tell(redis, "CourseRegistered", "{}");
        for (id, text) in (10..).zip(poison()) {
            tell(redis, "GiftGiven", &text);
            tell_approved(redis, id, Some("뒤"));
        }
    }
    for host in &hosts {
        settle(&alert(host));
    }
    let paths = [
        "/lecture/alerts",
        "/lecture/alerts?sort=student&size=2",
        "/lecture/alerts?sort=message,desc&page=1&size=1&more=a%20b~*%EA%B0%80",
        "/lecture/alerts?page=7",
        "/lecture/alerts?page=x",
        "/lecture/alerts?size=0",
        "/lecture/alerts?sort=colour",
        "/lecture/alerts?sort=time,sideways",
        "/lecture/alerts/2",
        "/lecture/alerts/99",
        "/lecture/alerts/0",
        "/lecture/alerts/two",
        "/lecture/alerts/search",
        "/lecture/alerts/search/findByStudent",
        "/lecture/-/alert/health/live",
        "/lecture/-/alert/health/ready",
        "/lecture/-/alert/info",
        "/lecture/-/alert/profile/alerts",
        "/lecture/-/alert/profile/others",
        "/lecture/-/alert/dead-letters",
        "/lecture/-/alert/dead-letters/3",
        "/lecture/-/alert/dead-letters/99/replay",
        "/lecture/-/alert/dead-messages",
        "/lecture/-/alert/dead-messages/none",
        "/lecture/-/alert/nothing",
    ];
    let methods = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];
    let token = format!("Bearer {SERVICE_TOKEN}");
    let headers: [&[(&str, &str)]; 7] = [
        &[],
        &[("authorization", &token)],
        &[("origin", "http://a"), ("access-control-request-method", "GET")],
        &[("if-none-match", "W/\"1\", \"2\""), ("x-forwarded-proto", "https")],
        &[("x-forwarded-host", "shop.example"), ("x-forwarded-port", "8080")],
        &[("x-request-deadline", "2026-01-01T00:00:00Z")],
        &[("x-request-deadline", "2126-01-01T00:00:00.5Z")],
    ];
    let (mut compared, mut differences) = (0, Vec::new());
    for sent in headers {
        for path in paths {
            for method in methods {
                // What an operator does is compared below: it changes what is there.
                let changes = ["POST", "DELETE"].contains(&method) && path.contains("/dead-");
                if changes && sent.iter().any(|(name, _)| *name == "authorization") {
                    continue;
                }
                let [rust, python] = hosts.each_ref().map(|host| {
                    let client = host.client().with("x-correlation-id", "saga");
                    let with =
                        |client: Client, (name, value): &(&str, &str)| client.with(name, *value);
                    let client = sent.iter().fold(client, with);
                    seen(host, &client, method, path)
                });
                if python != rust {
                    differences.push(format!("{method} {path} {sent:?}: {python:?}, not {rust:?}"));
                }
                compared += 1;
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(compared > 1000, "{compared}");
    for path in ["3", "3/replay", "6"] {
        let path = format!("/lecture/-/alert/dead-letters/{path}");
        let method = if path.ends_with("replay") { "POST" } else { "DELETE" };
        let [rust, python] = hosts.each_ref().map(|host| {
            let client = alert(host).internal().with("x-correlation-id", "saga");
            seen(host, &client, method, &path)
        });
        assert_eq!(python, rust, "{method} {path}");
    }
    let [rust, python] = hosts.each_ref().map(kept);
    assert_eq!(python, rust);
    assert!(rust.len() > 8, "{rust:?}");
}

#[test]
#[ignore = "needs Python: `cargo xtask example alert-python` runs it"]
fn each_goes_on_where_the_other_has_stopped() {
    let redis = Redis::start();
    let connection = &mut redis.connect();
    let students = ["가", "나", "다", "라", "마", "바"];
    for (turn, builder) in [in_rust, in_python, in_rust].into_iter().enumerate() {
        // One while nobody listens, one that is heard, and one that cannot be handled.
        tell_approved(connection, 3 * turn as u64 + 1, Some(students[2 * turn]));
        let mut host = once(builder()).redis_url(redis.url()).start();
        tell_approved(connection, 3 * turn as u64 + 2, Some(students[2 * turn + 1]));
        tell_approved(connection, 3 * turn as u64 + 3, None);
        let system = alert(&host);
        settle(&system);
        let told: Vec<_> = system.all("alerts").iter().map(|row| row["student"].clone()).collect();
        assert_eq!(told, students[..2 * turn + 2]);
        let letters = system.internal().get("/lecture/-/alert/dead-letters").expect(200).json();
        let numbers: Vec<_> = letters["deadLetters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|l| l["number"].clone())
            .collect();
        let expected: Vec<_> = (0..=turn).map(|turn| json!(3 * turn + 3)).collect();
        assert_eq!(numbers, expected);
        host.stop();
    }
    // What the one could not handle the other replays, once it is mended.
    let host = in_python().redis_url(redis.url()).start();
    let mended = json!({"number": 3, "event": approved(3, Some("사"))});
    let dead = ["{lecture}:dead:alert", "3", &mended.to_string()];
    redis::cmd("HSET").arg(&dead).exec(connection).unwrap();
    let system = alert(&host);
    let replay = "/lecture/-/alert/dead-letters/3/replay";
    let _ = system.internal().post(replay, json!({})).expect(204);
    let _ = system.internal().post(replay, json!({})).expect(404);
    settle(&system);
    assert_eq!(system.all("alerts").last().unwrap()["student"], "사");
}

#[test]
#[ignore = "needs Python: `cargo xtask example alert-python` runs it"]
fn a_gateway_gets_each_message_once_it_is_back() {
    let gateways = [in_rust, in_python].map(|builder| {
        let gateway = Gateway::start();
        gateway.set_away(true);
        let host = gateway.of_messages(builder()).start();
        let system = alert(&host);
        for id in 1..=3 {
            tell_approved(&mut host.redis(), id, Some("가"));
        }
        system.follow("alert");
        assert_eq!(system.all("alerts").len(), 3);
        assert_eq!(system.info("alert")["messages"], json!({"waiting": 3, "dead": 0}));
        assert!(gateway.messages().is_empty());
        gateway.set_away(false);
        settle(&system);
        let messages = gateway.messages().into_iter();
        messages.map(|(key, told)| (key, timeless(&told.to_string(), &host))).collect()
    });
    let [rust, python]: [BTreeMap<String, String>; 2] = gateways;
    assert_eq!(rust.len(), 3);
    let trace = |text: &String| without(&serde_json::from_str(text).unwrap(), &["traceparent"]);
    assert!(python.keys().eq(rust.keys()));
    assert!(python.values().map(trace).eq(rust.values().map(trace)), "{python:?}, not {rust:?}");
}

#[test]
#[ignore = "needs Python: `cargo xtask example alert-python` runs it"]
fn killed_after_any_call_it_has_told_each_event_once() {
    let host = in_python().start();
    let system = alert(&host);
    let connection = &mut host.redis();
    let mut told = 0;
    for call in 0..MOST_CALLS {
        let before = kills(&host, COMPONENT);
        host.crash(COMPONENT, call, Trigger::Redis);
        told += 1;
        tell_approved(connection, told, Some("가"));
        settle(&system);
        let struck = kills(&host, COMPONENT) > before;
        host.heal(COMPONENT);
        settle(&system);
        let alerts = system.all("alerts");
        assert_eq!(alerts.len() as u64, told, "after call {call}");
        assert_eq!(system.info("alert")["deadLetters"], 0);
        if !struck && call > 0 {
            // Claim, an id, commit, release.
            assert!(call >= 4, "only {call} calls");
            return;
        }
    }
    panic!("it was killed at each of {MOST_CALLS} calls: that has no end");
}
