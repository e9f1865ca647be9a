use crate::app::{Action, Folder};
use std::io::{Read, Write};
use std::net::TcpStream;

fn app() -> Folder {
    Folder::new(
        &[
            ("trap", Action::Trap),
            ("loop", Action::Loop),
            ("eat", Action::Eat),
            ("hello", Action::Answer),
        ],
        "",
    )
}

#[test]
fn a_failing_component_hurts_its_own_request_only() {
    let folder = app();
    let app = folder.up(&["--workers", "1", "--request-timeout", "300ms", "--memory-limit", "2"]);
    for (path, expected) in [("/trap", 500), ("/eat", 500), ("/loop", 504), ("/hello", 200)] {
        let (status, kind, body) = app.answer(path);
        assert_eq!(status, expected, "{path}: {body}");
        if status != 200 {
            assert_eq!(kind, "application/problem+json", "{path}");
            // What went wrong inside is for the log.
            assert!(!body.contains("wasm") && !body.contains("unreachable"), "{body}");
        }
    }
    let errors = app.errors();
    assert!(errors.contains("component trap failed: "), "{errors}");
    assert!(errors.contains("component loop took longer than --request-timeout"), "{errors}");
    let running = app.running();
    assert_eq!(app.get("/hello"), 200);
    assert_eq!(running["workers"], app.running()["workers"], "a worker was replaced");
}

#[test]
fn a_loop_does_not_hold_up_its_neighbour() {
    let folder = app();
    let app = folder.up(&["--workers", "1", "--request-timeout", "5s"]);
    std::thread::scope(|scope| {
        let looping = scope.spawn(|| app.get("/loop"));
        while !looping.is_finished() {
            assert_eq!(app.get("/hello"), 200);
            if app.errors().is_empty() {
                // Served while the loop still runs: that is the point.
                break;
            }
        }
        assert_eq!(looping.join().unwrap(), 504);
    });
}

#[test]
fn routes_lead_to_components_and_private_ones_nowhere() {
    let folder = Folder::with_manifest(
        r#"
spin_manifest_version = 2
application = { name = "test", version = "1.2.3" }
[[trigger.http]]
route = "/a/..."
component = "open"
[[trigger.http]]
route = { private = true }
component = "closed"
[component.open]
source = "hello.wasm"
[component.closed]
source = "hello.wasm"
"#,
    );
    folder.build("hello", &Action::Answer);
    let app = folder.up(&[]);
    assert_eq!(app.get("/a"), 200);
    assert_eq!(app.get("/a/b/c?d=e"), 200);
    for path in ["/", "/b", "/closed", "/.well-known/spin/other"] {
        let (status, kind, _) = app.answer(path);
        assert_eq!((status, kind.as_str()), (404, "application/problem+json"), "{path}");
    }
    assert_eq!(app.answer("/.well-known/spin/health").2, "OK");
    let info: serde_json::Value =
        serde_json::from_str(&app.answer("/.well-known/spin/info").2).unwrap();
    assert_eq!(info, serde_json::json!({ "name": "test", "version": "1.2.3" }));
}

#[test]
fn a_component_opens_the_stores_it_was_granted() {
    let folder = Folder::new(
        &[("denied", Action::Store("default")), ("granted", Action::Store("default"))],
        "key_value_stores = [\"default\"]\n",
    );
    let app = folder.up(&[]);
    assert_eq!(app.get("/granted"), 200);
    assert_eq!(app.get("/denied"), 403);
    assert!(folder.path().join(".madang/sqlite_key_value.db").exists());
}

#[test]
fn an_answer_arrives_though_nobody_read_the_body() {
    const LENGTH: usize = 12 << 20;
    let folder = app();
    let app = folder.up(&["--workers", "1"]);
    for path in ["/hello", "/trap", "/nowhere"] {
        let mut client = TcpStream::connect(app.address()).unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {LENGTH}\r\n\r\n");
        client.write_all(head.as_bytes()).unwrap();
        // All of it, before it looks for the answer.
        let sent = client.write_all(&vec![b'x'; LENGTH]);
        assert!(sent.is_ok(), "{path}: {sent:?}");
        let mut status = [0; 12];
        client.read_exact(&mut status).unwrap();
        assert!(status.starts_with(b"HTTP/1.1 "), "{path}: {}", String::from_utf8_lossy(&status));
    }
}
