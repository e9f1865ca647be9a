use crate::app::{Action, App, Folder};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

fn status(folder: &Folder) -> Value {
    let (success, text) = folder.run(&["status"]);
    assert!(success, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// Sends a request as written and reads the status line.
fn raw(app: &App, head: &str) -> String {
    let running = app.running();
    let address = running["admin"].as_str().unwrap().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap().to_owned()
}

#[test]
fn a_component_goes_down_and_comes_back() {
    let folder = Folder::new(&[("other", Action::Answer), ("hello", Action::Answer)], "");
    let app = folder.up(&["--workers", "2"]);
    assert!(folder.run(&["down", "hello"]).0);
    // Both workers have obeyed when the command ends: connections are spread over them.
    for _ in 0..20 {
        assert_eq!(app.get("/hello"), 503);
    }
    assert_eq!(app.get("/other"), 200);
    assert_eq!(status(&folder)["components"]["hello"]["faults"], json!({ "down": true }));
    assert!(folder.run(&["heal", "hello"]).0);
    for _ in 0..20 {
        assert_eq!(app.get("/hello"), 200);
    }
    assert_eq!(status(&folder)["components"]["hello"]["faults"], json!({ "down": false }));
}

#[test]
fn answers_are_held_back() {
    let folder = Folder::new(&[("hello", Action::Answer)], "");
    let app = folder.up(&[]);
    assert!(folder.run(&["delay", "hello", "200-300"]).0);
    let begin = Instant::now();
    assert_eq!(app.get("/hello"), 200);
    assert!(
        begin.elapsed() >= Duration::from_millis(200),
        "the answer came after {:?}",
        begin.elapsed()
    );
    assert_eq!(
        status(&folder)["components"]["hello"]["faults"],
        json!({ "down": false, "delay": { "minMs": 200, "maxMs": 300 } })
    );
    assert_eq!(app.order("/components/hello/heal", "").0, 200);
}

#[test]
fn an_instance_is_killed_between_two_calls() {
    let folder =
        Folder::new(&[("store", Action::Store("default"))], "key_value_stores = [\"default\"]\n");
    let app = folder.up(&["--workers", "1"]);
    assert!(folder.run(&["crash", "store", "--call", "1"]).0);
    assert_eq!(app.get("/store"), 500);
    assert!(app.errors().contains("component store was killed"), "{}", app.errors());
    // Once only; and neither for another trigger nor for a call that it does not make.
    assert_eq!(app.get("/store"), 200);
    assert!(folder.run(&["crash", "store", "--call", "1", "--trigger", "redis"]).0);
    assert_eq!(app.get("/store"), 200);
    assert!(folder.run(&["crash", "store", "--call", "2"]).0);
    assert_eq!(app.get("/store"), 200);
    assert!(folder.run(&["crash", "store", "--call", "0"]).0);
    assert_eq!(app.get("/store"), 500);
    assert_eq!(app.get("/store"), 200);
}

#[test]
fn bad_orders_are_refused_by_name() {
    let folder = Folder::new(&[("hello", Action::Answer)], "");
    let app = folder.up(&[]);
    let (success, text) = folder.run(&["down", "helo"]);
    assert!(!success, "{text}");
    assert!(
        text.contains("no component `helo`, did you mean `hello`?; there are: hello"),
        "{text}"
    );
    for (path, body, expected, words) in [
        ("/components/helo/down", "", 404, "hello"),
        ("/components/hello/explode", "", 404, "crash"),
        ("/components/hello/delay", "{\"minMs\": 5}", 400, "maxMs"),
        ("/components/hello/delay", "{\"minMs\": 5, \"maxMs\": 1}", 400, "no range"),
        ("/components/hello/crash", "{\"cal\": 5}", 400, "call"),
    ] {
        let (status, answer) = app.order(path, body);
        assert_eq!(status, expected, "{path} {body}: {answer}");
        assert!(answer.contains(words), "{path} {body}: {answer}");
    }
    assert_eq!(app.get("/hello"), 200);
}

#[test]
fn a_foreign_page_cannot_use_the_admin_port() {
    let folder = Folder::new(&[("hello", Action::Answer)], "");
    let app = folder.up(&[]);
    let down = "POST /components/hello/down HTTP/1.1\r\ncontent-length: 0\r\n";
    let json = "content-type: application/json\r\n";
    assert!(raw(&app, &format!("{down}{json}host: evil.example\r\n")).contains(" 403 "));
    assert!(
        raw(&app, &format!("{down}{json}host: localhost.evil.example:1\r\n")).contains(" 403 ")
    );
    assert!(raw(&app, &format!("{down}host: 127.0.0.1\r\n")).contains(" 415 "));
    assert!(
        raw(&app, &format!("{down}content-type: text/plain\r\nhost: 127.0.0.1\r\n"))
            .contains(" 415 ")
    );
    assert!(raw(&app, "GET /status HTTP/1.1\r\nhost: evil.example\r\n").contains(" 403 "));
    assert_eq!(app.get("/hello"), 200);
    assert!(raw(&app, &format!("{down}{json}host: 127.0.0.1\r\n")).contains(" 200 "));
    assert_eq!(app.get("/hello"), 503);
}

#[test]
fn breakers_are_asked_of_all_components_that_have_an_info() {
    let route = |name: &str, ready: &str| {
        format!(
            "[[trigger.http]]\nroute = \"/{name}/...\"\ncomponent = \"{name}\"\n\
             [component.{name}]\nsource = \"hello.wasm\"\ntool.madang.ready = \"{ready}\"\n"
        )
    };
    let folder = Folder::with_manifest(&format!(
        "spin_manifest_version = 2\napplication.name = \"test\"\n{}{}{}",
        route("dumb", "/dumb/health/ready"),
        route("down", "/down/health/ready"),
        route("none", "/none/ready"),
    ));
    folder.build("hello", &Action::Answer);
    let (success, text) = folder.run(&["breakers"]);
    assert!(!success && text.contains("no application is running"), "{text}");
    let app = folder.up(&[]);
    assert!(folder.run(&["down", "down"]).0);
    let url = format!("http://{}", app.address());
    let (success, text) = folder.run(&["breakers"]);
    let lines: Vec<_> = text.lines().collect();
    assert!(success && lines.len() == 3, "{text}");
    assert!(lines[0].starts_with("COMPONENT  TARGET  STATE"), "{text}");
    assert_eq!(lines[1], format!("down       {url}/down/info answers 503 Service Unavailable"));
    assert!(lines[2].starts_with(&format!("dumb       {url}/dumb/info does not answer with JSON")));
    let (_, text) = folder.run(&["breakers", "--json"]);
    let said: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(said.as_object().unwrap().keys().collect::<Vec<_>>(), ["down", "dumb"]);
    assert!(said["down"]["error"].as_str().unwrap().contains("answers 503"), "{said}");
}
