//! Payment is down, or has too much to do.

use madang_testing::{Host, eventually, in_parallel};
use madang_tests::outerpark::{CONTEXTS, OuterPark};
use madang_tests::{SETTLING, problem, with_faults};
use serde_json::json;

const RESERVATIONS: &str = "/outerpark/reservations";

#[test]
fn with_payment_down_seats_are_reserved_and_with_it_back_all_are_paid() {
    let Some(host) = with_faults(Host::builder()) else { return };
    let park = OuterPark::of(&host);
    let musical = park.register(100);
    park.down(&["payment"]);
    let reservations = in_parallel(20, |_| park.reserve(musical, 2));
    park.follow_all(&["reservation", "customer-center"]);
    for reservation in &reservations {
        assert_eq!(park.status(*reservation), "SeatsReserved");
        assert_eq!(park.page_of(*reservation)["status"], "SeatsReserved");
    }
    let path = "/outerpark/payments";
    problem(&park.client.get(path), 503, path);
    assert_eq!(park.all("notices").len(), 0);
    park.heal(&["payment"]);
    // Looking at the log is nothing that a client does: it wakes nobody.
    eventually(SETTLING, || (park.told("Noticed") == 20).then_some(()));
    park.check();
    for reservation in reservations {
        assert_eq!(park.status(reservation), "ApprovedPayment");
        let page = park.page_of(reservation);
        assert_eq!(page["status"], "ApprovedPayment");
        let notices = park.all("notices");
        let of_it = notices.iter().filter(|notice| notice["paymentId"] == page["paymentId"]);
        let texts: Vec<_> = of_it.map(|notice| notice["sendText"].clone()).collect();
        assert_eq!(texts, ["ApprovedPayment"]);
    }
}

#[test]
fn while_payment_is_too_far_behind_nothing_is_reserved() {
    let settings = Host::builder().variable("outerpark_payment_max_backlog", "3");
    let Some(host) = with_faults(settings) else { return };
    let park = OuterPark::of(&host);
    let musical = park.register(100);
    park.down(&["payment"]);
    let waiting = [1, 2, 3, 4].map(|seats| park.reserve(musical, seats));
    // By more than three events, payment is behind.
    let keyed = park.client.with("idempotency-key", "patient");
    let body = madang_tests::outerpark::asking(musical.number, 5);
    for _ in 0..2 {
        let refused = keyed.post(RESERVATIONS, body.clone());
        let told = problem(&refused, 503, RESERVATIONS)["detail"].clone();
        assert_eq!(told, "payment has too much to do at the moment; try again shortly");
        assert!(refused.header("retry-after").is_some(), "{refused}");
    }
    assert_eq!(park.seats(musical), 90);
    assert_eq!(park.all("reservations").len(), 4);
    // One that is canceled does not wait any more.
    park.cancel(waiting[3]);
    let instead = park.reserve(musical, 4);
    problem(&park.ask(musical, 1), 503, RESERVATIONS);
    park.heal(&["payment"]);
    eventually(SETTLING, || (keyed.post(RESERVATIONS, body.clone()).status == 201).then_some(()));
    park.check();
    assert_eq!(park.seats(musical), 100 - (1 + 2 + 3 + 4 + 5));
    assert_eq!(park.status(instead), "ApprovedPayment");
    assert_eq!(park.status(waiting[3]), "Canceled");
}

#[test]
fn a_payment_that_is_killed_harms_nobody_else() {
    let Some(host) = with_faults(Host::builder()) else { return };
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    park.settle();
    host.crash("outerpark-payment", 1, None);
    let reservation = park.reserve(musical, 1);
    for collection in ["musicals", "reservations", "notices", "myPages"] {
        let _ = park.client.get(&format!("/outerpark/{collection}")).expect(200);
    }
    park.heal(&["payment"]);
    park.check();
    assert_eq!(park.status(reservation), "ApprovedPayment");
}

#[test]
fn stopped_and_started_again_all_is_as_it_was_and_goes_on() {
    let mut host = Host::builder().env("MADANG_REDIS_FSYNC", "always").start();
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    let (kept, canceled) = (park.reserve(musical, 2), park.reserve(musical, 3));
    park.cancel(canceled);
    park.check();
    let log = park.log();
    drop(park);
    host.restart();
    let park = OuterPark::of(&host);
    park.check();
    assert_eq!(park.log(), log);
    assert_eq!(park.seats(musical), 8);
    park.cancel(kept);
    park.check();
    assert_eq!(park.seats(musical), 10);
    for context in CONTEXTS {
        assert_eq!(park.info(context)["deadLetters"], json!(0), "{context}");
    }
}
