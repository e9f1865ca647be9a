//! That nothing untrue gets past the check.

use super::*;

fn entry(number: u64, kind: &str, data: Value) -> Entry {
    let event = json!({"id": number.to_string(), "source": "/test", "data": data});
    Entry { number, kind: kind.to_owned(), text: event.to_string(), event }
}

/// Something of a class: its own fields, and those that all have.
fn of(class: u64, status: &str, own: Value) -> Value {
    let mut data = json!({"id": class, "classId": class, "student": "kim", "status": status});
    let fields = data.as_object_mut().unwrap();
    fields.extend(own.as_object().cloned().unwrap_or_default());
    data
}

fn course() -> Value {
    json!({"id": 1, "name": "korean", "teacher": "hong", "fee": 109, "textBook": "kor"})
}

fn class(id: u64, status: &str) -> Value {
    json!({"id": id, "courseId": 1, "fee": 109, "student": "kim", "textBook": "kor", "status": status})
}

fn payment(id: u64, status: &str) -> Value {
    of(id, status, json!({"courseId": 1, "fee": 109}))
}

fn approved(id: u64) -> Value {
    of(id, "CONFIRM", json!({"courseId": 1, "fee": 109, "textBook": "kor"}))
}

fn delivery(id: u64, status: &str) -> Value {
    of(id, status, json!({"courseId": 1, "textBook": "kor"}))
}

fn started(id: u64) -> Value {
    of(id, "DELIVERY_START", json!({"courseId": 1, "textBook": "kor", "courseName": "korean"}))
}

fn points(id: u64, point: u64, status: &str) -> Value {
    of(id, status, json!({"point": point}))
}

fn gift(id: u64, count: u64, status: &str) -> Value {
    of(id, status, json!({"count": count}))
}

fn page(id: u64, of: [&str; 3], point: u64, gifts: u64) -> Value {
    json!({"id": 100 + id, "classId": id, "courseId": 1, "courseName": "korean", "student": "kim",
        "fee": 109, "textBook": "kor", "classStatus": of[0], "paymentStatus": of[1],
        "deliveryStatus": of[2], "point": point, "giftCount": gifts})
}

/// A course; class 7, which is registered, and class 8, which is canceled.
fn settled() -> Truth {
    let log = vec![
        entry(1, "CourseRegistered", course()),
        entry(2, "PaymentApproved", approved(7)),
        entry(3, "ClassRegistered", class(7, "CLASS_REGISTERED")),
        entry(4, "DeliveryStarted", started(7)),
        entry(5, "GiftGiven", gift(7, 1, "GIFT_GIVEN")),
        entry(6, "PointGiven", points(7, 10, "POINT_GIVEN")),
        entry(7, "PaymentApproved", approved(8)),
        entry(8, "ClassRegistered", class(8, "CLASS_REGISTERED")),
        entry(9, "GiftGiven", gift(8, 1, "GIFT_GIVEN")),
        entry(10, "PointGiven", points(8, 10, "POINT_GIVEN")),
        entry(11, "ClassCanceled", class(8, "CLASS_CANCEL")),
        entry(12, "DeliveryStarted", started(8)),
        entry(13, "PaymentCanceled", payment(8, "CANCEL")),
        entry(14, "PointCanceled", points(8, 0, "POINT_CANCEL")),
        entry(15, "DeliveryCanceled", delivery(8, "DELIVERY_CANCEL")),
        entry(16, "GiftCanceled", gift(8, 0, "GIFT_CANCEL")),
    ];
    let alert = |entry: &Entry| {
        json!({"id": entry.number, "student": "kim", "eventType": entry.kind, "message": "m",
            "time": "t"})
    };
    let standing = ["CLASS_REGISTERED", "CONFIRM", "DELIVERY_START"];
    let over = ["CLASS_CANCEL", "CANCEL", "DELIVERY_CANCEL"];
    Truth {
        listed: [
            ("courses", vec![course()]),
            ("classes", vec![class(7, "CLASS_REGISTERED")]),
            ("payments", vec![payment(7, "CONFIRM"), payment(8, "CANCEL")]),
            ("deliveries", vec![delivery(7, "DELIVERY_START"), delivery(8, "DELIVERY_CANCEL")]),
            ("points", vec![points(7, 10, "POINT_GIVEN"), points(8, 0, "POINT_CANCEL")]),
            ("gifts", vec![gift(7, 1, "GIFT_GIVEN"), gift(8, 0, "GIFT_CANCEL")]),
            ("alerts", log[1..].iter().map(alert).collect()),
            ("inquiryMypages", vec![page(7, standing, 10, 1), page(8, over, 0, 0)]),
        ]
        .into(),
        canceled: vec![class(8, "CLASS_CANCEL")],
        dead_letters: 0,
        log,
    }
}

#[test]
fn what_agrees_is_no_contradiction() {
    assert_eq!(settled().contradictions(), Vec::<String>::new());
    assert_eq!(class_of(&settled().log[0]), None);
}

fn row<'t>(truth: &'t mut Truth, collection: &str, at: usize) -> &'t mut Value {
    &mut truth.listed.get_mut(collection).unwrap()[at]
}

type Change = fn(&mut Truth);

#[test]
fn each_thing_that_is_not_true_is_found() {
    let changes: [(&str, Change); 22] = [
        ("the log has 17 where 16", |t| t.log[15].number = 17),
        ("two events have the id", |t| t.log[1].event["id"] = json!("1")),
        ("8 was not told once", |t| drop(t.log.pop())),
        ("7 was not told once", |t| t.log.swap(4, 5)),
        ("7 was not told once", |t| t.log[3].kind = "ClassCanceled".to_owned()),
        ("8 was not told once", |t| drop(t.log.remove(7))),
        ("8 was not told once", |t| t.log.push(t.log[15].clone())),
        ("courses have", |t| row(t, "courses", 0)["fee"] = json!(1)),
        ("classes have", |t| row(t, "classes", 0)["student"] = json!("lee")),
        ("canceled classes do not have", |t| t.canceled.clear()),
        ("payments do not have", |t| drop(t.listed.get_mut("payments").unwrap().pop())),
        ("payments have", |t| t.listed.get_mut("payments").unwrap().push(payment(7, "CONFIRM"))),
        ("deliveries have", |t| row(t, "deliveries", 1)["status"] = json!("DELIVERY_START")),
        ("points have", |t| row(t, "points", 1)["point"] = json!(10)),
        ("gifts have", |t| row(t, "gifts", 0)["count"] = json!(2)),
        ("inquiryMypages have", |t| row(t, "inquiryMypages", 0)["courseName"] = Value::Null),
        ("the alerts are", |t| drop(t.listed.get_mut("alerts").unwrap().pop())),
        ("the alerts are", |t| t.listed.get_mut("alerts").unwrap().swap(2, 3)),
        ("[7, 8] are paid, and [7] are", |t| row(t, "payments", 1)["status"] = json!("CONFIRM")),
        ("[7] are paid, and [] are", |t| t.listed.get_mut("classes").unwrap().clear()),
        ("a tenth of the fees is", |t| row(t, "points", 0)["point"] = json!(11)),
        ("[7] have points, and [] have a gift", |t| row(t, "gifts", 0)["count"] = json!(0)),
    ];
    for (expected, change) in changes {
        let mut truth = settled();
        change(&mut truth);
        let wrong = truth.contradictions().join("\n");
        assert!(wrong.contains(expected), "{expected:?} is not in {wrong:?}");
    }
}
