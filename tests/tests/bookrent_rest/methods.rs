//! Methods: what each path takes, and what it says to the others.

use super::SHARED;
use madang_testing::Body;
use madang_tests::{BookRent, problem};
use serde_json::json;

/// Every kind of path with what it allows.
fn paths(book: u64) -> [(String, &'static str); 14] {
    [
        ("/bookrent".to_owned(), "GET, HEAD, OPTIONS"),
        ("/bookrent/-/rent/openapi.json".to_owned(), "GET, HEAD, OPTIONS"),
        ("/bookrent/books".to_owned(), "GET, HEAD, OPTIONS, POST"),
        (format!("/bookrent/books/{book}"), "GET, HEAD, OPTIONS, PUT, PATCH, DELETE"),
        ("/bookrent/rents".to_owned(), "GET, HEAD, OPTIONS, POST"),
        ("/bookrent/rents/1".to_owned(), "GET, HEAD, OPTIONS, PUT, PATCH, DELETE"),
        ("/bookrent/deliveries".to_owned(), "GET, HEAD, OPTIONS"),
        ("/bookrent/deliveries/1".to_owned(), "GET, HEAD, OPTIONS"),
        ("/bookrent/views".to_owned(), "GET, HEAD, OPTIONS"),
        ("/bookrent/views/1".to_owned(), "GET, HEAD, OPTIONS"),
        ("/bookrent/views/search".to_owned(), "GET, HEAD, OPTIONS"),
        ("/bookrent/views/search/findByRentId".to_owned(), "GET, HEAD, OPTIONS"),
        ("/bookrent/-/book/health/live".to_owned(), "GET, HEAD, OPTIONS"),
        ("/bookrent/-/book/check-and-change-status".to_owned(), "POST, OPTIONS"),
    ]
}

#[test]
fn options_names_what_is_allowed() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    for (path, allowed) in paths(shop.register("options")) {
        let answer = shop.client.options(&path).expect(204);
        assert_eq!(answer.header("allow"), Some(allowed), "{answer}");
        assert!(answer.body.is_empty(), "{answer}");
    }
}

#[test]
fn what_is_not_allowed_is_405_and_says_what_is() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "PURGE"];
    for (path, allowed) in paths(shop.register("not allowed")) {
        for method in methods.iter().filter(|method| !allowed.split(", ").any(|a| a == **method)) {
            let body = ["POST", "PUT", "PATCH"].contains(method).then(|| Body::from("{}"));
            let answer = shop.client.send(method, &path, body).unwrap();
            problem(&answer, 405, &path);
            assert_eq!(answer.header("allow"), Some(allowed), "{answer}");
        }
    }
}

#[test]
fn head_is_get_without_a_body() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("head");
    let item = format!("/bookrent/books/{book}");
    for path in [item.as_str(), "/bookrent/books?size=1", "/bookrent/books/999999999"] {
        let (head, get) = (shop.client.head(path), shop.client.get(path));
        assert_eq!(head.status, get.status, "{head}");
        assert!(head.body.is_empty(), "{head}");
        for name in ["content-type", "etag"] {
            assert_eq!(head.header(name), get.header(name), "{name} of\n{head}\n{get}");
        }
    }
}

#[test]
fn nothing_but_what_is_routed_is_there() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    for path in [
        "/bookrent/books/1/2",
        "/bookrent/books/search",
        "/bookrent/rents/search/findByUserId",
        "/bookrent/views/search/findByBookId",
        "/bookrent/-/book/colours",
        "/bookrent/-/book/profile/rents",
    ] {
        let answer = shop.internal().get(path);
        problem(&answer, 404, path);
    }
    for path in ["/bookrent/authors", "/bookrent/-/nobody/openapi.json", "/nowhere/musicals"] {
        let _ = shop.client.get(path).expect(404);
    }
}

#[test]
fn profiles_name_the_fields() {
    let host = SHARED.host();
    let client = host.client();
    for (collection, context, names) in [
        ("books", "book", vec!["id", "title", "status"]),
        ("rents", "rent", vec!["id", "bookId", "userId", "address", "status"]),
        ("deliveries", "delivery", vec!["id", "bookId", "rentId", "userId", "address", "status"]),
        (
            "views",
            "view",
            vec!["id", "rentId", "bookId", "deliveryId", "rentStatus", "deliveryStatus", "userId"],
        ),
    ] {
        let page = client.get(&format!("/bookrent/{collection}")).expect(200).json();
        let href = page["_links"]["profile"]["href"].as_str().unwrap();
        assert_eq!(href, format!("{}/bookrent/-/{context}/profile/{collection}", host.url()));
        let profile = client.get(href).expect(200);
        assert_eq!(profile.header("content-type"), Some("application/alps+json"));
        let described = &profile.json()["alps"]["descriptor"][0];
        assert_eq!(described["id"], collection);
        let fields: Vec<_> =
            described["descriptor"].as_array().unwrap().iter().map(|d| d["name"].clone()).collect();
        assert_eq!(json!(fields), json!(names));
    }
}
