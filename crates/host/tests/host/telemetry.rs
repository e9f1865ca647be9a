//! Spans: what a collector gets of requests, and what becomes of requests when it gets none.

use crate::app::{Action, App, Folder, wait_for};
use madang_testing::collector::{Collector, Span, tree};
use std::{
    io::{Read, Write},
    net::TcpStream,
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CLIENT: &str = "00f067aa0ba902b7";

fn folder() -> Folder {
    Folder::new(
        &[
            ("hello", Action::Answer),
            ("trap", Action::Trap),
            ("loop", Action::Loop),
            ("odd", Action::Status(400)),
            ("pour", Action::Pour("")),
            ("echo", Action::Echo("traceparent")),
            ("store", Action::Store("default")),
            ("away", Action::Call("127.0.0.1:1")),
            ("call", Action::Call("echo.spin.internal")),
        ],
        "",
    )
}

/// Its manifest, with what two of its components may do.
fn granted() -> Folder {
    let folder = folder();
    let manifest = std::fs::read_to_string(folder.path().join("spin.toml")).unwrap();
    let grants = manifest
        .replace("\"store.wasm\"", "\"store.wasm\"\nkey_value_stores = [\"default\"]")
        .replace(
            "\"away.wasm\"",
            "\"away.wasm\"\nallowed_outbound_hosts = [\"http://127.0.0.1:1\"]",
        )
        .replace(
            "\"call.wasm\"",
            "\"call.wasm\"\nallowed_outbound_hosts = [\"http://echo.spin.internal\"]",
        );
    folder.write_manifest(&grants);
    folder
}

fn up(folder: &Folder, collector: &Collector, more: &[(&str, &str)]) -> App {
    let own = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url()), ("OTEL_BSP_SCHEDULE_DELAY", "50")];
    folder.up_with(&[&own[..], more].concat(), &["--workers", "1", "--request-timeout", "500ms"])
}

/// Asks within the trace, and gives it as soon as it has so many spans.
fn traced(app: &App, collector: &Collector, path: &str, count: usize) -> Vec<Span> {
    let trace = format!("{:032x}", rand::random::<u128>());
    let parent = format!("00-{trace}-{CLIENT}-01");
    app.ask(path, &[("traceparent", &parent)]);
    collector.trace(&trace, |spans| spans.len() >= count)
}

#[test]
fn a_request_is_a_span_and_so_is_what_it_asks_of_the_outside() {
    let (folder, collector) = (granted(), Collector::start());
    let app = up(&folder, &collector, &[]);
    let parent = format!("00-{TRACE}-{CLIENT}-01");
    let answer = app.ask("/call?name=kim", &[("traceparent", &parent)]);
    let spans = collector.trace(TRACE, |spans| spans.len() == 3);
    let expected = "GET /call (call)\n  GET\n    GET /... (echo)\n";
    assert_eq!(tree(&spans), expected);
    let find = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let (server, client, echo) = (find("GET /call"), find("GET"), find("GET /..."));
    assert_eq!(server.parent.as_deref(), Some(CLIENT));
    assert_eq!([server.kind, client.kind, echo.kind], [2, 3, 2]);
    // The component is told of the span that it answers in.
    assert_eq!(answer.headers()["echo"], format!("00-{TRACE}-{}-01", echo.id));
    for (attribute, value) in [
        ("http.request.method", "GET"),
        ("http.route", "/call"),
        ("url.path", "/call"),
        ("url.scheme", "http"),
        ("network.peer.address", "127.0.0.1"),
        ("http.response.status_code", "200"),
    ] {
        assert_eq!(server.of(attribute), value, "{attribute}");
    }
    assert_eq!(client.of("url.full"), "http://echo.spin.internal/far/away");
    assert_eq!(client.of("server.address"), "echo.spin.internal");
    assert_eq!(client.of("http.response.status_code"), "200");
    assert!(
        spans.iter().all(|span| span.error.is_none() && span.time.0 <= span.time.1),
        "{spans:?}"
    );
    assert!(spans.iter().all(|span| !format!("{span:?}").contains("kim")), "{spans:?}");
    assert_eq!(server.resource["service.name"], "test");

    let spans = traced(&app, &collector, "/store", 2);
    assert_eq!(tree(&spans), "GET /store (store)\n  spin_key_value.set\n");
}

