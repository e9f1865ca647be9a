//! One item: its shape, its links, and what changes it.

use super::SHARED;
use madang_testing::Client;
use madang_tests::BookRent;
use serde_json::{Value, json};

/// What an item of a collection must be, whole.
fn resource(origin: &str, collection: &str, one: &str, mut fields: Value) -> Value {
    let href = json!({"href": format!("{origin}/bookrent/{collection}/{}", fields["id"])});
    fields["_links"] = json!({"self": href, one: href});
    fields
}

#[test]
fn post_creates_and_tells_where() {
    let host = SHARED.host();
    let client = host.client();
    let sent = json!({"title": "모비 딕", "status": true});
    let answer = client.post("/bookrent/books", sent).expect(201);
    assert_eq!(answer.header("content-type"), Some("application/hal+json"));
    let id = answer.json()["id"].as_u64().unwrap();
    assert!(id >= 1);
    let fields = json!({"id": id, "title": "모비 딕", "status": true});
    let expected = resource(host.url(), "books", "book", fields);
    assert_eq!(answer.json(), expected);
    assert_eq!(answer.location(), format!("{}/bookrent/books/{id}", host.url()));
    let found = client.get(answer.location()).expect(200);
    assert_eq!(found.json(), expected);
    assert_eq!(found.header("content-type"), Some("application/hal+json"));
}

#[test]
fn ids_are_numbers_that_only_go_up() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let first = shop.register("first");
    shop.client.delete(&format!("/bookrent/books/{first}")).expect(204);
    assert!(shop.register("second") > first);
}

#[test]
fn items_of_every_collection_have_their_fields_and_links() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("of every collection");
    let rent = shop.rent(book, 7);
    shop.settle();
    let item = |path: String| shop.client.get(&path).expect(200).json();
    let origin = host.url();

    let fields = json!({
        "id": rent, "bookId": book, "userId": 7, "address": "address 7", "status": "Rent",
    });
    let expected = resource(origin, "rents", "rent", fields);
    assert_eq!(item(format!("/bookrent/rents/{rent}")), expected);

    let delivery = shop.deliveries_of(rent)[0]["id"].as_u64().unwrap();
    let fields = json!({
        "id": delivery, "bookId": book, "rentId": rent, "userId": 7, "address": "address 7",
        "status": "Delivery Started",
    });
    let expected = resource(origin, "deliveries", "delivery", fields);
    assert_eq!(item(format!("/bookrent/deliveries/{delivery}")), expected);

    let view = shop.view_of(rent)["id"].as_u64().unwrap();
    let fields = json!({
        "id": view, "rentId": rent, "bookId": book, "deliveryId": delivery, "rentStatus": "Rent",
        "deliveryStatus": "Delivery Started", "userId": 7,
    });
    let expected = resource(origin, "views", "view", fields);
    assert_eq!(item(format!("/bookrent/views/{view}")), expected);
}

#[test]
fn put_replaces_the_writable_fields() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("before");
    let path = format!("/bookrent/books/{book}");
    let put = json!({"id": 99, "title": "after", "status": false, "colour": "red"});
    let answer = shop.client.put(&path, put).expect(200);
    let fields = json!({"id": book, "title": "after", "status": false});
    assert_eq!(answer.json(), resource(host.url(), "books", "book", fields));
    assert_eq!(shop.client.get(&path).expect(200).json(), answer.json());
}

#[test]
fn patch_merges_whichever_json_it_is_called() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("before");
    let path = format!("/bookrent/books/{book}");
    for media in [
        "application/json",
        "application/merge-patch+json",
        "application/merge-patch+json; charset=utf-8",
    ] {
        let client = shop.client.with("content-type", media);
        let answer = client.patch(&path, json!({"title": media, "id": 99})).expect(200);
        let fields = json!({"id": book, "title": media, "status": true});
        assert_eq!(answer.json(), resource(host.url(), "books", "book", fields));
        assert_eq!(shop.client.get(&path).expect(200).json(), answer.json());
    }
    let answer = shop.client.patch(&path, json!({"status": false})).expect(200);
    assert_eq!(answer.json()["title"], "application/merge-patch+json; charset=utf-8");
    assert_eq!(answer.json()["status"], false);
    let unchanged = shop.client.patch(&path, json!({})).expect(200);
    assert_eq!(unchanged.json(), answer.json());
}

#[test]
fn delete_removes_and_says_nothing() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let path = format!("/bookrent/books/{}", shop.register("to be deleted"));
    let answer = shop.client.delete(&path).expect(204);
    assert!(answer.body.is_empty(), "{answer}");
    assert_eq!(answer.header("content-type"), None, "{answer}");
    let _ = shop.client.get(&path).expect(404);
    let _ = shop.client.delete(&path).expect(404);
    let _ = shop.client.put(&path, json!({"title": "t", "status": true})).expect(404);
    let _ = shop.client.patch(&path, json!({"title": "t"})).expect(404);
}

#[test]
fn links_are_those_of_the_address_that_the_client_used() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("seen from outside");
    let path = format!("/bookrent/books/{book}");
    let own = host.url().trim_start_matches("http://");
    let seen = |client: &Client| {
        let answer = client.get(&path).expect(200).json();
        assert_eq!(answer["_links"]["self"], answer["_links"]["book"]);
        answer["_links"]["self"]["href"].as_str().unwrap().to_owned()
    };
    let plain = &shop.client;
    let named = plain.with("x-forwarded-host", "shop.example");
    for (client, origin) in [
        (plain.clone(), host.url().to_owned()),
        (plain.with("host", "localhost:1234"), "http://localhost:1234".to_owned()),
        (plain.with("x-forwarded-proto", "https"), format!("https://{own}")),
        (named.clone(), "http://shop.example".to_owned()),
        (named.with("x-forwarded-proto", "https"), "https://shop.example".to_owned()),
        (named.with("x-forwarded-port", "8080"), "http://shop.example:8080".to_owned()),
        (named.with("x-forwarded-port", "80"), "http://shop.example".to_owned()),
        (plain.with("x-forwarded-host", "a.example, b.example"), "http://a.example".to_owned()),
    ] {
        assert_eq!(seen(&client), format!("{origin}{path}"), "{client:?}");
    }
    let outside = named.with("x-forwarded-proto", "https");
    let page = outside.get("/bookrent/books?size=1").expect(200).json();
    let own = "https://shop.example/bookrent/books?size=1";
    assert_eq!(page["_links"]["self"]["href"], own);
    let item = page["_embedded"]["books"][0]["_links"]["self"]["href"].as_str().unwrap();
    assert!(item.starts_with("https://shop.example/bookrent/books/"), "{item}");
    let made = outside.post("/bookrent/books", json!({"title": "t", "status": true})).expect(201);
    assert!(made.location().starts_with("https://shop.example/bookrent/books/"), "{made}");
}
