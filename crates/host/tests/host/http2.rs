//! HTTP/2 with prior knowledge, on the port that speaks HTTP/1.1, and its bounds.

use crate::{
    app::{Action, App, Folder, wait_for},
    limits::{folder, logged, rest, send, serves, sockets, up},
};
use bytes::Bytes;
use http::{Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    client::conn::http2::{Builder, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{
    io::{Read, Write},
    time::Duration,
};
use tokio::{net::TcpStream, task::JoinHandle, time::timeout};

/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(60);

type Body = Full<Bytes>;

/// A connection, and what ends with it; it lets answers be sent `ahead` bytes ahead.
async fn connect(
    app: &App,
    ahead: u32,
) -> (SendRequest<Body>, JoinHandle<Result<(), hyper::Error>>) {
    let stream = TokioIo::new(TcpStream::connect(app.address()).await.unwrap());
    let mut builder = Builder::new(TokioExecutor::new());
    builder.initial_stream_window_size(ahead).max_concurrent_reset_streams(100);
    let (sender, connection) = builder.handshake(stream).await.unwrap();
    (sender, tokio::spawn(connection))
}

fn request(app: &App, path: &str, body: Vec<u8>) -> Request<Body> {
    let uri = format!("http://{}{path}", app.address());
    Request::builder().uri(uri).method("POST").body(Body::from(body)).unwrap()
}

async fn ask(sender: &mut SendRequest<Body>, request: Request<Body>) -> Response<Incoming> {
    sender.ready().await.unwrap();
    timeout(DEADLINE, sender.send_request(request)).await.expect("no answer").unwrap()
}

async fn status(app: &App, sender: &mut SendRequest<Body>, path: &str) -> u16 {
    ask(sender, request(app, path, Vec::new())).await.status().as_u16()
}

/// Runs a test's client.
fn run(client: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { timeout(DEADLINE, client).await.expect("it took too long") });
}

#[test]
fn one_port_speaks_both() {
    let folder = folder();
    let app = up(&folder, &[]);
    run(async {
        let (mut sender, _connection) = connect(&app, 64 << 10).await;
        let answer = ask(&mut sender, request(&app, "/read", vec![b'x'; 1 << 20])).await;
        assert_eq!((answer.status(), answer.version()), (StatusCode::OK, Version::HTTP_2));
        assert!(!answer.headers().contains_key("connection"));
        assert_eq!(status(&app, &mut sender, "/nowhere").await, 404);
    });
    serves(&app);
}

#[test]
fn requests_of_one_connection_do_not_wait_for_each_other() {
    let folder = folder();
    let app = up(&folder, &["--request-timeout", "3s"]);
    run(async {
        let (mut sender, _connection) = connect(&app, 64 << 10).await;
        sender.ready().await.unwrap();
        let looping = sender.send_request(request(&app, "/loop", Vec::new()));
        let looping = tokio::spawn(looping);
        for _ in 0..10 {
            assert_eq!(status(&app, &mut sender, "/hello").await, 200);
        }
        assert!(!looping.is_finished());
        assert_eq!(looping.await.unwrap().unwrap().status(), 504);
    });
}

#[test]
fn heads_and_bodies_have_the_same_bounds() {
    let folder = folder();
    let flags = ["--max-request-body", "1", "--max-response-body", "1", "--max-headers", "10"];
    let app = up(&folder, &flags);
    run(async {
        let (mut sender, _connection) = connect(&app, 64 << 10).await;
        let large = ask(&mut sender, request(&app, "/read", vec![b'x'; (1 << 20) + 1])).await;
        assert_eq!(large.status(), 413);
        let mut many = request(&app, "/hello", Vec::new());
        for number in 0..11 {
            let name = http::HeaderName::try_from(format!("h{number}")).unwrap();
            many.headers_mut().insert(name, http::HeaderValue::from_static("x"));
        }
        assert_eq!(ask(&mut sender, many).await.status(), 431);
        let endless = ask(&mut sender, request(&app, "/pour", Vec::new())).await;
        assert!(endless.into_body().collect().await.is_err(), "it looks whole");
        // Each cost its own stream only.
        assert_eq!(status(&app, &mut sender, "/hello").await, 200);
    });
    logged(&app, "--max-response-body");
}

#[test]
fn a_client_has_so_many_requests_at_once() {
    let folder = folder();
    let app = up(&folder, &["--max-streams", "3", "--request-timeout", "2s"]);
    run(async {
        let (mut sender, _connection) = connect(&app, 64 << 10).await;
        // The server's settings are known with the first answer.
        assert_eq!(status(&app, &mut sender, "/hello").await, 200);
        let loops: Vec<_> = (0..3)
            .map(|_| tokio::spawn(sender.send_request(request(&app, "/loop", Vec::new()))))
            .collect();
        assert_eq!(status(&app, &mut sender, "/hello").await, 200);
        // It had to wait for one of them.
        assert!(loops.iter().any(JoinHandle::is_finished));
    });
    serves(&app);
}

#[test]
fn an_answer_that_is_not_taken_is_reset() {
    let folder = folder();
    let app = up(&folder, &["--request-timeout", "500ms", "--send-timeout", "500ms"]);
    run(async {
        let (mut sender, _connection) = connect(&app, 64 << 10).await;
        let endless = ask(&mut sender, request(&app, "/pour", Vec::new())).await;
        // The client lives and asks on, but takes nothing of this answer beyond its window.
        tokio::time::sleep(Duration::from_millis(3500)).await;
        assert_eq!(status(&app, &mut sender, "/hello").await, 200);
        let mut body = endless.into_body();
        let mut length = 0;
        let error = loop {
            match body.frame().await.expect("it looks whole") {
                Ok(frame) => length += frame.data_ref().map_or(0, Bytes::len),
                Err(error) => break error,
            }
        };
        assert!(length <= 64 << 10, "{length} bytes of it were sent: {error}");
    });
}

#[test]
fn idle_connections_end() {
    let folder = folder();
    let app = up(&folder, &["--idle-timeout", "500ms", "--head-timeout", "100ms"]);
    let before = sockets(&app);
    // A preface and then nothing, and half a preface.
    let _half = ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "PRI * HTTP"].map(|text| {
        let mut stream = std::net::TcpStream::connect(app.address()).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    });
    run(async {
        let (mut sender, connection) = connect(&app, 64 << 10).await;
        assert_eq!(status(&app, &mut sender, "/hello").await, 200);
        // It is told, rather than reset.
        connection.await.unwrap().unwrap();
    });
    wait_for("the worker to close them", || sockets(&app) <= before);
}

