//! A client that follows links alone walks each system from its root: it creates, reads, updates, searches, turns
//! pages and deletes, and no path is built by hand.

use madang_testing::system::SETTLING;
use madang_testing::{Host, eventually};
use madang_tests::hal::{Hal, link};
use madang_tests::kvaccine::{KVaccine, Person};
use madang_tests::lecture::{self, Lecture};
use madang_tests::outerpark::{self, OuterPark};
use madang_tests::professor::{self, Professor};
use madang_tests::{BookRent, kvaccine};
use serde_json::{Value, json};

/// The one row that a search finds, once it does.
#[track_caller]
fn the_one(hal: &Hal, collection: &str, search: &str, value: &Value) -> Value {
    eventually(SETTLING, || {
        let rows = hal.search(collection, search, value);
        if rows.len() == 1 { Ok(rows[0].clone()) } else { Err(format!("{rows:?}")) }
    })
}

#[track_caller]
fn is_gone(system: &madang_testing::system::System, item: &Value) {
    let _ = system.client.get(&link(item, "self", &[])).expect(404);
}

#[test]
fn bookrent_is_walked_by_links_alone() {
    let host = Host::start();
    let shop = BookRent::of(&host);
    let hal = Hal::of(&shop);
    let book = |title: &str| hal.add("books", json!({"title": title, "status": true}));
    let books = ["모비 딕", "이방인", "데미안"].map(book);
    let rent = |book: &Value| json!({"bookId": book["id"], "userId": 3, "address": "서울시"});
    let rents = books.each_ref().map(|book| hal.add("rents", rent(book)));
    for rent in &rents {
        the_one(&hal, "views", "findByRentId", &rent["id"]);
    }
    assert_eq!(hal.search("views", "findByUserId", &json!(3)).len(), rents.len());
    let cancelled = hal.change(&rents[0], json!({"status": "Cancel"}));
    assert_eq!(cancelled["status"], "Cancel");
    hal.remove(&rents[0]);
    is_gone(&shop, &rents[0]);
    shop.settle();
    assert_eq!(hal.read(&books[0]).json()["status"], true);
    hal.change(&books[0], json!({"title": "백경"}));
    hal.remove(&books[0]);
    is_gone(&shop, &books[0]);
    shop.settle();
    assert_eq!(hal.walk(), ["books", "deliveries", "rents", "views"].map(str::to_owned).into());
    shop.check();
}

#[test]
fn outerpark_is_walked_by_links_alone() {
    let host = Host::start();
    let park = OuterPark::of(&host);
    let hal = Hal::of(&park);
    let musical = |id: u64| json!({"musicalId": id, "name": "영웅", "reservableSeat": 10});
    let musicals = [11, 12].map(|id| hal.add("musicals", musical(id)));
    let found = hal.search("musicals", "findByMusicalId", &json!(12));
    assert_eq!(found, [musicals[1].clone()]);
    let reservations = [2, 3].map(|seats| hal.add("reservations", outerpark::asking(11, seats)));
    for reservation in &reservations {
        the_one(&hal, "payments", "findByReservationId", &reservation["id"]);
    }
    hal.remove(&reservations[0]);
    park.settle();
    let page = the_one(&hal, "myPages", "findByReservationId", &reservations[0]["id"]);
    assert_eq!(page["status"], "PaymentCanceled");
    hal.change(&musicals[0], json!({"name": "명성황후"}));
    let _ = hal.add("reservations", outerpark::asking(12, 1));
    park.settle();
    let turned = ["musicals", "myPages", "notices", "payments", "reservations"].map(str::to_owned);
    assert_eq!(hal.walk(), turned.into());
    park.check();
}

