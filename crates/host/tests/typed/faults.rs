//! Typed calls when something fails: a problem that says so, and the next call is none the worse for it.

use crate::application::{Application, MEMORY};
use madang_host::guest::{
    call::Failure,
    faults::{Crash, Order},
};
use serde_json::{Value, json};

fn call(application: &Application, function: &str, argument: Value) -> Result<Value, Value> {
    application.call(application.function("bookrent", function), &[argument])
}

fn book(title: &str) -> Value {
    json!({"title": title, "status": true})
}

fn rent(book: u64) -> Value {
    json!({"bookId": book, "userId": 1, "address": "address1"})
}

#[track_caller]
fn is_free(application: &Application, book: u64) -> Value {
    call(application, "books.find", book.into()).expect("the book")["status"].clone()
}

#[test]
fn without_redis_every_context_is_unavailable_until_it_is_back() {
    let mut application = Application::start();
    call(&application, "books.register", book("title01")).expect("a book");
    application.redis.kill();
    let finding = application.typed().filter(|export| export.function == "find");
    for export in finding {
        let problem = application.call(export, &[json!(1)]).expect_err("Redis is away");
        assert_eq!(problem["status"], 503, "{} {problem}", export.interface);
    }
    let registered = call(&application, "books.register", book("title02"));
    assert_eq!(registered.expect_err("Redis is away")["status"], 503);
    application.redis.restart();
    assert_eq!(call(&application, "books.find", json!(1)).expect("it is back")["title"], "title01");
    assert_eq!(call(&application, "books.find", json!(2)).expect_err("none")["status"], 404);
}

#[test]
fn a_trap_ends_its_own_call_alone() {
    let application = Application::start();
    let register = application.function("bookrent", "books.register");
    // More than an instance may have.
    let trapped = application.try_call(register, &[book(&"x".repeat(MEMORY))]);
    assert!(matches!(trapped, Err(Failure::Trap(_))), "{trapped:?}");
    let registered = call(&application, "books.register", book("title01")).expect("a book");
    assert_eq!((&registered["id"], &registered["title"]), (&json!(1), &json!("title01")));
}

/// book is killed after each of its calls to the outside in turn, while rent waits for its answer.
#[test]
fn a_neighbour_that_dies_at_work_is_asked_again_and_has_done_it_once() {
    let application = Application::start();
    let book_dies = &application.component("bookrent-book").faults;
    for call_number in 1.. {
        let id = call(&application, "books.register", book("title")).expect("a book")["id"].clone();
        let id = id.as_u64().expect("a number");
        book_dies.now().obey(&Order::Crash(Crash { call: call_number, trigger: None }));
        let rented = call(&application, "rents.request", rent(id)).expect("a rent");
        let has_died = book_dies.now().crash.is_none();
        book_dies.now().obey(&Order::Heal);
        assert_eq!(rented["status"], "Rent", "book died after call {call_number}");
        assert_eq!(is_free(&application, id), json!(false), "book died after call {call_number}");
        if !has_died {
            assert!(call_number > 2, "book makes no calls to the outside");
            return;
        }
    }
}

#[test]
fn a_neighbour_that_is_down_costs_the_rent_and_not_the_book() {
    let application = Application::start();
    call(&application, "books.register", book("title01")).expect("a book");
    let faults = &application.component("bookrent-book").faults;
    faults.now().obey(&Order::Down);
    let failed = call(&application, "rents.request", rent(1)).expect("a rent");
    assert_eq!(failed["status"], "Fail");
    faults.now().obey(&Order::Heal);
    assert_eq!(is_free(&application, 1), json!(true));
    assert_eq!(call(&application, "rents.request", rent(1)).expect("a rent")["status"], "Rent");
}
