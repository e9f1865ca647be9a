//! A context that was down while events were told hears all of them when it is back, in order, and
//! without any client doing anything.

use super::host;
use madang_testing::eventually;
use madang_tests::SETTLING;
use madang_tests::outerpark::OuterPark;
use serde_json::{Value, json};

#[test]
fn what_is_reserved_is_paid_late_in_order() {
    let Some(host) = host() else { return };
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    park.down(&["payment"]);
    let reservations = [1, 2, 3].map(|seats| park.reserve(musical, seats));
    park.follow("customer-center");
    for reservation in reservations {
        let page = park.page_of(reservation);
        assert_eq!((&page["status"], &page["paymentId"]), (&json!("SeatsReserved"), &json!(null)));
    }
    park.heal(&["payment"]);
    park.check();
    let paid: Vec<_> = park.all("payments").iter().map(|p| p["reservationId"].clone()).collect();
    assert_eq!(paid, reservations.map(Value::from));
}

#[test]
fn what_was_canceled_meanwhile_is_paid_and_canceled_in_order_and_stays_canceled() {
    let Some(host) = host() else { return };
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    park.down(&["payment"]);
    let reservation = park.reserve(musical, 4);
    park.cancel(reservation);
    park.follow("customer-center");
    assert_eq!(park.page_of(reservation)["status"], "Canceled");
    // The seats do not wait for the payment.
    eventually(SETTLING, || (park.seats(musical) == 10).then_some(()));
    park.heal(&["payment"]);
    park.check();
    assert_eq!(park.status(reservation), "Canceled");
    assert_eq!(park.payments_of(reservation)[0]["status"], "PaymentCanceled");
    assert_eq!(park.page_of(reservation)["status"], "PaymentCanceled");
    let refusals = park.info("reservation")["refusals"].clone();
    assert_eq!(refusals.as_array().map(Vec::len), Some(1), "{refusals}");
    assert_eq!(refusals[0]["reason"], "the reservation is canceled");
}

#[test]
fn seats_are_given_back_late() {
    let Some(host) = host() else { return };
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    let reservation = park.reserve(musical, 4);
    park.down(&["musical"]);
    park.cancel(reservation);
    eventually(SETTLING, || {
        (park.page_of(reservation)["status"] == "PaymentCanceled").then_some(())
    });
    park.heal(&["musical"]);
    eventually(SETTLING, || (park.seats(musical) == 10).then_some(()));
    park.check();
}

#[test]
fn an_approval_is_heard_late() {
    let Some(host) = host() else { return };
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    let reservation = park.reserve(musical, 1);
    park.settle();
    park.down(&["payment"]);
    let late = park.reserve(musical, 1);
    park.down_now(&["reservation"]);
    park.heal(&["payment"]);
    eventually(SETTLING, || (park.page_of(late)["status"] == "ApprovedPayment").then_some(()));
    let path = format!("/outerpark/reservations/{late}");
    assert_eq!(park.client.get(&path).status, 503);
    park.heal(&["reservation"]);
    park.check();
    for reservation in [reservation, late] {
        assert_eq!(park.status(reservation), "ApprovedPayment");
    }
}

#[test]
fn notices_and_my_page_come_late_in_order() {
    let Some(host) = host() else { return };
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    park.down(&["notice", "customer-center"]);
    let _ = park.client.get("/outerpark/myPages").expect(503);
    let kept = park.reserve(musical, 1);
    let canceled = park.reserve(musical, 1);
    park.follow("reservation");
    park.cancel(canceled);
    eventually(SETTLING, || {
        (park.payments_of(canceled)[0]["status"] == "PaymentCanceled").then_some(())
    });
    park.heal(&["notice"]);
    park.heal(&["customer-center"]);
    park.check();
    let texts: Vec<_> = park.all("notices").iter().map(|n| n["sendText"].clone()).collect();
    assert_eq!(texts, ["ApprovedPayment", "ApprovedPayment", "PaymentCanceled"]);
    assert_eq!(park.page_of(kept)["status"], "ApprovedPayment");
}
