//! Events: CloudEvents with the fields of the specification, in the log.

use madang_testing::Host;
use madang_tests::lecture::{CLASSES, Lecture, asking, offering};
use serde_json::{Value, json};

const SAGA: &str = "saga-of-this-test";

/// Each event of a course and a class of it that is canceled: its name, its context, its collection, what
/// caused it, and its fields.
fn expected() -> Vec<(&'static str, &'static str, &'static str, Option<&'static str>, Value)> {
    let with = |base: &Value, own: Value| {
        let mut fields = base.as_object().unwrap().clone();
        fields.extend(own.as_object().unwrap().clone());
        Value::Object(fields)
    };
    let course = with(&offering("korean"), json!({"id": 1}));
    let class = with(&asking("john-doe", 10_000), json!({"id": 1}));
    let base = json!({"id": 1, "classId": 1, "student": "john-doe"});
    let payment = |status| with(&base, json!({"courseId": 1, "fee": 10_000, "status": status}));
    let delivery =
        |status| with(&base, json!({"courseId": 1, "textBook": "kor_book", "status": status}));
    let point = |point, status| with(&base, json!({"point": point, "status": status}));
    let gift = |count, status| with(&base, json!({"count": count, "status": status}));
    let status = |status| json!({"status": status});
    vec![
        ("CourseRegistered", "course", "courses", None, course.clone()),
        ("CourseModified", "course", "courses", None, with(&course, json!({"fee": 9_000}))),
        (
            "PaymentApproved",
            "pay",
            "payments",
            None,
            with(&payment("CONFIRM"), json!({"textBook": "kor_book"})),
        ),
        ("ClassRegistered", "class", "classes", None, with(&class, status("CLASS_REGISTERED"))),
        (
            "DeliveryStarted",
            "course",
            "deliveries",
            Some("PaymentApproved"),
            with(&delivery("DELIVERY_START"), json!({"courseName": "korean"})),
        ),
        ("GiftGiven", "gift", "gifts", None, gift(1, "GIFT_GIVEN")),
        ("PointGiven", "point", "points", Some("PaymentApproved"), point(1_000, "POINT_GIVEN")),
        ("ClassCanceled", "class", "classes", None, with(&class, status("CLASS_CANCEL"))),
        ("PaymentCanceled", "pay", "payments", Some("ClassCanceled"), payment("CANCEL")),
        (
            "DeliveryCanceled",
            "course",
            "deliveries",
            Some("PaymentCanceled"),
            delivery("DELIVERY_CANCEL"),
        ),
        ("PointCanceled", "point", "points", Some("PaymentCanceled"), point(0, "POINT_CANCEL")),
        ("GiftCanceled", "gift", "gifts", Some("PointCanceled"), gift(0, "GIFT_CANCEL")),
        ("CourseDeleted", "course", "courses", None, with(&course, json!({"fee": 9_000}))),
    ]
}

#[test]
fn each_event_has_the_members_and_fields_of_the_specification_and_names_its_cause() {
    let host = Host::start();
    let lecture = Lecture::of(&host);
    let client = lecture.client.with("x-correlation-id", SAGA);
    let course = client.post("/lecture/courses", offering("korean")).expect(201);
    let _ = client.patch(course.location(), json!({"fee": 9_000})).expect(200);
    let class = client.post(CLASSES, asking("john-doe", 10_000)).expect(201);
    lecture.settle();
    let _ = client.delete(class.location()).expect(204);
    lecture.settle();
    let _ = client.delete(course.location()).expect(204);
    lecture.check();

    let log = lecture.log();
    assert_eq!(log.len(), expected().len(), "{log:#?}");
    for (kind, context, collection, cause, fields) in expected() {
        // Several contexts hear the same: what each tells then has no order.
        let entry = log.iter().find(|entry| entry.kind == kind).unwrap();
        let (source, subject) = (format!("/lecture/{context}"), format!("{collection}/1"));
        assert_eq!(entry.fields(&source, &subject, SAGA), fields, "{kind}");
        if let Some(cause) = cause {
            let cause = log.iter().find(|entry| entry.kind == cause).unwrap();
            assert_eq!(entry.text_of("causationid"), cause.text_of("id"), "{kind}");
        }
    }
}