#[test]
fn a_reload_lets_requests_end_and_the_connection_with_them() {
    let folder = Folder::new(&[("loop", Action::Loop), ("hello", Action::Answer)], "");
    let app = up(&folder, &["--request-timeout", "3s"]);
    run(async {
        let (mut sender, connection) = connect(&app, 64 << 10).await;
        assert_eq!(status(&app, &mut sender, "/hello").await, 200);
        let (mut idle, unused) = connect(&app, 64 << 10).await;
        assert_eq!(status(&app, &mut idle, "/hello").await, 200);
        let mut older = send(&app, "GET /hello HTTP/1.1\r\nhost: a\r\n\r\n");
        assert!(older.read(&mut [0; 1024]).unwrap() > 0);
        sender.ready().await.unwrap();
        let looping = tokio::spawn(sender.send_request(request(&app, "/loop", Vec::new())));
        folder.build("hello", &Action::Status(202));
        let reload = tokio::process::Command::new(env!("CARGO_BIN_EXE_madang"))
            .current_dir(folder.path())
            .arg("reload")
            .output();
        assert!(reload.await.unwrap().status.success());
        // One is told to go, while one of HTTP/1.1 must be asked once more to be told.
        unused.await.unwrap().unwrap();
        older.write_all(b"GET /hello HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
        let said = rest(&mut older);
        assert!(said.starts_with("HTTP/1.1 200 ") && said.contains("connection: close"), "{said}");
        assert_eq!(looping.await.unwrap().unwrap().status(), 504);
        connection.await.unwrap().unwrap();
    });
    assert_eq!(app.get("/hello"), 202);
}
