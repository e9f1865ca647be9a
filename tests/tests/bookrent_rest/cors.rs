//! Cross-origin requests, as the Fetch standard has them.

use super::SHARED;
use madang_testing::{Answer, Host};
use madang_tests::BookRent;
use serde_json::json;

const PAGE: &str = "https://page.example";

fn list<'a>(answer: &'a Answer, name: &str) -> Vec<&'a str> {
    answer.header(name).unwrap_or_default().split(',').map(str::trim).collect()
}

#[test]
fn any_page_may_call_unless_told_otherwise() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let path = format!("/bookrent/books/{}", shop.register("cors"));
    let page = shop.client.with("origin", PAGE);
    for answer in [
        page.get(&path).expect(200),
        page.patch(&path, json!({"title": "by a page"})).expect(200),
        page.get("/bookrent/books/999999999").expect(404),
        page.post("/bookrent/books", "{").expect(400),
        page.get("/bookrent/views").expect(200),
    ] {
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{answer}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{answer}");
        let exposed = list(&answer, "access-control-expose-headers");
        for name in ["etag", "location", "retry-after", "madang-lag", "x-correlation-id"] {
            assert!(exposed.contains(&name), "{name} is not exposed\n{answer}");
        }
    }
    let answer = shop.client.get(&path).expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), None, "{answer}");
}

#[test]
fn a_preflight_names_methods_and_headers() {
    let host = SHARED.host();
    let asked = host
        .client()
        .with("origin", PAGE)
        .with("access-control-request-method", "PATCH")
        .with("access-control-request-headers", "content-type,if-match,idempotency-key");
    let answer = asked.options("/bookrent/rents/1").expect(204);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{answer}");
    let methods = list(&answer, "access-control-allow-methods");
    assert!(["GET", "PUT", "PATCH", "DELETE"].iter().all(|m| methods.contains(m)), "{answer}");
    let headers = list(&answer, "access-control-allow-headers");
    for name in ["content-type", "if-match", "if-none-match", "idempotency-key"] {
        assert!(headers.contains(&name), "{name} may not be sent\n{answer}");
    }
    assert!(answer.header("access-control-max-age").is_some(), "{answer}");
    assert_eq!(answer.header("access-control-allow-credentials"), None, "{answer}");
}

#[test]
fn only_listed_pages_may_call_where_there_is_a_list() {
    let listed = "https://a.example, https://b.example";
    let host = Host::builder().variable("cors_origins", listed).start();
    let asked = |origin: &str| {
        let page = host.client().with("origin", origin);
        let preflight = page.with("access-control-request-method", "POST");
        [page.get("/bookrent/books").expect(200), preflight.options("/bookrent/books").expect(204)]
    };
    for origin in ["https://a.example", "https://b.example"] {
        for answer in asked(origin) {
            assert_eq!(answer.header("access-control-allow-origin"), Some(origin), "{answer}");
            assert!(list(&answer, "vary").contains(&"origin"), "{answer}");
            assert_eq!(answer.header("access-control-allow-credentials"), None, "{answer}");
        }
    }
    for origin in ["https://c.example", "http://a.example", "https://a.example:8443", "null", "*"] {
        for answer in asked(origin) {
            assert_eq!(answer.header("access-control-allow-origin"), None, "{answer}");
            assert_eq!(answer.header("access-control-allow-methods"), None, "{answer}");
            assert!(list(&answer, "vary").contains(&"origin"), "{answer}");
        }
    }
}
