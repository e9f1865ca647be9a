//! What is done by typed calls alone is what is done over HTTP: the same answers, and the same left in Redis.

use crate::{application::Application, keys, linked::Answer};
use madang_testing::{
    Answer as Http, Client, Host, bookrent::BookRent, log::without, spin_manifest,
};
use serde_json::{Value, json};

/// A way into BookRent.
trait Way {
    /// Calls a function, `books.register`.
    fn call(&self, function: &str, arguments: &[Value]) -> Answer;

    /// Waits until every context has heard all that was told.
    fn settle(&self);
}

impl Way for Application {
    fn call(&self, function: &str, arguments: &[Value]) -> Answer {
        Application::call(self, self.function("bookrent", function), arguments)
    }

    fn settle(&self) {
        Application::settle(self, "bookrent");
    }
}

impl Way for BookRent<'_> {
    fn call(&self, function: &str, arguments: &[Value]) -> Answer {
        let (interface, function) =
            function.split_once('.').expect("an interface and its function");
        let (collection, first) = (format!("/bookrent/{interface}"), &arguments[0]);
        let item = format!("{collection}/{first}");
        let answer = match function {
            "register" | "request" => self.client.post(&collection, first.clone()),
            "find" => self.client.get(&item),
            "change" => self.client.put(&item, arguments[1].clone()),
            "cancel" => self.client.patch(&item, json!({"status": "Cancel"})),
            "remove" => self.client.delete(&item),
            question => ask_book(&self.internal(), question, first),
        };
        answer_of(&answer)
    }

    fn settle(&self) {
        BookRent::settle(self);
    }
}

/// Asks book as rent does.
fn ask_book(internal: &Client, question: &str, taking: &Value) -> Http {
    let key = format!("rents/{}", taking["rentId"]);
    let client = internal.with("idempotency-key", key);
    client.post(&format!("/bookrent/-/book/{question}"), taking.clone())
}

/// A resource without its links, and of a problem what WIT's has.
fn answer_of(http: &Http) -> Answer {
    if http.is_success() {
        let body = http.text();
        let value = if body.is_empty() { Value::Null } else { http.json() };
        return Ok(without(&value, &["_links"]));
    }
    let problem = http.json();
    let members =
        ["status", "title", "detail"].map(|name| (name.to_owned(), problem[name].clone()));
    Err(members.into_iter().collect())
}

