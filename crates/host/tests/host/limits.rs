//! Clients that are slow, greedy or gone. Each test has a neighbour served meanwhile, by the same worker.

use crate::app::{Action, App, Folder, wait_for};
use socket2::{Domain, Socket, Type};
use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    thread,
    time::Duration,
};

/// How long any answer may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// A component's endless body and one that is two MiB long, by its own word.
const POUR: Action = Action::Pour("");
const DECLARE: Action = Action::Pour("2097152");

pub fn folder() -> Folder {
    let components = [
        ("hello", Action::Answer),
        ("read", Action::Read),
        ("pour", POUR),
        ("declare", DECLARE),
        ("loop", Action::Loop),
    ];
    Folder::new(&components, "")
}

pub fn up(folder: &Folder, flags: &[&str]) -> App {
    folder.up(&[&["--workers", "1"], flags].concat())
}

/// A connection from the loopback address that ends in `last`.
fn connect_from(app: &App, last: u8) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, last], 0)).into()).unwrap();
    socket.connect(&app.address().parse::<SocketAddr>().unwrap().into()).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

fn connect(app: &App) -> TcpStream {
    connect_from(app, 1)
}

/// A connection that has sent this.
pub fn send(app: &App, text: &str) -> TcpStream {
    let mut stream = connect(app);
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

/// All that comes until the connection ends, however it does.
pub fn rest(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    if let Err(error) = stream.read_to_end(&mut said) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "nothing ended the connection");
    }
    String::from_utf8_lossy(&said).into_owned()
}

/// The answer on a connection that ends with it is a problem of this status.
#[track_caller]
fn refused(stream: &mut TcpStream, status: u16, detail: &str) {
    let said = rest(stream);
    assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{said}");
    assert!(said.to_lowercase().contains("connection: close\r\n"), "{said}");
    assert!(said.contains("application/problem+json") && said.contains(detail), "{said}");
}

/// A neighbour is served.
#[track_caller]
pub fn serves(app: &App) {
    assert_eq!(app.get("/hello"), 200);
}

/// Waits until the log has a line about a flag's bound; there is no other yet.
#[track_caller]
pub fn logged(app: &App, flag: &str) {
    wait_for("a line in the log", || app.errors().contains(flag));
    assert_eq!(app.errors().matches(flag).count(), 1, "{}", app.errors());
}

/// The sockets that the worker has open.
pub fn sockets(app: &App) -> usize {
    let files = fs::read_dir(format!("/proc/{}/fd", app.running()["workers"][0])).unwrap();
    let links = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    links.filter(|link| link.to_string_lossy().starts_with("socket:")).count()
}