#[test]
fn what_fails_is_told_of_its_span() {
    let (folder, collector) = (granted(), Collector::start());
    let app = up(&folder, &collector, &[("MADANG_LOG_FORMAT", "json")]);
    let failed = |path: &str| {
        let spans = traced(&app, &collector, path, 1);
        let [span] = &spans[..] else { panic!("{}", tree(&spans)) };
        let status = span.of("http.response.status_code").to_owned();
        (span.of("error.type").to_owned(), span.error.clone(), status)
    };
    let (kind, why, status) = failed("/trap");
    assert_eq!((kind.as_str(), status.as_str()), ("trap", "500"));
    assert!(why.as_ref().is_some_and(|why| why.contains("unreachable")), "{why:?}");
    let (kind, why, status) = failed("/loop");
    assert_eq!((kind.as_str(), status.as_str()), ("timeout", "504"), "{why:?}");
    // The line in the log belongs to the span.
    let span = collector.spans().into_iter().find(|span| span.name == "GET /trap").unwrap();
    let ids = format!("\"trace_id\":\"{}\",\"span_id\":\"{}\"", span.trace, span.id);
    wait_for("the line of the trap", || app.errors().contains(&ids));

    app.order("/components/hello/down", "{}");
    assert_eq!(failed("/hello").0, "down");
    app.order("/components/hello/heal", "{}");
    assert_eq!(failed("/hello"), (String::new(), None, "200".to_owned()));

    // What was refused may be anything: its path is not told.
    let spans = traced(&app, &collector, "/odd", 1);
    assert_eq!((spans[0].error.as_ref(), spans[0].attributes.get("url.path")), (None, None));

    let spans = traced(&app, &collector, "/away", 2);
    assert_eq!(tree(&spans), "GET /away (away) failed\n  GET failed\n");
}

#[test]
fn an_answer_that_is_not_taken_ends_its_span() {
    let (folder, collector) = (granted(), Collector::start());
    let app = up(&folder, &collector, &[]);
    let mut client = TcpStream::connect(app.address()).unwrap();
    let head = format!("GET /pour HTTP/1.1\r\nhost: {}\r\n", app.address());
    write!(client, "{head}traceparent: 00-{TRACE}-{CLIENT}-01\r\n\r\n").unwrap();
    client.read_exact(&mut [0; 1000]).unwrap();
    drop(client);
    let spans = collector.trace(TRACE, |spans| spans.len() == 1);
    assert_eq!(spans[0].of("error.type"), "abandoned", "{spans:?}");
}

#[test]
fn who_asks_decides_whether_it_is_recorded() {
    let (folder, collector) = (granted(), Collector::start());
    let app = up(&folder, &collector, &[]);
    let not = format!("00-{TRACE}-{CLIENT}-00");
    let answer = app.ask("/call", &[("traceparent", &not)]);
    let told = answer.headers()["echo"].to_str().unwrap().to_owned();
    assert!(told.starts_with(&format!("00-{TRACE}-")) && told.ends_with("-00"), "{told}");
    // Without a parent it is; and what is sent later comes later.
    assert_eq!(app.get("/hello"), 200);
    wait_for("the other trace", || collector.spans().iter().any(|one| one.name == "GET /hello"));
    let spans = collector.spans();
    assert!(spans.iter().all(|span| span.trace != TRACE), "{}", tree(&spans));
    assert!(spans.iter().all(|span| span.parent.is_none()), "{}", tree(&spans));
    drop(app);

    let app = up(&folder, &collector, &[("OTEL_TRACES_SAMPLER", "parentbased_always_off")]);
    let before = collector.spans().len();
    let told = app.ask("/echo", &[]).headers()["echo"].to_str().unwrap().to_owned();
    assert!(told.ends_with("-00"), "{told}");
    let spans = traced(&app, &collector, "/hello", 1);
    assert_eq!((spans.len(), collector.spans().len()), (1, before + 1));
}

