//! That nothing untrue gets past the check.

use super::*;

fn entry(number: u64, kind: &str, data: Value) -> Entry {
    let event = json!({"id": number.to_string(), "source": "/test", "data": data});
    Entry { number, kind: kind.to_owned(), text: event.to_string(), event }
}

fn musical(seats: u64) -> Value {
    json!({"id": 1, "musicalId": 11, "name": "영웅", "reservableSeat": seats})
}

fn reservation(id: u64, seats: u64, status: &str) -> Value {
    json!({"id": id, "musicalId": 11, "price": 100, "seats": seats, "status": status})
}

fn payment(id: u64, reservation: u64, status: &str) -> Value {
    json!({"id": id, "reservationId": reservation, "price": 100, "status": status})
}

fn notice(id: u64, payment: u64, text: &str) -> Value {
    json!({"id": id, "paymentId": payment, "sendText": text})
}

fn page(id: u64, payment: u64, seats: u64, status: &str) -> Value {
    json!({"id": id, "reservationId": id, "musicalId": 11, "seats": seats, "paymentId": payment,
        "status": status})
}

/// A musical whose seats were corrected once; one reservation of it that is paid, and one that is
/// canceled.
fn settled() -> Truth {
    let mut corrected = entry(2, "SeatModified", musical(12));
    corrected.event["correlationid"] = json!(CORRECTION);
    Truth {
        log: vec![
            entry(1, "MusicalRegistered", musical(10)),
            corrected,
            entry(3, "SeatModified", musical(10)),
            entry(4, "Reserved", reservation(7, 2, "SeatsReserved")),
            entry(5, "SeatModified", musical(7)),
            entry(6, "Reserved", reservation(8, 3, "SeatsReserved")),
            entry(7, "PaymentApproved", payment(70, 7, "ApprovedPayment")),
            entry(8, "PaymentApproved", payment(80, 8, "ApprovedPayment")),
            entry(9, "Noticed", notice(1, 70, "ApprovedPayment")),
            entry(10, "Noticed", notice(2, 80, "ApprovedPayment")),
            entry(11, "Canceled", reservation(8, 3, "Canceled")),
            entry(12, "SeatModified", musical(10)),
            entry(13, "PaymentCancelled", payment(80, 8, "PaymentCanceled")),
            entry(14, "Noticed", notice(3, 80, "PaymentCanceled")),
        ],
        musicals: vec![musical(10)],
        reservations: vec![reservation(7, 2, "ApprovedPayment")],
        canceled: vec![reservation(8, 3, "Canceled")],
        payments: vec![payment(70, 7, "ApprovedPayment"), payment(80, 8, "PaymentCanceled")],
        notices: vec![
            notice(1, 70, "ApprovedPayment"),
            notice(2, 80, "ApprovedPayment"),
            notice(3, 80, "PaymentCanceled"),
        ],
        pages: vec![page(7, 70, 2, "ApprovedPayment"), page(8, 80, 3, "PaymentCanceled")],
        dead_letters: 0,
    }
}

#[test]
fn what_agrees_is_no_contradiction() {
    assert_eq!(settled().contradictions(), Vec::<String>::new());
    assert_eq!(settled().told_of("PaymentApproved", "reservationId"), [7, 8]);
}

type Change = fn(&mut Truth);

#[test]
fn each_thing_that_is_not_true_is_found() {
    let changes: [(&str, Change); 15] = [
        ("the log has 15 where 14", |t| t.log[13].number = 15),
        ("two events have the id", |t| t.log[1].event["id"] = json!("1")),
        ("8 was not told once", |t| drop(t.log.pop())),
        ("7 was not told once", |t| t.log[6].number = 3),
        ("nothing was modified", |t| t.log[4].event["data"]["reservableSeat"] = json!(10)),
        ("no number of seats", |t| t.log[4].event["data"]["reservableSeat"] = json!(-1)),
        ("tells of Some(10) seats", |t| t.musicals[0] = musical(9)),
        ("was given 10 seats, and 2", |t| t.log[1].event["correlationid"] = json!("another")),
        ("reservation 7", |t| t.reservations[0]["status"] = json!("SeatsReserved")),
        ("reservation 8", |t| t.reservations.push(t.canceled[0].clone())),
        ("canceled reservation 8", |t| t.canceled.clear()),
        ("a second payment", |t| t.payments.push(payment(90, 7, "ApprovedPayment"))),
        ("payment 8", |t| t.payments[1] = payment(80, 8, "ApprovedPayment")),
        ("notice 3", |t| drop(t.notices.pop())),
        ("row of My Page 7", |t| t.pages[0]["paymentId"] = Value::Null),
    ];
    for (expected, change) in changes {
        let mut truth = settled();
        change(&mut truth);
        let wrong = truth.contradictions().join("\n");
        assert!(wrong.contains(expected), "{expected:?} is not in {wrong:?}");
    }
}
