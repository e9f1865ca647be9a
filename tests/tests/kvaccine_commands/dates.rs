//! Asking for the days that can be reserved.

use super::SHARED;
use madang_tests::kvaccine::{KVaccine, Person};
use madang_tests::{errors, kvaccine};
use serde_json::{Value, json};

const DATE: &str = "/kvaccine/user/date";

#[test]
fn the_next_ten_days_are_told_with_what_is_left_of_each() {
    let host = kvaccine::settings().variable("kvaccine_daily_capacity", "3").start();
    let kv = KVaccine::with_capacity(&host, 3);
    let (one, other) = (kv.days[0].clone(), kv.days[9].clone());
    for (day, person) in [(&one, Person::new()), (&other, Person::new()), (&one, Person::new())] {
        let _ = kv.ask(&person, day).expect(200);
    }
    kv.settle();
    let left = kv.left();
    let counts: Vec<_> = left.iter().map(|day| day["count"].as_u64().unwrap()).collect();
    assert_eq!(counts, [1, 3, 3, 3, 3, 3, 3, 3, 3, 2]);
    let dates: Vec<_> = left.iter().map(|day| day["date"].as_str().unwrap()).collect();
    assert!(dates.is_sorted() && dates.iter().all(|date| date.len() == 10), "{dates:?}");
    assert_eq!(left[0].as_object().unwrap().len(), 2);
    kv.check();
}

#[test]
fn the_first_day_is_tomorrow_in_seoul() {
    let host = SHARED.host();
    let seoul = || {
        let ahead = std::time::SystemTime::now() + std::time::Duration::from_secs(9 * 60 * 60);
        humantime::format_rfc3339(ahead).to_string()[..10].to_owned()
    };
    // Where midnight passes meanwhile, both are right.
    let before = seoul();
    let kv = KVaccine::of(&host);
    let after = seoul();
    let (first, today) = (&kv.days[0], kv.client.post(DATE, Person::new().asks()).expect(200));
    assert!(*first > before, "{first} is after {before}");
    assert!(kv.days[8] > after && kv.days.len() == 10, "{today}");
    assert!(!kv.days.contains(&before));
}

#[test]
fn who_asks_is_checked_as_who_reserves() {
    let host = SHARED.host();
    let kv = KVaccine::of(&host);
    let whole = Person::new().asks();
    for (property, value) in [
        ("userName", json!("")),
        ("userName", json!("김".repeat(101))),
        ("userName", json!(7)),
        ("userName", json!(null)),
        ("userName", json!(Person::new().number)),
        ("userRegNumber", json!("890309")),
        ("userRegNumber", json!("891309-2766876")),
        ("userRegNumber", json!(8_903_092_766_876_u64)),
        ("userRegNumber", json!(["890309-2766876"])),
        ("userRegNumber", json!(null)),
    ] {
        let mut body = whole.clone();
        body[property] = value;
        let answer = kv.client.post(DATE, body);
        let expected = ("User".to_owned(), property.to_owned(), Value::Null);
        assert_eq!(errors(&answer, DATE), [expected]);
    }
    for property in ["userName", "userRegNumber"] {
        let mut body = whole.clone();
        body.as_object_mut().unwrap().remove(property);
        assert_eq!(errors(&kv.client.post(DATE, body), DATE)[0].1, property);
    }
    let _ = kv.client.get(DATE).expect(405);
}