/// A day in BookRent, call by call, with what is to come of each at least; and all that came.
fn day(way: &dyn Way) -> Vec<(String, Answer)> {
    let book = |title: &str| json!({"title": title, "status": true});
    let rent = |book: u64, user: u64, address: &str| json!({"bookId": book, "userId": user, "address": address});
    let taking = |book: u64, rent: u64| json!({"bookId": book, "rentId": rent});
    let id = |id: u64| vec![json!(id)];
    let is = |status: &str| Ok(json!({"status": status}));
    let refused = |status: u16| Err(json!({"status": status}));
    let nothing = || Ok(json!({}));
    let took = |took: bool| Ok(json!(took));
    let heard = ("", Vec::new(), nothing());

    let steps: Vec<(&str, Vec<Value>, Answer)> = vec![
        ("books.register", vec![book("모비 딕")], Ok(json!({"id": 1, "status": true}))),
        ("books.register", vec![book("title02")], Ok(json!({"id": 2}))),
        ("books.register", vec![book("")], refused(400)),
        ("books.register", vec![book(&"x".repeat(201))], refused(400)),
        ("books.find", id(1), Ok(json!({"title": "모비 딕"}))),
        ("books.find", id(99), refused(404)),
        // A rent takes its book, others fail, and a wrong one is none.
        ("rents.request", vec![rent(1, 7, "서울시 중구")], is("Rent")),
        ("books.find", id(1), Ok(json!({"status": false}))),
        ("rents.request", vec![rent(1, 8, "address 8")], is("Fail")),
        ("rents.request", vec![rent(77, 8, "address 8")], is("Fail")),
        ("rents.request", vec![rent(2, 8, "")], refused(400)),
        heard.clone(),
        ("rents.find", id(1), is("Rent")),
        ("deliveries.find", id(1), is("Delivery Started")),
        (
            "views.find",
            id(1),
            Ok(json!({"rentStatus": "Rent", "deliveryStatus": "Delivery Started"})),
        ),
        ("views.find", id(9), refused(404)),
        // What is held stays.
        ("books.remove", id(1), refused(409)),
        ("rents.remove", id(1), refused(409)),
        ("books.change", vec![json!(2), book("title03")], Ok(json!({"title": "title03"}))),
        ("books.change", vec![json!(2), book("")], refused(400)),
        ("books.change", vec![json!(99), book("title03")], refused(404)),
        // A cancel is told, and the book is free again.
        ("rents.cancel", id(2), refused(409)),
        ("rents.cancel", id(99), refused(404)),
        ("rents.cancel", id(1), is("Cancel")),
        ("rents.cancel", id(1), refused(409)),
        heard.clone(),
        ("books.find", id(1), Ok(json!({"status": true}))),
        ("deliveries.find", id(1), is("Delivery Cancelled")),
        (
            "views.find",
            id(1),
            Ok(json!({"rentStatus": "Cancel", "deliveryStatus": "Delivery Cancelled"})),
        ),
        // A taking has one answer, whoever asks by whichever way: rent 1 was told yes.
        ("books.check-and-change-status", vec![taking(1, 1)], took(true)),
        ("books.check-and-change-status", vec![taking(2, 901)], took(true)),
        ("books.check-and-change-status", vec![taking(2, 901)], took(true)),
        ("books.check-and-change-status", vec![taking(2, 902)], took(false)),
        ("books.give-back", vec![taking(2, 901)], nothing()),
        ("books.check-and-change-status", vec![taking(2, 901)], took(false)),
        ("books.give-back", vec![taking(2, 903)], nothing()),
        ("books.check-and-change-status", vec![taking(2, 903)], took(false)),
        ("books.check-and-change-status", vec![taking(99, 904)], took(false)),
        ("rents.request", vec![rent(2, 9, "address 9")], is("Rent")),
        ("rents.remove", id(1), nothing()),
        ("rents.find", id(1), refused(404)),
        ("books.remove", id(1), nothing()),
        ("books.find", id(1), refused(404)),
        heard,
        ("views.find", id(2), Ok(json!({"rentId": 5, "deliveryId": 2}))),
    ];
    let mut came = Vec::new();
    for (function, arguments, expected) in steps {
        if function.is_empty() {
            way.settle();
            continue;
        }
        let answer = way.call(function, &arguments);
        let call = format!("{function}{}", Value::from(arguments));
        assert!(holds(&answer, &expected), "{call} is {answer:?}, not {expected:?}");
        came.push((call, answer));
    }
    came
}

/// Whether an answer is the expected one, or has its members.
fn holds(answer: &Answer, expected: &Answer) -> bool {
    let has = |value: &Value, expected: &Value| match expected.as_object() {
        Some(members) => members.iter().all(|(name, expected)| value[name] == *expected),
        None => value == expected,
    };
    match (answer, expected) {
        (Ok(value), Ok(expected)) | (Err(value), Err(expected)) => has(value, expected),
        _ => false,
    }
}

#[test]
fn typed_calls_have_the_effects_and_the_answers_of_http() {
    let application = Application::start();
    let typed = day(&application);

    let host =
        Host::builder().manifest(spin_manifest()).variable("call_timeout_ms", "20000").start();
    let shop = BookRent::of(&host);
    let http = day(&shop);
    for (typed, http) in typed.iter().zip(&http) {
        assert_eq!(
            typed, http,
            "by a typed call (left) it is something else than over HTTP (right)"
        );
    }

    let by_typed = keys::of(&mut application.redis.connect(), "bookrent");
    let over_http = keys::of(&mut host.redis(), "bookrent");
    assert!(by_typed.contains_key("{bookrent}:log"), "{by_typed:#?}");
    for (key, value) in &over_http {
        assert_eq!(
            by_typed.get(key),
            Some(value),
            "typed calls (left) leave another {key} than HTTP"
        );
    }
    let only: Vec<_> = by_typed.keys().filter(|key| !over_http.contains_key(*key)).collect();
    assert!(only.is_empty(), "typed calls leave what HTTP does not: {only:?}");

    // rent has asked book, and nobody anybody else.
    let asked = application.asked();
    let takes = asked.iter().filter(|path| *path == "/bookrent/-/book/check-and-change-status");
    assert_eq!((takes.count(), asked.len()), (4, 4), "{asked:?}");
}
