//! The limit of requests for each client address and collection.

use std::time::Duration;

use madang::env::Host;
use madang::{Collection, Context, Definition};

use crate::rest::{Asked, Told, ask};
use crate::support::TestHost;
use crate::support::purse::Purse;

struct Purses;

impl Context for Purses {
    fn define() -> Definition {
        Definition::new("quota", "purse").collection(Collection::<Purse>::new())
    }
}

fn limited() -> TestHost {
    let host = TestHost::new();
    host.set("rate_limit", "2");
    host
}

fn from(host: &TestHost, address: &str) -> Told {
    let asked = Asked::get("/quota/purses").header("spin-client-addr", &format!("{address}:4711"));
    ask::<Purses>(host, asked)
}

fn header<'t>(told: &'t Told, name: &str) -> Option<&'t str> {
    told.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

#[test]
fn nobody_is_limited_unless_it_is_asked_for() {
    let host = TestHost::new();
    let told = from(&host, "10.0.0.1");
    assert_eq!((told.status, header(&told, "ratelimit")), (200, None));
    assert!(host.numbers.borrow().as_ref().unwrap().is_empty());
}

#[test]
fn a_client_with_too_many_requests_waits_for_the_next_window() {
    let host = limited();
    host.pause(Duration::from_secs(48));
    let told = from(&host, "10.0.0.1");
    assert_eq!(told.status, 200);
    assert_eq!(header(&told, "ratelimit-policy"), Some("\"purses\";q=2;w=60"));
    assert_eq!(header(&told, "ratelimit"), Some("\"purses\";r=1;t=12"));
    assert_eq!(from(&host, "10.0.0.1").status, 200);
    let refused = from(&host, "10.0.0.1");
    assert_eq!(refused.status, 429);
    assert_eq!(refused.body["title"], "Too Many Requests");
    assert_eq!(refused.body["detail"], "more than 2 requests in 60 s: try again in 12 s");
    assert_eq!(header(&refused, "retry-after"), Some("12"));
    assert_eq!(header(&refused, "ratelimit"), Some("\"purses\";r=0;t=12"));

    assert_eq!(from(&host, "10.0.0.2").status, 200, "others are not limited by it");
    host.pause(Duration::from_secs(12));
    assert_eq!(from(&host, "10.0.0.1").status, 200);
}

#[test]
fn probes_and_preflights_are_not_counted() {
    let host = limited();
    for _ in 0..5 {
        assert_eq!(ask::<Purses>(&host, Asked::get("/quota/-/purse/health/live")).status, 200);
        let preflight = Asked::with_body("OPTIONS", "/quota/purses", serde_json::Value::Null);
        assert_eq!(ask::<Purses>(&host, preflight).status, 204);
    }
    assert!(host.numbers.borrow().as_ref().unwrap().is_empty());
}

#[test]
fn without_its_store_nobody_is_limited() {
    let host = limited();
    *host.numbers.borrow_mut() = None;
    for _ in 0..5 {
        assert_eq!(from(&host, "10.0.0.1").status, 200);
    }
}

#[test]
fn the_oldest_counts_make_room() {
    let host = limited();
    let ring = 16_384;
    // So that the ring comes round.
    host.count_as("{quota}:purse:rate:slots", ring - 3);
    for client in 0..6 {
        from(&host, &format!("10.0.0.{client}"));
    }
    let slots = host.numbers.borrow().as_ref().unwrap().len();
    host.count_as("{quota}:purse:rate:slots", ring - 6);
    for client in 10..16 {
        from(&host, &format!("10.0.0.{client}"));
    }
    assert_eq!(host.numbers.borrow().as_ref().unwrap().len(), slots, "as many as before");
}
