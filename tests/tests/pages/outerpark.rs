//! OuterPark: the manager registers a musical, a customer reserves seats and gives them back, and the office sees it
//! all.

use madang_testing::browser::Look;

use crate::bookrent::number;
use crate::support::{Reader, SHARED};

#[test]
fn seats_are_reserved_paid_and_given_back() {
    let host = SHARED.host();
    let reader = Reader::of(&host, Look { lang: "ko", ..Look::WIDE });

    reader.visit("/pages/outerpark/musicals");
    reader.submit(
        "register",
        &[("musicalId", "501"), ("name", "명성황후"), ("reservableSeat", "10")],
    );
    reader.await_text("#said", "공연을 등록했습니다.");
    // The same number a second time is another musical's.
    reader.submit("register", &[("musicalId", "501"), ("name", "영웅"), ("reservableSeat", "10")]);
    reader.await_there("#said.bad");
    reader.go("/pages/outerpark/musicals");
    reader.click("#musicals tbody tr:first-child .button");
    reader.fill("#change-reservableSeat", "12");
    reader.click("#change button");
    reader.await_text("#musicals tbody tr:first-child", "12");

    reader.visit("/pages/outerpark/reserve");
    reader.click("#musicals tbody tr:first-child .button");
    reader.submit("reserve", &[("seats", "3"), ("price", "150,000")]);
    reader.await_text("#said", "좌석을 예약했습니다");
    reader.await_text("#mine tbody tr:first-child", "결제 승인");
    reader.await_text("#musicals tbody tr:first-child", "9");
    let reservation = number(&reader.text("#mine tbody tr:first-child td:first-child"));
    reader.submit("reserve", &[("musicalId", "501"), ("seats", "50"), ("price", "1")]);
    reader.await_text("#said.bad", "남은 좌석보다 많이 예약할 수 없습니다");

    reader.go(&format!("/pages/outerpark/reserve?reservationId={reservation}"));
    reader.click("#mine tbody tr:first-child button");
    reader.await_text("#said", "취소했습니다");
    // The payment is given back by what follows; either word is the last that My Page hears.
    reader.await_text("#mine tbody tr:first-child", "취소");
    reader.await_text("#musicals tbody tr:first-child", "12");

    reader.visit("/pages/outerpark/office");
    reader.await_text("#payments tbody tr:first-child", "결제 취소");
    reader.await_text("#payments tbody tr:first-child", "150,000원");
    reader.await_text("#notices tbody tr:first-child", "결제 취소");
    reader.leave();
}