#[test]
fn a_slow_head_is_told_so() {
    let folder = folder();
    let app = up(&folder, &["--head-timeout", "700ms"]);
    let mut slow = send(&app, "GET /hello HTTP/1.1\r\nhost: a\r\n");
    let mut sender = slow.try_clone().unwrap();
    // A byte now and then, for as long as the connection lasts.
    let dripping = thread::spawn(move || {
        while sender.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    // Nor does it help to be slow from the first byte on.
    let mut slower = send(&app, "P");
    serves(&app);
    refused(&mut slow, 408, "The request's head did not arrive in time.");
    refused(&mut slower, 408, "The request's head did not arrive in time.");
    dripping.join().unwrap();
    logged(&app, "--head-timeout");
    serves(&app);
}

#[test]
fn idle_connections_end_in_silence() {
    let folder = folder();
    let app = up(&folder, &["--idle-timeout", "500ms", "--head-timeout", "20s"]);
    let before = sockets(&app);
    let mut fresh = connect(&app);
    let mut used = send(&app, "GET /hello HTTP/1.1\r\nhost: a\r\n\r\n");
    serves(&app);
    assert_eq!(rest(&mut fresh), "");
    let said = rest(&mut used);
    assert!(said.starts_with("HTTP/1.1 200 ") && said.matches("HTTP/1.1").count() == 1, "{said}");
    wait_for("the worker to close them", || sockets(&app) <= before);
}

#[test]
fn a_body_that_does_not_come_on_is_told_so() {
    let folder = folder();
    let app = up(&folder, &["--body-timeout", "700ms"]);
    let head = "POST /read HTTP/1.1\r\nhost: a\r\n";
    let mut slow = send(&app, &format!("{head}content-length: 100\r\n\r\n0123456789"));
    let mut chunked = send(&app, &format!("{head}transfer-encoding: chunked\r\n\r\n5\r\n01"));
    serves(&app);
    refused(&mut slow, 408, "The request's body did not arrive in time.");
    refused(&mut chunked, 408, "The request's body did not arrive in time.");
    logged(&app, "--body-timeout");

    // Slow is not still: each pause is short, all of them together are long.
    let mut steady = send(&app, &format!("{head}connection: close\r\ncontent-length: 12\r\n\r\n"));
    for _ in 0..12 {
        thread::sleep(Duration::from_millis(100));
        steady.write_all(b"x").unwrap();
    }
    let said = rest(&mut steady);
    assert!(said.starts_with("HTTP/1.1 200 "), "{said}");
}

#[test]
fn a_client_that_takes_no_answer_is_cut_off() {
    let folder = folder();
    let app = up(&folder, &["--send-timeout", "700ms"]);
    let before = sockets(&app);
    let greedy: Vec<_> =
        (0..20).map(|_| send(&app, "GET /pour HTTP/1.1\r\nhost: a\r\n\r\n")).collect();
    for _ in 0..20 {
        serves(&app);
    }
    logged(&app, "--send-timeout");
    wait_for("the worker to close them", || sockets(&app) <= before);
    drop(greedy);
    serves(&app);
}

#[test]
fn a_client_that_takes_its_answer_slowly_is_served() {
    let folder = folder();
    let app = up(&folder, &["--send-timeout", "700ms", "--max-response-body", "5"]);
    let mut slow = send(&app, "GET /pour HTTP/1.1\r\nhost: a\r\n\r\n");
    let (mut taken, mut piece) = (0, vec![0; 256 << 10]);
    while let Ok(length @ 1..) = slow.read(&mut piece) {
        taken += length;
        thread::sleep(Duration::from_millis(50));
    }
    // In far more time than a client may be still. What waits to be sent where an answer is cut off is not in it.
    assert!(taken >= 4 << 20, "{taken}");
    assert!(!app.errors().contains("--send-timeout"), "{}", app.errors());
}

#[test]
fn connections_have_an_end() {
    let folder = folder();
    let app = up(&folder, &["--max-connections", "30", "--max-connections-per-client", "20"]);
    let before = sockets(&app);
    let idle: Vec<_> = (0..20).map(|_| connect_from(&app, 2)).collect();
    refused(&mut connect_from(&app, 2), 503, "with this client as it takes.");
    logged(&app, "--max-connections-per-client");
    serves(&app);
    wait_for("the neighbour's connection to be closed", || sockets(&app) == before + 20);
    let more: Vec<_> = (0..9).map(|_| connect_from(&app, 3)).collect();
    serves(&app);
    wait_for("the neighbour's connection to be closed", || sockets(&app) == before + 29);
    let last = connect_from(&app, 3);
    wait_for("the last seat to be taken", || sockets(&app) == before + 30);
    refused(&mut connect_from(&app, 4), 503, "as many connections as it takes.");
    assert_eq!(app.get("/hello"), 503);
    drop((idle, more, last));
    wait_for("seats to be free again", || app.get("/hello") == 200);
}

#[test]
fn a_thousand_idle_connections_cost_little() {
    let folder = folder();
    let app = up(&folder, &[]);
    let memory = || {
        let status = fs::read_to_string(format!("/proc/{}/status", app.running()["workers"][0]));
        let status = status.unwrap();
        let line = status.lines().find(|line| line.starts_with("RssAnon")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let open = sockets(&app);
    serves(&app);
    let before = memory();
    let idle: Vec<_> = (0..1000).map(|_| connect(&app)).collect();
    wait_for("all to be open", || sockets(&app) >= open + 1000);
    serves(&app);
    let each = (memory().saturating_sub(before) << 10) / 1000;
    assert!(each < 16 << 10, "an idle connection costs {each} bytes");
    drop(idle);
    wait_for("all to be closed", || sockets(&app) <= open);
}

#[test]
fn half_closed_connections_are_not_kept() {
    let folder = folder();
    // No bound but the one in question ends them before the test does.
    let app = up(
        &folder,
        &["--request-timeout", "10m", "--idle-timeout", "10m", "--head-timeout", "10m"],
    );
    serves(&app);
    let before = sockets(&app);
    let half = |text: &str| {
        let stream = send(&app, text);
        stream.shutdown(Shutdown::Write).unwrap();
        stream
    };
    let mut streams: Vec<_> = [
        "",
        "GET /hel",
        "GET /loop HTTP/1.1\r\nhost: a\r\n\r\n",
        "POST /read HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n123",
    ]
    .into_iter()
    .cycle()
    .take(40)
    .map(half)
    .collect();
    serves(&app);
    // Each ends at once, while our own half is still open.
    wait_for("the worker to close them", || sockets(&app) <= before);
    for stream in &mut streams {
        let said = rest(stream);
        assert!(!said.contains(" 200 "), "{said}");
    }
}

#[test]
fn a_head_has_a_size() {
    let folder = folder();
    let status = |app: &App, headers: usize, length: usize| {
        let headers: String =
            (1..headers).map(|n| format!("h{n}: {}\r\n", "x".repeat(length))).collect();
        let text = format!("GET /hello HTTP/1.1\r\nhost: a\r\n{headers}\r\n");
        let mut answer = [0; 12];
        send(app, &text).read_exact(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[9..]).into_owned()
    };
    let app = up(&folder, &[]);
    assert_eq!((status(&app, 100, 1), status(&app, 101, 1)), ("200".into(), "431".into()));
    assert_eq!((status(&app, 60, 1000), status(&app, 70, 1000)), ("200".into(), "431".into()));
    serves(&app);
    drop(app);
    let app = up(&folder, &["--max-headers", "10", "--max-head", "8"]);
    assert_eq!((status(&app, 10, 1), status(&app, 11, 1)), ("200".into(), "431".into()));
    assert_eq!((status(&app, 8, 1000), status(&app, 9, 1100)), ("200".into(), "431".into()));
}

#[test]
fn a_body_that_says_it_is_too_large_is_refused_at_once() {
    let folder = folder();
    let app = up(&folder, &["--max-request-body", "1"]);
    let head = |path: &str, length: usize| {
        format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n")
    };
    // Not one byte of it is sent.
    let mut large = send(&app, &(head("/read", (1 << 20) + 1) + "expect: 100-continue\r\n\r\n"));
    refused(&mut large, 413, "The request's body is larger than the host takes.");
    logged(&app, "--max-request-body");
    // All of it is, before it looks for the answer.
    let mut large = send(&app, &(head("/hello", 4 << 20) + "\r\n"));
    large.write_all(&vec![b'x'; 4 << 20]).unwrap();
    refused(&mut large, 413, "larger than the host takes.");
    serves(&app);
    // Who waits to be asked for a body is asked by a component that reads it, and only then.
    let waits = "expect: 100-continue\r\nconnection: close\r\n\r\n";
    let said = rest(&mut send(&app, &(head("/hello", 9) + waits)));
    assert!(said.starts_with("HTTP/1.1 200 ") && !said.contains("100 Continue"), "{said}");
    let mut asked = send(&app, &(head("/read", 9) + waits));
    let mut word = [0; 25];
    asked.read_exact(&mut word).unwrap();
    assert_eq!(&word, b"HTTP/1.1 100 Continue\r\n\r\n");
    asked.write_all(b"123456789").unwrap();
    let said = rest(&mut asked);
    assert!(said.starts_with("HTTP/1.1 200 "), "{said}");
    // As large as it may be.
    let mut largest = send(&app, &(head("/read", 1 << 20) + "connection: close\r\n\r\n"));
    largest.write_all(&vec![b'x'; 1 << 20]).unwrap();
    let said = rest(&mut largest);
    assert!(said.starts_with("HTTP/1.1 200 "), "{said}");
}

#[test]
fn a_body_that_becomes_too_large_is_cut_off() {
    let folder = folder();
    let app = up(&folder, &["--max-request-body", "1"]);
    let chunked = |pieces: usize| {
        let mut stream = send(
            &app,
            "POST /read HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n",
        );
        let piece = format!("10000\r\n{}\r\n", "x".repeat(64 << 10));
        for _ in 0..pieces {
            stream.write_all(piece.as_bytes()).unwrap();
        }
        stream.write_all(b"0\r\n\r\n").unwrap();
        stream
    };
    refused(&mut chunked(32), 413, "The request's body is larger than the host takes.");
    logged(&app, "--max-request-body");
    serves(&app);
    let said = rest(&mut chunked(16));
    assert!(said.starts_with("HTTP/1.1 200 "), "{said}");
}

#[test]
fn an_answer_has_a_size() {
    let folder = folder();
    let app = up(&folder, &["--max-response-body", "1"]);
    let mut endless = send(&app, "GET /pour HTTP/1.1\r\nhost: a\r\n\r\n");
    let said = rest(&mut endless);
    assert!(said.starts_with("HTTP/1.1 200 "), "{}", &said[..100]);
    assert!(said.len() > 1 << 19 && said.len() < 3 << 19, "{}", said.len());
    assert!(!said.ends_with("\r\n0\r\n\r\n"), "it does not look whole");
    logged(&app, "--max-response-body");
    serves(&app);
    let (status, kind, text) = app.answer("/declare");
    assert_eq!((status, kind.as_str()), (500, "application/problem+json"), "{text}");
    serves(&app);
}

#[test]
fn loops_do_not_hold_up_their_neighbours() {
    let folder = folder();
    let app = up(&folder, &["--request-timeout", "4s"]);
    thread::scope(|scope| {
        let loops: Vec<_> = (0..12).map(|_| scope.spawn(|| app.get("/loop"))).collect();
        let mut served = 0;
        while !loops.iter().any(thread::ScopedJoinHandle::is_finished) {
            serves(&app);
            served += 1;
        }
        for looping in loops {
            assert_eq!(looping.join().unwrap(), 504);
        }
        // Each takes its turn among the loops a few times, not a few times all of theirs.
        assert!(served >= 20, "{served} were served beside the loops");
    });
}
