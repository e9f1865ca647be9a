//! Numbers that are wrong, or in the wrong place.

use super::Run;
use madang_tests::kvaccine::Person;
use serde_json::{Value, json};

/// Every address of K-Vaccine that takes a body.
const PATHS: [&str; 6] = [
    "/kvaccine/user/reserve",
    "/kvaccine/user/cancel",
    "/kvaccine/user/date",
    "/kvaccine/hospital/inject",
    "/kvaccine/vaccineStocks",
    "/kvaccine/-/reservation/date",
];

/// The fields of all bodies.
const FIELDS: [&str; 8] = [
    "userName",
    "userRegNumber",
    "reserveDate",
    "userId",
    "vaccineType",
    "vaccineCount",
    "first",
    "days",
];

/// A body that each address takes, but for one field.
fn body(run: &Run, field: &str, value: Value) -> Value {
    let mut body = json!({
        "userName": "Kim", "userRegNumber": run.somebody().number, "reserveDate": run.kv.day(),
        "userId": 999_999_999, "vaccineType": "Pfizer", "vaccineCount": 5, "first": run.kv.day(),
        "days": 1,
    });
    body[field] = value;
    body
}

/// Sends everything that must be refused, everywhere.
pub fn everything_that_is_refused(run: &Run) {
    in_bodies(run);
    in_addresses(run);
    let internal = run.kv.internal().with("idempotency-key", "wrong");
    for path in PATHS {
        let number = run.send(&Person::new().number);
        for text in [
            format!("{{\"userRegNumber\": \"{number}\""),
            format!("\"{number}\""),
            number.clone(),
            format!("[\"{number}\"]"),
            format!("{{\"{number}\": 1}}"),
            format!("{{\"userRegNumber\": \"{number}\"}}{}", " ".repeat(1 << 20)),
        ] {
            let status = run.post(&internal, path, text.as_str());
            assert!([400, 413].contains(&status), "{path} answered {status} to {text:.60}");
        }
        let mut bytes = format!("{{\"userRegNumber\": \"{number}").into_bytes();
        bytes.extend([0xff, b'"', b'}']);
        assert_eq!(run.post(&internal, path, bytes), 400);
        let text = internal.with("content-type", "text/plain");
        assert_eq!(run.post(&text, path, number.as_str()), 415);
    }
}

/// Each kind of a wrong number, in each field of each body.
fn in_bodies(run: &Run) {
    let internal = run.kv.internal().with("idempotency-key", "wrong-body");
    for field in FIELDS {
        for path in PATHS {
            let number = run.send(&Person::new().number);
            let digits: u64 = number.replace('-', "").parse().expect("digits");
            for value in [
                json!(format!("{number}9")),
                json!(format!("9{number}")),
                json!(number.replace('-', "/")),
                json!(digits),
                json!(-i64::try_from(digits).expect("a number")),
                json!(digits as f64 + 0.5),
                json!([number]),
                json!({number.as_str(): number}),
            ] {
                run.post(&internal, path, body(run, field, value));
            }
            if field != "userRegNumber" {
                run.post(&internal, path, body(run, field, json!(number)));
            }
        }
    }
}

/// In paths, queries and headers.
fn in_addresses(run: &Run) {
    let kv = &run.kv;
    let collections = ["users", "reservations", "hospitals", "vaccineStocks", "dashboards"];
    for collection in collections {
        let number = run.send(&Person::new().number);
        for path in [
            format!("/kvaccine/{collection}/{number}"),
            format!("/kvaccine/{collection}?sort={number}"),
            format!("/kvaccine/{collection}?{number}=1"),
            format!("/kvaccine/{collection}/{}", number.replace('-', "%2D")),
        ] {
            for method in ["GET", "PUT", "PATCH", "DELETE"] {
                let sent = (method != "GET").then(|| json!({"userRegNumber": number}).into());
                let answer = kv.client.send(method, &path, sent).expect("an answer");
                assert_eq!(run.see(&answer), 400, "{method}");
            }
        }
    }
    let number = run.send(&Person::new().number);
    for path in ["dashboard/list", "reservations/search", "user/date", "stock", "hospital/inject"] {
        let answer = kv.client.get(&format!("/kvaccine/{path}/{number}"));
        assert_eq!(run.see(&answer), 400, "{path}");
    }
    for header in ["idempotency-key", "x-correlation-id", "traceparent", "tracestate"] {
        let person = run.somebody();
        let client = kv.client.with(header, person.number.as_str());
        assert_eq!(run.post(&client, "/kvaccine/user/reserve", person.wants(kv.day())), 400);
    }
}
