//! What can only be read: payments, deliveries, points, gifts, alerts, My Page.

use super::SHARED;
use madang_testing::eventually;
use madang_testing::log::without;
use madang_tests::lecture::{Lecture, asking};
use madang_tests::{SETTLING, problem};
use serde_json::json;

#[test]
fn what_follows_from_a_class_is_seen_in_each_place() {
    let host = SHARED.host();
    let lecture = Lecture::of(&host);
    let course = lecture.offer("korean");
    let mut asked = asking("seen-everywhere", 12_345);
    asked["courseId"] = json!(course);
    let class = lecture.client.post("/lecture/classes", asked).expect(201).json()["id"].clone();
    let class = class.as_u64().unwrap();
    let page = eventually(SETTLING, || {
        let page = lecture.page_of("seen-everywhere");
        let is_whole = page["giftCount"] == 1 && page["point"] == 1_234;
        if is_whole && page["deliveryStatus"].is_string() {
            Ok(page)
        } else {
            Err(page.to_string())
        }
    });
    let expected = json!({"classId": class, "courseId": course, "courseName": "korean",
        "student": "seen-everywhere", "fee": 12_345, "textBook": "kor_book",
        "classStatus": "CLASS_REGISTERED", "paymentStatus": "CONFIRM",
        "deliveryStatus": "DELIVERY_START", "point": 1_234, "giftCount": 1});
    assert_eq!(without(&page, &["id", "_links"]), expected);
    let path = format!("/lecture/inquiryMypages/{}", page["id"]);
    let answer = lecture.client.get(&path).expect(200);
    assert_eq!(answer.json(), page);
    assert!(answer.header("madang-lag").is_some(), "{answer}");
    assert_eq!(page["_links"]["inquiryMypage"]["href"], format!("{}{path}", host.url()));

    let of_it = json!({"id": class, "classId": class, "student": "seen-everywhere"});
    for (collection, status, own) in [
        ("payments", "CONFIRM", json!({"courseId": course, "fee": 12_345})),
        ("deliveries", "DELIVERY_START", json!({"courseId": course, "textBook": "kor_book"})),
        ("points", "POINT_GIVEN", json!({"point": 1_234})),
        ("gifts", "GIFT_GIVEN", json!({"count": 1})),
    ] {
        let mut expected = of_it.as_object().unwrap().clone();
        expected.extend(own.as_object().unwrap().clone());
        expected.insert("status".to_owned(), json!(status));
        let row = lecture.of_class(collection, class);
        assert_eq!(without(&row, &["_links"]), json!(expected), "{collection}");
        assert!(lecture.all(collection).contains(&row), "{collection}");
    }
}

#[test]
fn a_student_is_alerted_of_each_event_in_a_sentence_of_its_own() {
    let host = SHARED.host();
    let lecture = Lecture::of(&host);
    let class = lecture.register("알림", 10_000);
    let alerts = || {
        let alerts = lecture.all("alerts").into_iter();
        alerts.filter(|alert| alert["student"] == "알림").collect::<Vec<_>>()
    };
    let count = |expected| move |n: usize| if n == expected { Ok(()) } else { Err(n.to_string()) };
    eventually(SETTLING, || count(5)(alerts().len()));
    lecture.cancel(class);
    eventually(SETTLING, || count(10)(alerts().len()));
    let mut told: Vec<_> = alerts()
        .iter()
        .map(|alert| (alert["eventType"].clone(), alert["message"].clone()))
        .collect();
    told.sort_by_key(|(event, _)| event.to_string());
    let expected = [
        ("ClassCanceled", "수강신청이 취소되었습니다."),
        ("ClassRegistered", "수강신청이 완료되었습니다."),
        ("DeliveryCanceled", "교재 배송이 취소되었습니다."),
        ("DeliveryStarted", "교재 배송이 시작되었습니다."),
        ("GiftCanceled", "기프트 지급이 취소되었습니다."),
        ("GiftGiven", "기프트가 지급되었습니다."),
        ("PaymentApproved", "강의료가 결제되었습니다."),
        ("PaymentCanceled", "강의료 결제가 취소되었습니다."),
        ("PointCanceled", "포인트 지급이 취소되었습니다."),
        ("PointGiven", "포인트가 지급되었습니다."),
    ];
    assert_eq!(told, expected.map(|(event, message)| (json!(event), json!(message))));
    for alert in alerts() {
        let time = alert["time"].as_str().unwrap();
        assert!(humantime::parse_rfc3339(time).is_ok() && time.ends_with('Z'), "{alert}");
        let path = format!("/lecture/alerts/{}", alert["id"]);
        assert_eq!(lecture.client.get(&path).expect(200).json(), alert);
    }
    // The same goes to the message port, whose log that is by default.
    eventually(SETTLING, || {
        let messages = lecture.info("alert")["messages"].clone();
        if messages == json!({"waiting": 0, "dead": 0}) {
            Ok(())
        } else {
            Err(messages.to_string())
        }
    });
    if host.has_faults() {
        let logs = std::fs::read_dir(host.state_dir().join("logs")).expect("the logs");
        let texts: String =
            logs.map(|log| std::fs::read_to_string(log.unwrap().path()).unwrap()).collect();
        for (_, message) in expected {
            let sent = format!(" to \"알림\": \"{message}\"");
            assert_eq!(texts.matches(&sent).count(), 1, "{sent}");
        }
    }
}

#[test]
fn a_student_finds_all_classes_of_his_own_and_no_others() {
    let host = SHARED.host();
    let lecture = Lecture::of(&host);
    let mut classes = [1_000, 2_000, 3_000].map(|fee| lecture.register("many", fee));
    lecture.register("many-more", 1_000);
    lecture.follow("my-page");
    let mut found: Vec<_> =
        lecture.pages_of("many").iter().map(|row| row["classId"].as_u64().unwrap()).collect();
    found.sort_unstable();
    classes.sort_unstable();
    assert_eq!(found, classes);
    assert_eq!(lecture.pages_of("nobody").len(), 0);
}

#[test]
fn nobody_writes_them() {
    let host = SHARED.host();
    let lecture = Lecture::of(&host);
    for collection in ["payments", "deliveries", "points", "gifts", "alerts", "inquiryMypages"] {
        let path = format!("/lecture/{collection}");
        let page = lecture.client.get(&path).expect(200).json();
        assert!(page["_embedded"][collection].is_array(), "{page}");
        problem(&lecture.client.post(&path, json!({"classId": 1})), 405, &path);
        let item = format!("{path}/1");
        for method in ["PUT", "PATCH", "DELETE"] {
            let answer = lecture.client.send(method, &item, Some("{}".into())).unwrap();
            problem(&answer, 405, &item);
            assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"), "{answer}");
        }
    }
}
