//! What each policy does, and that it does it once.

use madang_testing::Host;
use madang_tests::outerpark::{CONTEXTS, OuterPark, PRICE};
use madang_tests::{tell_again, without_leases};
use serde_json::{Value, json};

/// The texts of the notices of a payment, in the order of their ids.
fn noticed(park: &OuterPark, payment: &Value) -> Vec<Value> {
    let notices = park.all("notices").into_iter();
    notices
        .filter(|notice| notice["paymentId"] == payment["id"])
        .map(|notice| notice["sendText"].clone())
        .collect()
}

#[test]
fn on_reserved_the_payment_is_approved_and_all_are_told() {
    let host = Host::start();
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    let reservation = park.reserve(musical, 3);
    park.check();
    assert_eq!(park.status(reservation), "ApprovedPayment");
    let payments = park.payments_of(reservation);
    let fields = (payments.len(), &payments[0]["status"], &payments[0]["price"]);
    assert_eq!(fields, (1, &json!("ApprovedPayment"), &json!(3 * PRICE)));
    assert_eq!(noticed(&park, &payments[0]), ["ApprovedPayment"]);
    let page = park.page_of(reservation);
    let fields = (&page["status"], &page["paymentId"], &page["seats"]);
    assert_eq!(fields, (&json!("ApprovedPayment"), &payments[0]["id"], &json!(3)));
    assert_eq!(park.seats(musical), 7);
}

#[test]
fn on_canceled_the_seats_and_the_money_are_given_back_and_all_are_told() {
    let host = Host::start();
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    let (kept, given_back) = (park.reserve(musical, 2), park.reserve(musical, 3));
    park.settle();
    park.cancel(given_back);
    park.check();
    assert_eq!(park.seats(musical), 8);
    let payments = park.payments_of(given_back);
    assert_eq!((payments.len(), &payments[0]["status"]), (1, &json!("PaymentCanceled")));
    assert_eq!(noticed(&park, &payments[0]), ["ApprovedPayment", "PaymentCanceled"]);
    assert_eq!(park.page_of(given_back)["status"], "PaymentCanceled");
    assert_eq!(park.status(kept), "ApprovedPayment");
}

#[test]
fn seats_are_what_was_corrected_less_what_is_reserved() {
    let host = Host::start();
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    let first = park.reserve(musical, 4);
    park.correct(musical, 20);
    park.reserve(musical, 5);
    park.cancel(first);
    park.check();
    assert_eq!(park.seats(musical), 19);
    park.correct(musical, 0);
    park.check();
    assert_eq!(park.ask(musical, 1).status, 409);
}

#[test]
fn events_that_are_told_again_and_again_have_one_effect() {
    let host = Host::start();
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    park.reserve(musical, 2);
    let canceled = park.reserve(musical, 3);
    park.cancel(canceled);
    park.check();
    let before = park.log();
    tell_again(&park, &CONTEXTS);
    park.check();
    assert_eq!(park.log(), before);
}

#[test]
fn without_their_lease_consumers_get_in_each_others_way_and_still_do_each_thing_once() {
    let host = Host::start();
    let park = OuterPark::of(&host);
    let musical = park.register(100);
    let consumers = ["musical", "reservation", "payment", "notice"];
    without_leases(&park, &consumers, || {
        for _ in 0..25 {
            park.cancel(park.reserve(musical, 1));
        }
    });
    park.check();
    assert_eq!(park.seats(musical), 100);
}
