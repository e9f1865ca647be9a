//! One trace from the request to the last policy, whatever is killed on the way.

use madang_testing::collector::{Collector, Span, tree};
use madang_testing::{Host, Trigger};
use madang_tests::{BookRent, with_faults};
use serde_json::json;
use std::collections::BTreeSet;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CLIENT: &str = "00f067aa0ba902b7";

/// What the rent of a book comes to, without commands and doorbells.
const RENTED: &str = "\
POST /bookrent/rents/... (bookrent-rent)
  POST
    POST /bookrent/-/book/... (bookrent-book)
  process BookRented (bookrent-delivery)
    process DeliveryStarted (bookrent-view)
  process BookRented (bookrent-view)
";

/// Whether it is a command to a store.
fn is_call(span: &Span) -> bool {
    !span.of("db.system.name").is_empty() || span.name.contains("_key_value")
}

/// Whether it is a message that woke a component.
fn is_doorbell(span: &Span) -> bool {
    span.of("messaging.operation") == "receive"
}

fn host(collector: &Collector) -> Option<Host> {
    with_faults(collector.of_spans(Host::builder().workers(1)))
}

/// Rents a book within the trace.
fn rent(shop: &BookRent, book: u64) {
    let client = shop.client.with("traceparent", format!("00-{TRACE}-{CLIENT}-01"));
    let asked = json!({"bookId": book, "userId": 1, "address": "Seoul"});
    let answer = client.post("/bookrent/rents", asked).expect(201);
    assert_eq!(answer.json()["status"], "Rent", "{answer}");
    shop.settle();
}

fn without_calls(spans: &[Span]) -> Vec<Span> {
    spans.iter().filter(|span| !is_call(span) && !is_doorbell(span)).cloned().collect()
}

/// Everything but the first follows from something that is there.
#[track_caller]
fn check_parents(spans: &[Span]) {
    let ids: BTreeSet<&str> = spans.iter().map(|span| span.id.as_str()).collect();
    assert_eq!(ids.len(), spans.len(), "{}", tree(spans));
    for span in spans {
        let parent = span.parent.as_deref();
        assert!(
            parent.is_some_and(|id| id == CLIENT || ids.contains(id)),
            "{span:?}\n{}",
            tree(spans)
        );
    }
}

#[test]
fn a_rent_is_one_trace_to_its_last_policy() {
    let collector = Collector::start();
    let Some(host) = host(&collector) else { return };
    let shop = BookRent::of(&host);
    rent(&shop, shop.register("traced"));
    let spans = collector.trace(TRACE, |spans| tree(&without_calls(spans)) == RENTED);
    // All that happened has ended by now, but for the doorbells.
    check_parents(&spans);
    let first: Vec<_> =
        spans.iter().filter(|span| span.parent.as_deref() == Some(CLIENT)).collect();
    assert_eq!(first.len(), 1, "{}", tree(&spans));
    let of = |name: &str, component: &str| {
        let is = |span: &&Span| span.name == name && span.of("component_id") == component;
        spans.iter().find(is).unwrap_or_else(|| panic!("no {name} in {}", tree(&spans)))
    };
    let started = of("process BookRented", "bookrent-delivery");
    assert_eq!((started.kind, started.of("madang.outcome")), (5, "done"));
    assert_eq!(started.of("cloudevents.event_type"), "BookRented");
    // What a policy asks of the outside is its own: the commit, and the row of a view.
    let below = |parent: &Span| -> Vec<&str> {
        let own =
            spans.iter().filter(|span| span.parent.as_ref() == Some(&parent.id) && is_call(span));
        own.map(|span| span.name.as_str()).collect()
    };
    assert!(below(started).iter().any(|name| name.starts_with("EVAL")), "{}", tree(&spans));
    let viewed = of("process DeliveryStarted", "bookrent-view");
    assert_eq!(below(viewed), ["spin_sqlite.execute"], "{}", tree(&spans));
    // The events say so, too.
    let log = shop.log();
    let told = log.iter().find(|entry| entry.kind == "DeliveryStarted").unwrap();
    assert_eq!(told.text_of("traceparent"), format!("00-{TRACE}-{}-01", started.id));
    // No line about spans is in the logs of components.
    for name in ["bookrent-delivery", "bookrent-view"] {
        let file = host.state_dir().join(format!("logs/{name}_stderr.txt"));
        let lines = std::fs::read_to_string(file).unwrap_or_default();
        assert!(!lines.contains("madang:span"), "{lines}");
    }
}

#[test]
fn a_policy_that_is_killed_ends_its_span_and_the_trace_goes_on() {
    let collector = Collector::start();
    let Some(host) = host(&collector) else { return };
    let shop = BookRent::of(&host);
    // So that Redis knows all scripts.
    let (first, second) = (shop.register("first"), shop.register("second"));
    let _ = shop.rent(first, 1);
    shop.settle();
    // After the commit: before it come the claim and an id.
    host.crash("bookrent-delivery", 3, Trigger::Redis);
    rent(&shop, second);
    let expected = RENTED.replace("(bookrent-delivery)", "(bookrent-delivery) failed");
    let spans = collector.trace(TRACE, |spans| tree(&without_calls(spans)) == expected);
    check_parents(&spans);
    let killed =
        spans.iter().find(|span| span.name == "process BookRented" && span.error.is_some());
    assert_eq!(killed.unwrap().of("error.type"), "killed", "{}", tree(&spans));
}

#[test]
fn a_trace_that_nobody_wants_is_carried_and_not_recorded() {
    let collector = Collector::start();
    let Some(host) = host(&collector) else { return };
    let shop = BookRent::of(&host);
    let book = shop.register("quiet");
    let client = shop.client.with("traceparent", format!("00-{TRACE}-{CLIENT}-00"));
    let asked = json!({"bookId": book, "userId": 1, "address": "Seoul"});
    let _ = client.post("/bookrent/rents", asked).expect(201);
    shop.settle();
    let log = shop.log();
    let told = log.iter().find(|entry| entry.kind == "DeliveryStarted").unwrap();
    let traceparent = told.text_of("traceparent");
    assert!(traceparent.starts_with(&format!("00-{TRACE}-")), "{traceparent}");
    assert!(traceparent.ends_with("-00"), "{traceparent}");
    // What is recorded later is sent later.
    let other = "5bf92f3577b34da6a3ce929d0e0e4736";
    let client = shop.client.with("traceparent", format!("00-{other}-{CLIENT}-01"));
    let _ = client.get("/bookrent/views/1");
    collector.trace(other, |spans| spans.iter().any(|span| span.parent.as_deref() == Some(CLIENT)));
    let spans = collector.spans();
    assert!(spans.iter().all(|span| span.trace != TRACE), "{}", tree(&spans));
}
