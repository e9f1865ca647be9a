//! How the pages look, for people to look at: `target/screenshots`, wide and on a phone, light and dark, in both
//! languages. None is wider than its screen.

use madang_testing::browser::{self, Look};
use madang_testing::{Client, eventually};
use madang_tests::SETTLING;
use serde_json::json;

use crate::support::{KEY, Reader, settings};

const PAGES: [(&str, &str); 20] = [
    ("home", "/"),
    ("bookrent-rent", "/pages/bookrent/rent?userId=1"),
    ("bookrent-books", "/pages/bookrent/books"),
    ("bookrent-flow", "/pages/bookrent/flow"),
    ("bookrent-map", "/pages/bookrent/map"),
    ("outerpark-reserve", "/pages/outerpark/reserve"),
    ("outerpark-musicals", "/pages/outerpark/musicals?open=change&id=1"),
    ("outerpark-office", "/pages/outerpark/office"),
    ("kvaccine-reserve", "/pages/kvaccine/reserve"),
    ("kvaccine-hospital", "/pages/kvaccine/hospital"),
    ("kvaccine-stock", "/pages/kvaccine/stock"),
    ("kvaccine-dashboard", "/pages/kvaccine/dashboard"),
    ("professor-courses", "/pages/professor/courses"),
    ("professor-apply", "/pages/professor/apply?open=apply&id=1"),
    ("professor-evaluate", "/pages/professor/evaluate"),
    ("lecture-classes", "/pages/lecture/classes"),
    ("lecture-office", "/pages/lecture/office"),
    ("lecture-map", "/pages/lecture/map"),
    ("operations", "/pages/operations"),
    ("missing", "/pages/nowhere"),
];

#[test]
fn every_page_fits_its_screen_and_keeps_nobody_out() {
    let host = settings().start();
    fill(&host.client());
    let looks = [
        ("wide-light-en", Look::WIDE, true),
        ("wide-dark-ko", Look { dark: true, lang: "ko", ..Look::WIDE }, false),
        ("phone-light-ko", Look { lang: "ko", ..Look::PHONE }, false),
        ("phone-dark-en", Look { dark: true, ..Look::PHONE }, true),
    ];
    let folder = browser::target().join("screenshots");
    // Each size and each colour is looked at for what keeps people out, and not each of both.
    for (name, look, is_checked) in looks {
        let reader = Reader::of(&host, look);
        let shot = |page: &str| {
            let width = reader.run("return document.documentElement.scrollWidth", json!([]));
            let width = width.as_u64().expect("a width");
            assert!(width <= look.size.0.into(), "{page} is {width} wide: {name}");
            if is_checked {
                reader.check_access();
            }
            reader.screenshot(&folder.join(format!("{page}-{name}.png")));
        };
        for (page, path) in PAGES {
            reader.go(path);
            assert_eq!(reader.run("return document.documentElement.lang", json!([])), look.lang);
            shot(page);
        }
        for system in ["bookrent", "lecture", "kvaccine"] {
            reader.go(&format!("/pages/{system}/flow"));
            reader.click("#sagas tbody tr:first-child .button");
            reader.await_there("svg.flow .heads");
            shot(&format!("{system}-saga"));
        }
        reader.go("/pages/bookrent/rent");
        reader.click("#rent button");
        reader.await_there("#said.bad");
        shot("bookrent-refused");
        reader.go("/pages/operations");
        reader.fill("#key", KEY);
        reader.click(".door button");
        reader.await_there("form[action$=sign-out]");
        shot("operations-operator");
        reader.leave();
    }
}

/// Something to see on every page.
fn fill(client: &Client) {
    let post = |path: &str, body| client.post(path, body);
    for title in ["토지", "Pachinko", "소년이 온다", "The Vegetarian"] {
        post("/bookrent/books", json!({"title": title, "status": true})).expect(201);
    }
    for n in 5..30 {
        post("/bookrent/books", json!({"title": format!("Volume {n}"), "status": true}))
            .expect(201);
    }
    for book in 1..4 {
        let rent = json!({"bookId": book, "userId": 1, "address": "서울시 종로구 사직로 161"});
        post("/bookrent/rents", rent).expect(201);
    }
    client.patch("/bookrent/rents/2", json!({"status": "Cancel"})).expect(200);
    post("/bookrent/rents", json!({"bookId": 1, "userId": 1, "address": "-"})).expect(201);
    let musical = json!({"musicalId": 1, "name": "명성황후", "reservableSeat": 1200});
    post("/outerpark/musicals", musical).expect(201);
    for seats in [2, 5] {
        let reservation = json!({"musicalId": 1, "price": 50_000 * seats, "seats": seats});
        post("/outerpark/reservations", reservation).expect(201);
    }
    for vaccine in ["Pfizer", "Moderna", "Janssen", "AstraZeneca"] {
        post("/kvaccine/vaccineStocks", json!({"vaccineType": vaccine, "vaccineCount": 100}))
            .expect(201);
    }
    let kim = json!({"userName": "Taeyeon Kim", "userRegNumber": "890309-2766876"});
    let days = post("/kvaccine/user/date", kim.clone()).expect(200).json();
    let mut reserve = kim;
    reserve["reserveDate"] = days[3]["date"].clone();
    post("/kvaccine/user/reserve", reserve).expect(200);
    let course =
        json!({"courseNo": 1, "title": "국어", "courseInfo": "국어과목", "dueDate": "2027-07-01"});
    post("/professor/courseManagements", course).expect(201);
    eventually(SETTLING, || {
        let apply =
            json!({"professorNo": 201, "professorNm": "P01", "phoneNumber": "000-0000-0001"});
        let answer = client.patch("/professor/professorApplyments/1", apply);
        if answer.is_success() { Ok(()) } else { Err(answer.to_string()) }
    });
    let lecture = json!({"name": "korean", "teacher": "hong-gil-dong", "fee": 10_000, "textBook": "kor_book"});
    post("/lecture/courses", lecture).expect(201);
    let class =
        json!({"courseId": 1, "fee": 10_000, "student": "john-doe", "textBook": "kor_book"});
    post("/lecture/classes", class).expect(201);
    for (system, contexts) in [
        ("bookrent", &["delivery", "view"][..]),
        ("lecture", &["gift", "my-page"]),
        ("kvaccine", &["dashboard"]),
        ("professor", &["professor-evaluation"]),
    ] {
        for context in contexts {
            eventually(SETTLING, || {
                let info = client.get(&format!("/{system}/-/{context}/info")).expect(200).json();
                (info["lag"] == 0).then_some(())
            });
        }
    }
}
