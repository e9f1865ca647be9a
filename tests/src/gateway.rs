//! Where messages to people go, as a gateway sees them.

use madang_testing::HostBuilder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A gateway that messages go to. Its thread ends with the test's process.
#[derive(Debug)]
pub struct Gateway {
    origin: String,
    is_away: Arc<AtomicBool>,
    got: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Gateway {
    /// A gateway on a free port.
    ///
    /// # Panics
    /// When there is none.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let gateway = Gateway {
            origin: format!("http://{}", listener.local_addr().unwrap()),
            is_away: Arc::default(),
            got: Arc::default(),
        };
        let (is_away, got) = (gateway.is_away.clone(), gateway.got.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (is_away, got) = (is_away.clone(), got.clone());
                thread::spawn(move || serve(stream.unwrap(), &is_away, &got));
            }
        });
        gateway
    }

    /// A host whose messages go there.
    pub fn of_messages(&self, settings: HostBuilder) -> HostBuilder {
        settings
            .variable("message_webhook_url", format!("{}/messages", self.origin))
            .variable("message_webhook_origin", self.origin.clone())
    }

    /// Whether it answers 503 from now on.
    pub fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::Relaxed);
    }

    /// The messages, by their keys.
    ///
    /// # Panics
    /// Where one that came twice was not the same.
    pub fn messages(&self) -> BTreeMap<String, Value> {
        let mut messages = BTreeMap::new();
        for (key, message) in self.got.lock().unwrap().iter() {
            let first = messages.entry(key.clone()).or_insert_with(|| message.clone());
            assert_eq!(first, message, "{key}");
        }
        messages
    }
}

/// Takes one message.
fn serve(stream: TcpStream, is_away: &AtomicBool, got: &Mutex<Vec<(String, Value)>>) {
    let mut reader = BufReader::new(stream);
    let mut key = String::new();
    loop {
        let line = line(&mut reader);
        if let Some(value) = line.to_lowercase().strip_prefix("idempotency-key: ") {
            key = value.to_owned();
        }
        if line.is_empty() {
            break;
        }
    }
    // A component does not know how long its body is, so it comes in chunks.
    let mut body = Vec::new();
    loop {
        let length = usize::from_str_radix(&line(&mut reader), 16).unwrap_or(0);
        if length == 0 {
            break;
        }
        let begin = body.len();
        body.resize(begin + length, 0);
        reader.read_exact(&mut body[begin..]).unwrap();
        line(&mut reader);
    }
    let status = if is_away.load(Ordering::Relaxed) {
        "503 Service Unavailable"
    } else {
        got.lock().unwrap().push((key, serde_json::from_slice(&body).unwrap()));
        "202 Accepted"
    };
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    reader.get_mut().write_all(answer.as_bytes()).unwrap();
}

/// The next line, without its end; empty where there is none.
fn line(reader: &mut impl BufRead) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}