#[test]
fn a_collector_that_is_away_costs_spans_and_no_requests() {
    let (folder, collector) = (granted(), Collector::start());
    // It takes them and says nothing.
    collector.answer(0);
    let few = [
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "200"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "4"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b"),
    ];
    let app = up(&folder, &collector, &few);
    let said = |what: &str| app.errors().matches(what).count();
    assert_eq!(app.get("/hello"), 200);
    wait_for("a line about it", || said("spans cannot be sent to") == 1);
    assert!(app.errors().contains("/v1/traces (no answer within 200 ms); requests are served"));
    for _ in 0..50 {
        assert_eq!(app.get("/hello"), 200);
    }
    let tried = collector.heads().len();
    wait_for("two more tries", || collector.heads().len() >= tried + 2);
    assert_eq!(said("spans cannot be sent to"), 1, "{}", app.errors());
    collector.answer(200);
    wait_for("a line that it is back", || said("spans are sent to") == 1);
    assert!(said("were lost so far") == 1 && said("; 0 were lost") == 0, "{}", app.errors());
    let head = collector.heads().pop().unwrap();
    assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-type: application/x-protobuf\r\n"), "{head}");
    assert!(head.contains("\r\nx-key: a b\r\n"), "{head}");
    wait_for("the counts", || {
        let (_, _, text) = app.told("/metrics");
        let count = |result| {
            let sample = format!("madang_spans_total{{result=\"{result}\"}}");
            crate::metrics::number(&text, &sample).unwrap_or_else(|| panic!("{text}"))
        };
        count("lost") > 0.0 && count("sent") + count("lost") >= 51.0
    });
}

#[test]
fn nobody_at_the_collectors_address_is_told_once_for_all_processes() {
    let folder = granted();
    let nowhere = [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:1/spans"),
        ("OTEL_BSP_SCHEDULE_DELAY", "20"),
    ];
    let app = folder.up_with(&nowhere, &["--workers", "2"]);
    for _ in 0..20 {
        assert_eq!(app.get("/hello"), 200);
    }
    let said = || app.errors().matches("spans cannot be sent to http://127.0.0.1:1/spans").count();
    wait_for("a line about it", || said() > 0);
    for _ in 0..20 {
        assert_eq!(app.get("/hello"), 200);
    }
    let errors = folder.path().join("errors.txt");
    assert!(app.stop().0);
    let errors = std::fs::read_to_string(errors).unwrap();
    assert_eq!(errors.matches("spans cannot be sent").count(), 1, "{errors}");
}

#[test]
fn what_waits_is_sent_before_the_end() {
    let (folder, collector) = (granted(), Collector::start());
    let late = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url()),
        ("OTEL_BSP_SCHEDULE_DELAY", "3600000"),
        ("OTEL_SERVICE_NAME", "named"),
    ];
    let app = folder.up_with(&late, &["--workers", "1"]);
    assert_eq!(app.get("/hello"), 200);
    assert!(collector.spans().is_empty());
    assert!(app.stop().0);
    let spans = collector.spans();
    assert_eq!(tree(&spans), "GET /hello (hello)\n");
    assert_eq!(spans[0].resource["service.name"], "named");
}

#[test]
fn without_an_endpoint_nothing_is_changed() {
    let folder = granted();
    let app = folder.up(&["--workers", "1"]);
    let parent = format!("00-{TRACE}-{CLIENT}-01");
    assert_eq!(app.ask("/call", &[("traceparent", &parent)]).headers().get("echo"), None);
    assert_eq!(app.ask("/echo", &[("traceparent", &parent)]).headers()["echo"], parent);
    assert!(!app.told("/metrics").2.contains("madang_spans_total"));
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_served() {
    let folder = folder();
    for (name, value, expected) in [
        (
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "grpc",
            "OTEL_EXPORTER_OTLP_PROTOCOL is \"grpc\": it may be",
        ),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "here", "it may be a URL like http://127.0.0.1:4318"),
        ("OTEL_TRACES_SAMPLER", "some", "it may be always_on, always_off, traceidratio,"),
    ] {
        let mut command = folder.command(&["up", "--listen", "127.0.0.1:0"]);
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1").env(name, value);
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(expected), "{said}");
    }
}
