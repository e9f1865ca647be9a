//! The same on the wire and in Redis, and for whoever gets the messages.

use super::{alert, approved, in_python, in_rust, once, settle, tell, tell_approved};
use madang_testing::log::without;
use madang_testing::{Client, Host, SERVICE_TOKEN};
use madang_tests::Gateway;
use serde_json::{Value, json};
use std::collections::BTreeMap;

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
        let mut values: Vec<String> = match kind.as_str() {
            "string" => vec![command.query(redis).unwrap()],
            _ => command.query(redis).unwrap(),
        };
        if kind == "hash" {
            // Its order is the server's own.
            values = values.chunks(2).map(|pair| pair.join(": ")).collect();
            values.sort();
        }
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
        // The context in Rust takes the ids of several that wait at once, so where one fails they have gaps.
        let settled = || settle(&alert(host));
        for (id, student) in [(1, Some("나")), (2, Some("가")), (3, None), (4, Some("a\u{1}\"b"))]
        {
            tell_approved(redis, id, student);
            settled();
        }
        tell(redis, "CourseRegistered", "{}");
        for (id, text) in (10..).zip(poison()) {
            tell(redis, "GiftGiven", &text);
            settled();
            tell_approved(redis, id, Some("뒤"));
            settled();
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
