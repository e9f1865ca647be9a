//! Bad input: refused by name, and nothing of it stored.

use super::SHARED;
use madang_testing::{Answer, Body};
use madang_tests::{BookRent, errors, problem};
use serde_json::{Value, json};

/// The most that a body may hold.
const MEBIBYTE: usize = 1 << 20;

/// The one field that an answer names, with what was sent there.
#[track_caller]
fn refused(answer: &Answer, instance: &str, entity: &str) -> (String, Value) {
    let mut errors = errors(answer, instance);
    assert_eq!(errors.len(), 1, "{answer}");
    let (named, property, invalid) = errors.remove(0);
    assert_eq!(named, entity, "{answer}");
    (property, invalid)
}

#[test]
fn a_book_with_a_bad_field_is_400_and_names_it() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let path = format!("/bookrent/books/{}", shop.register("stays"));
    let before = shop.client.get(&path).expect(200).json();
    let long = "책".repeat(201);
    for (body, property, invalid) in [
        (json!({"status": true}), "title", Value::Null),
        (json!({"title": "t"}), "status", Value::Null),
        (json!({"title": null, "status": true}), "title", Value::Null),
        (json!({"title": 7, "status": true}), "title", json!(7)),
        (json!({"title": ["t"], "status": true}), "title", json!(["t"])),
        (json!({"title": "t", "status": "yes"}), "status", json!("yes")),
        (json!({"title": "t", "status": 1}), "status", json!(1)),
        (json!({"title": "", "status": true}), "title", json!("")),
        (json!({"title": long, "status": true}), "title", json!(long)),
        (json!([]), "body", Value::Null),
        (json!("text"), "body", Value::Null),
    ] {
        let answer = shop.client.post("/bookrent/books", body.clone());
        let expected = (property.to_owned(), invalid);
        assert_eq!(refused(&answer, "/bookrent/books", "Book"), expected, "{answer}");
        assert_eq!(refused(&shop.client.put(&path, body), &path, "Book"), expected, "{answer}");
    }
    for (patch, property) in [
        (json!({"title": ""}), "title"),
        (json!({"title": null}), "title"),
        (json!({"status": "no"}), "status"),
    ] {
        let answer = shop.client.patch(&path, patch);
        assert_eq!(refused(&answer, &path, "Book").0, property, "{answer}");
    }
    assert_eq!(shop.client.get(&path).expect(200).json(), before);
}

#[test]
fn a_title_of_200_characters_is_taken_and_unknown_fields_are_ignored() {
    let host = SHARED.host();
    let title = "책".repeat(200);
    let body = json!({"title": title, "status": true, "colour": "red", "nested": {"deep": [1]}});
    let made = host.client().post("/bookrent/books", body).expect(201).json();
    assert_eq!(made["title"], title);
    assert_eq!(made.get("colour").or(made.get("nested")), None);
}

#[test]
fn a_rent_with_a_bad_field_is_400_and_names_it() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("not rented by mistake");
    let good = json!({"bookId": book, "userId": 1, "address": "a"});
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let without = |field: &str| {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(field);
        body
    };
    let long = "x".repeat(501);
    for (body, property, invalid) in [
        (without("bookId"), "bookId", Value::Null),
        (without("userId"), "userId", Value::Null),
        (without("address"), "address", Value::Null),
        (with("bookId", json!("one")), "bookId", json!("one")),
        (with("bookId", json!(-1)), "bookId", json!(-1)),
        (with("bookId", json!(1.5)), "bookId", json!(1.5)),
        (with("bookId", json!(0)), "bookId", json!(0)),
        (with("userId", json!(true)), "userId", json!(true)),
        (with("userId", json!(-7)), "userId", json!(-7)),
        (with("userId", json!(0)), "userId", json!(0)),
        (with("address", json!(1)), "address", json!(1)),
        (with("address", json!("")), "address", json!("")),
        (with("address", json!(long)), "address", json!(long)),
        (json!({"book_id": book, "user_id": 1, "address": "a"}), "bookId", Value::Null),
    ] {
        let answer = shop.client.post("/bookrent/rents", body);
        let expected = (property.to_owned(), invalid);
        assert_eq!(refused(&answer, "/bookrent/rents", "Rent"), expected, "{answer}");
    }
    assert!(shop.is_free(book));
}

