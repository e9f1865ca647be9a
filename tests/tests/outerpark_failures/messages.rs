//! What notice tells customers: to its log, or to a gateway, which may be away.

use madang_testing::{Host, eventually};
use madang_tests::SETTLING;
use madang_tests::outerpark::OuterPark;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A gateway to customers. Its thread ends with the test's process.
struct Gateway {
    origin: String,
    is_away: Arc<AtomicBool>,
    got: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Gateway {
    fn start() -> Self {
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

    /// The messages, by their keys; of one that came twice, that it was the same.
    fn messages(&self) -> BTreeMap<String, Value> {
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

fn host(gateway: &Gateway) -> Host {
    Host::builder()
        .variable("message_webhook_url", format!("{}/notices", gateway.origin))
        .variable("message_webhook_origin", gateway.origin.clone())
        .start()
}

/// Waits until notice owes no message.
fn delivered(park: &OuterPark) {
    eventually(SETTLING, || {
        let info = park.info("notice");
        if info["messages"]["waiting"] == 0 { Ok(()) } else { Err(info.to_string()) }
    });
}

#[test]
fn customers_are_told_of_their_payments_through_the_gateway() {
    let gateway = Gateway::start();
    let host = host(&gateway);
    let park = OuterPark::of(&host);
    let reservation = park.reserve(park.register(5), 1);
    park.settle();
    park.cancel(reservation);
    park.check();
    delivered(&park);
    let payment = park.payments_of(reservation)[0]["id"].clone();
    let messages = gateway.messages();
    let mut told: Vec<_> = messages.values().map(|message| message["data"].clone()).collect();
    told.sort_by_key(Value::to_string);
    let recipient = format!("payments/{payment}");
    let expected = ["ApprovedPayment", "PaymentCanceled"]
        .map(|text| json!({"recipient": recipient, "text": text}));
    assert_eq!(told, expected);
    for (key, message) in &messages {
        let kind = (&message["type"], &message["source"], &message["id"]);
        assert_eq!(kind, (&json!("Message"), &json!("/outerpark/notice"), &json!(key)));
    }
}

#[test]
fn a_gateway_that_is_away_holds_nobody_up_and_gets_each_message_once_it_is_back() {
    let gateway = Gateway::start();
    gateway.is_away.store(true, Ordering::Relaxed);
    let host = host(&gateway);
    let park = OuterPark::of(&host);
    let musical = park.register(5);
    let reservations = [1, 2].map(|seats| park.reserve(musical, seats));
    park.check();
    assert_eq!(park.all("notices").len(), 2);
    assert_eq!(park.info("notice")["messages"]["waiting"], 2);
    for reservation in reservations {
        assert_eq!(park.page_of(reservation)["status"], "ApprovedPayment");
    }
    gateway.is_away.store(false, Ordering::Relaxed);
    delivered(&park);
    assert_eq!(gateway.messages().len(), 2);
    assert_eq!(park.info("notice")["messages"], json!({"waiting": 0, "dead": 0}));
}

#[test]
fn without_a_gateway_they_are_told_in_the_log_of_the_component() {
    let host = Host::start();
    let park = OuterPark::of(&host);
    let reservation = park.reserve(park.register(5), 1);
    park.check();
    delivered(&park);
    assert_eq!(park.info("notice")["messages"], json!({"waiting": 0, "dead": 0}));
    let payment = &park.payments_of(reservation)[0]["id"];
    let told = format!("\"payments/{payment}\": \"ApprovedPayment\"");
    if host.has_faults() {
        let logs = std::fs::read_dir(host.state_dir().join("logs")).expect("the logs");
        let texts = logs.map(|log| std::fs::read_to_string(log.unwrap().path()).unwrap());
        assert_eq!(texts.filter(|text| text.contains(&told)).count(), 1);
    }
}