#[test]
fn kvaccine_is_walked_by_links_alone() {
    let host = kvaccine::settings().start();
    let clinic = KVaccine::of(&host);
    let hal = Hal::of(&clinic);
    for count in [100, 50] {
        hal.add("vaccineStocks", json!({"vaccineType": "AZ", "vaccineCount": count}));
    }
    let people = [Person::new(), Person::new(), Person::new()];
    let days = hal.ask("user/date", people[0].asks());
    let day = days[0]["date"].as_str().expect("a day");
    let users = people.each_ref().map(|person| hal.ask("user/reserve", person.wants(day)));
    clinic.settle();
    for user in &users {
        let reservation = the_one(&hal, "reservations", "findByUserId", &user["id"]);
        assert_eq!(reservation["reserveStatus"], "RESERVE");
    }
    let cancelled = hal.ask("user/cancel", people[0].cancels());
    assert_eq!(cancelled["reserveStatus"], "CANCEL");
    let injected = hal.ask("hospital/inject", json!({"userId": users[1]["id"]}));
    assert_eq!(injected["reserveStatus"], "INJECT");
    clinic.settle();
    let balance = clinic.client.get(&hal.at("stock")).expect(200).json();
    assert!(balance.as_array().is_some_and(|types| !types.is_empty()), "{balance}");
    let rows = clinic.client.get(&hal.at("dashboard/list")).expect(200).json();
    assert_eq!(rows.as_array().map(Vec::len), Some(people.len()), "{rows}");
    let turned =
        ["dashboards", "hospitals", "reservations", "users", "vaccineStocks"].map(str::to_owned);
    assert_eq!(hal.walk(), turned.into());
    clinic.check();
}

#[test]
fn professor_is_walked_by_links_alone() {
    let host = Host::start();
    let school = Professor::of(&host);
    let hal = Hal::of(&school);
    let courses = [1, 2, 3].map(|number| hal.add("courseManagements", professor::korean(number)));
    let notices = courses
        .each_ref()
        .map(|course| the_one(&hal, "professorApplyments", "findByCourseNo", &course["courseNo"]));
    for (notice, number) in notices[..2].iter().zip([201, 202]) {
        hal.change(notice, professor::applying(number));
    }
    school.settle();
    let inquiry = the_one(&hal, "applyStatusInquiries", "findByProfessorNo", &json!(201));
    assert_eq!(inquiry["courseNo"], courses[0]["courseNo"]);
    let evaluations = hal.rows("professorEvaluations");
    let of_it = evaluations.iter().find(|evaluation| evaluation["professorNo"] == 201);
    let confirming = json!({"score": 90, "successFlag": true});
    let confirmed = hal.change(of_it.expect("an evaluation"), confirming);
    assert_eq!(confirmed["successFlag"], true);
    assert_eq!(hal.read(&courses[0]).json()["professorNo"], 201);
    hal.remove(&courses[2]);
    is_gone(&school, &courses[2]);
    school.settle();
    is_gone(&school, &notices[2]);
    let turned = [
        "applyStatusInquiries",
        "courseManagements",
        "professorApplyments",
        "professorEvaluations",
        "smsHistories",
    ];
    assert_eq!(hal.walk(), turned.map(str::to_owned).into());
    school.check();
}

#[test]
fn lecture_is_walked_by_links_alone() {
    let host = Host::start();
    let school = Lecture::of(&host);
    let hal = Hal::of(&school);
    let courses = ["korean", "english"].map(|name| hal.add("courses", lecture::offering(name)));
    let students = ["kim", "lee", "park"];
    let classes = students.map(|student| hal.add("classes", lecture::asking(student, 10_000)));
    for student in students {
        the_one(&hal, "inquiryMypages", "findByStudent", &json!(student));
    }
    let dearer = hal.change(&courses[0], json!({"fee": 20_000}));
    assert_eq!(dearer["fee"], 20_000);
    hal.remove(&classes[0]);
    hal.remove(&courses[1]);
    is_gone(&school, &courses[1]);
    let _ = hal.add("courses", lecture::offering("math"));
    school.settle();
    let page = the_one(&hal, "inquiryMypages", "findByStudent", &json!("kim"));
    assert_eq!(page["classStatus"], "CLASS_CANCEL");
    let turned = [
        "alerts",
        "classes",
        "courses",
        "deliveries",
        "gifts",
        "inquiryMypages",
        "payments",
        "points",
    ];
    assert_eq!(hal.walk(), turned.map(str::to_owned).into());
    school.check();
}
