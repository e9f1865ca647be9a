//! Typed calls when something fails: a problem that says so, and the next call is none the worse for it.

use crate::application::{Application, MEMORY};
use madang_host::guest::{
    failure::Failure,
    faults::{Crash, Order},
};
use serde_json::{Value, json};

fn register(application: &Application, title: &str) -> Value {
    let book = json!({"title": title, "status": true});
    application.ask("bookrent", "books.register", &[book])["id"].clone()
}

/// How a rent of a book ends.
fn request(application: &Application, book: &Value) -> Value {
    let rent = json!({"bookId": book, "userId": 1, "address": "address1"});
    application.ask("bookrent", "rents.request", &[rent])["status"].clone()
}

fn is_free(application: &Application, book: &Value) -> Value {
    application.ask("bookrent", "books.find", std::slice::from_ref(book))["status"].clone()
}

#[test]
fn without_redis_every_context_is_unavailable_until_it_is_back() {
    let mut application = Application::start();
    register(&application, "title01");
    application.redis.kill();
    for export in application.typed().filter(|export| export.function == "find") {
        let problem = application.call(export, &[json!(1)]).expect_err("Redis is away");
        assert_eq!(problem["status"], 503, "{}: {problem}", export.interface);
    }
    application.redis.restart();
    assert_eq!(application.ask("bookrent", "books.find", &[json!(1)])["title"], "title01");
    assert_eq!(register(&application, "title02"), json!(2));
}

#[test]
fn a_trap_ends_its_own_call_alone() {
    let application = Application::start();
    let function = application.function("bookrent", "books.register");
    // More than an instance may have.
    let book = json!({"title": "x".repeat(MEMORY), "status": true});
    let trapped = application.try_call(function, &[book]);
    assert!(matches!(trapped, Err(Failure::Trap(_))), "it went over its memory with {trapped:?}");
    assert_eq!(register(&application, "title01"), json!(1));
}

/// book is killed after each of its calls to the outside in turn, while rent waits for its answer.
#[test]
fn a_neighbour_that_dies_at_work_is_asked_again_and_has_done_it_once() {
    let application = Application::start();
    let faults = &application.component("bookrent-book").faults;
    for call in 1.. {
        let book = register(&application, "title");
        faults.now().obey(&Order::Crash(Crash { call, trigger: None, process: false }));
        let status = request(&application, &book);
        let has_struck = faults.now().crash.is_none();
        faults.now().obey(&Order::Heal);
        assert_eq!(status, "Rent", "book died after its call {call}");
        assert_eq!(is_free(&application, &book), json!(false), "book died after its call {call}");
        if !has_struck {
            // What it reads, and what it commits.
            assert!(call > 2, "book was killed after {} calls only", call - 1);
            return;
        }
    }
}

#[test]
fn a_neighbour_that_is_down_costs_the_rent_and_not_the_book() {
    let application = Application::start();
    let book = register(&application, "title01");
    let faults = &application.component("bookrent-book").faults;
    faults.now().obey(&Order::Down);
    assert_eq!(request(&application, &book), "Fail");
    faults.now().obey(&Order::Heal);
    assert_eq!(is_free(&application, &book), json!(true));
    assert_eq!(request(&application, &book), "Rent");
}