#[test]
fn an_id_that_is_no_number_is_400_and_names_it() {
    let host = SHARED.host();
    for (collection, entity) in
        [("books", "Book"), ("rents", "Rent"), ("deliveries", "Delivery"), ("views", "View")]
    {
        for id in ["one", "0", "-1", "1.5", "18446744073709551616", "%31x"] {
            let path = format!("/bookrent/{collection}/{id}");
            let answer = host.client().get(&path);
            assert_eq!(refused(&answer, &path, entity), ("id".to_owned(), json!(id)), "{answer}");
        }
    }
}

#[test]
fn what_is_not_there_is_404() {
    let host = SHARED.host();
    for collection in ["books", "rents", "deliveries", "views"] {
        for id in ["999999999", "18446744073709551615"] {
            let path = format!("/bookrent/{collection}/{id}");
            problem(&host.client().get(&path), 404, &path);
        }
    }
}

#[test]
fn a_body_that_is_no_json_or_no_utf_8_is_400() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let item = format!("/bookrent/books/{}", shop.register("stays as it is"));
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let bodies: [Body; 5] = [
        "".into(),
        "{".into(),
        "{\"title\": \"t\", \"status\": true} more".into(),
        b"{\"title\": \"\xff\xfe\", \"status\": true}".to_vec().into(),
        deep.as_str().into(),
    ];
    for body in bodies {
        problem(&shop.client.post("/bookrent/books", body.clone()), 400, "/bookrent/books");
        problem(&shop.client.put(&item, body.clone()), 400, &item);
        problem(&shop.client.patch(&item, body), 400, &item);
    }
    assert_eq!(shop.client.get(&item).expect(200).json()["title"], "stays as it is");
}

#[test]
fn a_body_of_another_type_is_415() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let item = format!("/bookrent/books/{}", shop.register("typed"));
    let body = json!({"title": "t", "status": true}).to_string();
    for media in ["text/plain", "application/x-www-form-urlencoded", "application/xml", "json"] {
        let client = shop.client.with("content-type", media);
        problem(&client.post("/bookrent/books", body.as_str()), 415, "/bookrent/books");
        problem(&client.put(&item, body.as_str()), 415, &item);
        problem(&client.patch(&item, body.as_str()), 415, &item);
    }
    let charset = shop.client.with("content-type", "Application/JSON; charset=UTF-8");
    let _ = charset.post("/bookrent/books", body.as_str()).expect(201);
}

#[test]
fn a_body_may_hold_one_mebibyte_and_no_more() {
    let host = SHARED.host();
    let padded = |length: usize| {
        let body = json!({"title": "padded", "status": true}).to_string();
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    let client = host.client();
    let _ = client.post("/bookrent/books", padded(MEBIBYTE).as_str()).expect(201);
    for length in [MEBIBYTE + 1, 2 * MEBIBYTE] {
        let answer = client.post("/bookrent/books", padded(length).as_str());
        problem(&answer, 413, "/bookrent/books");
    }
    // The connection, or another, goes on serving.
    let _ = client.get("/bookrent/books?size=1").expect(200);
}

#[test]
fn odd_text_comes_back_as_it_was_sent() {
    let host = SHARED.host();
    let client = host.client();
    for title in
        ["\u{0}", "a\u{0}b", "\"quoted\\\"", "<script>", "한글 📚", "line\nbreak", "'; --", "{{x}}"]
    {
        let body = json!({"title": title, "status": true});
        let made = client.post("/bookrent/books", body).expect(201);
        assert_eq!(made.json()["title"], title);
        assert_eq!(client.get(made.location()).expect(200).json()["title"], title);
    }
    assert!(client.get("/bookrent/books?sort=title&size=1000").expect(200).is_success());
}
