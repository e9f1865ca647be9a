//! A failure watched in the pages: what a customer reads meanwhile, what the flow draws, and how it goes on by
//! itself.

use madang_testing::Trigger;
use madang_testing::browser::Look;
use madang_tests::with_faults;
use serde_json::json;

use crate::support::{Reader, settings};

#[test]
fn a_payment_that_is_down_is_watched_until_it_is_back() {
    let Some(host) = with_faults(settings()) else { return };
    let musical = json!({"musicalId": 1, "name": "명성황후", "reservableSeat": 10});
    host.client().post("/outerpark/musicals", musical).expect(201);
    let reader = Reader::of(&host, Look { lang: "ko", ..Look::WIDE });

    host.down("outerpark-payment");
    reader.visit("/pages/outerpark/reserve");
    reader.submit("reserve", &[("musicalId", "1"), ("seats", "2"), ("price", "50000")]);
    reader.await_text("#mine", "좌석은 확보되어 있습니다.");
    reader.await_text("#mine", "지금 응답하지 않습니다. 돌아오면 저절로 이어집니다.");
    reader.check_access();
    reader.click("#said a");
    reader.await_text("#saga .steps", "결제 멈춤");
    reader.await_there("svg[role=img] .end.away");
    reader.check_access();
    reader.go("/pages/outerpark/map");
    reader.await_text("#map svg .context.bad", "멈춤");
    reader.go("/pages/outerpark/office");
    reader.await_text("#payments .state.bad", "저절로 다시 시도합니다");

    // The same page, without anybody touching it.
    host.heal("outerpark-payment");
    reader.await_text("#payments tbody tr:first-child", "결제 승인");
    reader.go("/pages/outerpark/flow");
    reader.click("#sagas tbody tr:first-child .button");
    reader.await_text("#saga .steps", "PaymentApproved");
    reader.await_text("#saga .steps", "Noticed");
    assert_eq!(reader.count("svg[role=img] .end.away"), 0);
    reader.leave();
}

#[test]
fn a_form_whose_answer_is_lost_is_sent_again_and_done_once() {
    let Some(host) = with_faults(settings().workers(1)) else { return };
    let reader = Reader::of(&host, Look::WIDE);
    // Redis knows the scripts thereafter, so that calls can be counted.
    let first = json!({"title": "first", "status": true});
    let keyed = host.client().with("idempotency-key", "first");
    keyed.post("/bookrent/books", first).expect(201);
    // Who asks whether it is ready may be killed instead, and then nothing is lost.
    let is_lost = |attempt: usize| {
        let title = format!("lost {attempt}");
        reader.go("/pages/bookrent/books");
        reader.fill("#register-title", &title);
        // After the claim of its key and its id comes the commit; its answer is lost.
        host.crash("bookrent-book", 3, Trigger::Http);
        reader.click("#register button");
        reader.await_there("#said");
        let is_lost = reader.count("#said.bad") > 0;
        if is_lost {
            assert!(reader.text("#said").contains("not done twice"), "{}", reader.text("#said"));
            reader.click("#register button");
            reader.await_text("#said", "The book is registered.");
        }
        host.heal("bookrent-book");
        let books = reader.rest("/bookrent/books?size=100");
        let books = books["_embedded"]["books"].as_array().unwrap();
        let registered = books.iter().filter(|book| book["title"] == *title).count();
        assert_eq!(registered, 1, "{title}");
        is_lost
    };
    assert!((0..10).any(is_lost), "no answer was ever lost");
}

#[test]
fn a_host_that_is_gone_is_told_and_found_again() {
    let Some(mut host) = with_faults(settings()) else { return };
    let reader = Reader::of(&host, Look::WIDE);
    reader.visit("/pages/bookrent/books");
    host.kill();
    reader.await_there("#lost:not([hidden])");
    // What was there stays to be read.
    reader.await_text("#books", "No book is registered yet.");
}
