//! What can only be read: SMS histories and My Page, under both of its names.

use super::SHARED;
use madang_testing::eventually;
use madang_tests::professor::Professor;
use madang_tests::{SETTLING, problem};
use serde_json::json;

#[test]
fn my_page_is_found_under_both_names() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let (course, _) = system.candidate(7201);
    system.apply(system.register(), 7201);
    eventually(SETTLING, || (system.status(course, 7201) == "Applyed").then_some(()));
    let search = |name: &str| {
        let path = format!("/professor/{name}/search/findByProfessorNo?professorNo=7201");
        let found = system.client.get(&path).expect(200);
        assert!(found.header("madang-lag").is_some(), "{found}");
        found.json()["_embedded"]["applyStatusInquiries"].clone()
    };
    let row = eventually(SETTLING, || {
        let rows = search("applyStatusInquiries");
        (rows.as_array().map(Vec::len) == Some(2)).then(|| rows[0].clone())
    });
    let fields = (&row["courseNo"], &row["professorNo"], &row["professorNm"]);
    assert_eq!(fields, (&json!(course.number), &json!(7201), &json!("P7201")));
    assert_eq!(search("applystatusinquiries")[0]["id"], row["id"]);
    for name in ["applyStatusInquiries", "applystatusinquiries"] {
        let item = system.client.get(&format!("/professor/{name}/{}", row["id"])).expect(200);
        assert_eq!(item.json()["professorNo"], 7201);
        let page = system.client.get(&format!("/professor/{name}?size=1")).expect(200).json();
        assert!(page["page"]["totalElements"].as_u64().is_some_and(|total| total >= 2), "{page}");
    }
}

#[test]
fn an_sms_tells_to_whom_what_and_when() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    let _ = system.candidate(7301);
    let sms = eventually(SETTLING, || {
        let all = system.all("smsHistories").into_iter();
        let mut of_it = all.filter(|sms| sms["phoneNumber"] == "000-0000-7301");
        of_it.next()
    });
    let path = format!("/professor/smsHistories/{}", sms["id"]);
    let mut found = system.client.get(&path).expect(200).json();
    assert_eq!(found, sms);
    let members = found.as_object_mut().unwrap();
    let links = members.remove("_links").unwrap();
    assert_eq!(links["smsHistory"]["href"], format!("{}{path}", host.url()));
    let names: Vec<_> = members.keys().map(String::as_str).collect();
    assert_eq!(names, ["id", "phoneNumber", "contents", "time"]);
    assert!(humantime::parse_rfc3339(found["time"].as_str().unwrap()).is_ok(), "{found}");
}

#[test]
fn nobody_writes_them() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    for collection in ["smsHistories", "applyStatusInquiries", "applystatusinquiries"] {
        let path = format!("/professor/{collection}");
        problem(&system.client.post(&path, json!({"phoneNumber": "1"})), 405, &path);
        let item = format!("{path}/1");
        for method in ["PUT", "PATCH", "DELETE"] {
            let answer = system.client.send(method, &item, Some("{}".into())).unwrap();
            problem(&answer, 405, &item);
        }
    }
}

#[test]
fn each_collection_names_its_searches() {
    let host = SHARED.host();
    let system = Professor::of(&host);
    for (collection, search, field) in [
        ("courseManagements", "findByCourseNo", "courseNo"),
        ("professorApplyments", "findByCourseNo", "courseNo"),
        ("applyStatusInquiries", "findByProfessorNo", "professorNo"),
        ("professorEvaluations", "", ""),
        ("smsHistories", "", ""),
    ] {
        let page = system.client.get(&format!("/professor/{collection}")).expect(200).json();
        assert!(page["_embedded"][collection].is_array(), "{page}");
        let list = system.client.get(&format!("/professor/{collection}/search"));
        if search.is_empty() {
            assert_eq!(list.status, 404, "{list}");
            continue;
        }
        assert!(list.expect(200).json()["_links"][search]["href"].is_string());
        let bad = format!("/professor/{collection}/search/{search}?{field}=x");
        let _ = system.client.get(&bad).expect(400);
    }
}
