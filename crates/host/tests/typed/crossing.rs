//! Every system by typed calls alone: what a context asks another reaches that one's typed function, too.

use crate::{application::Application, contract};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[test]
fn in_every_system_neighbours_ask_each_other_by_typed_calls() {
    let application = Application::start();
    let day: [fn(&Application); 5] = [bookrent, outerpark, kvaccine, professor, lecture];
    day.iter().for_each(|system| system(&application));

    let neighbours = contract::contexts().into_iter().flat_map(|(system, context)| {
        let neighbours = contract::neighbours(&system, &context).into_iter();
        neighbours.map(move |neighbour| format!("/{system}/-/{neighbour}"))
    });
    let asked = application.asked();
    let asked = asked.iter().filter_map(|path| Some(path.rsplit_once('/')?.0.to_owned()));
    assert_eq!(
        asked.collect::<BTreeSet<_>>(),
        neighbours.collect(),
        "who was asked here (left) is not whom the worlds in wit/ ask (right, `import …-calls`): \
         have a day above that asks them"
    );
}

/// What a field of the first of a collection is once all is settled.
#[track_caller]
fn comes_to(application: &Application, system: &str, find: &str, field: &str, value: Value) {
    application.settle(system);
    let found = application.ask(system, find, &[json!(1)]);
    assert_eq!(found[field], value, "{system} {find}: {found}");
}

fn bookrent(application: &Application) {
    let book = json!({"title": "title01", "status": true});
    application.ask("bookrent", "books.register", &[book]);
    let rent = json!({"bookId": 1, "userId": 1, "address": "address1"});
    application.ask("bookrent", "rents.request", &[rent]);
    comes_to(application, "bookrent", "deliveries.find", "status", json!("Delivery Started"));
}

fn outerpark(application: &Application) {
    let musical = json!({"musicalId": 1, "name": "명성황후", "reservableSeat": 10});
    application.ask("outerpark", "musicals.register", &[musical]);
    let reservation = json!({"musicalId": 1, "price": 50000, "seats": 3});
    application.ask("outerpark", "reservations.reserve", &[reservation]);
    comes_to(application, "outerpark", "musicals.find", "reservableSeat", json!(7));
    comes_to(application, "outerpark", "reservations.find", "status", json!("ApprovedPayment"));
}

fn kvaccine(application: &Application) {
    for vaccine in ["Pfizer", "Moderna", "Janssen", "AstraZeneca"] {
        let arrival = json!({"vaccineType": vaccine, "vaccineCount": 100});
        application.ask("kvaccine", "vaccine-stocks.arrive", &[arrival]);
    }
    let mut kim = json!({"userName": "Taeyeon Kim", "userRegNumber": "890309-2766876"});
    let days = application.ask("kvaccine", "users.date", &[kim.clone()]);
    kim["reserveDate"] = days[4]["date"].clone();
    application.ask("kvaccine", "users.reserve", &[kim]);
    application.settle("kvaccine");
    application.ask("kvaccine", "hospitals.inject", &[json!({"userId": 1})]);
    comes_to(application, "kvaccine", "users.find", "reserveStatus", json!("INJECT"));
    comes_to(application, "kvaccine", "dashboards.find", "reserveStatus", json!("INJECT"));
}

fn professor(application: &Application) {
    let course =
        json!({"courseNo": 1, "title": "국어", "courseInfo": "국어과목", "dueDate": "2021-07-01"});
    application.ask("professor", "course-managements.register", &[course]);
    application.settle("professor");
    let professor =
        json!({"professorNo": 201, "professorNm": "P01", "phoneNumber": "000-0000-0001"});
    application.ask("professor", "professor-applyments.apply", &[json!(1), professor]);
    application.settle("professor");
    let success = json!({"successFlag": true, "score": 85});
    application.ask("professor", "professor-evaluations.evaluate", &[json!(1), success]);
    comes_to(application, "professor", "course-managements.find", "professorNo", json!(201));
    comes_to(application, "professor", "apply-status-inquiries.find", "status", json!("Confirmed"));
}

fn lecture(application: &Application) {
    let course =
        json!({"name": "korean", "teacher": "hong-gil-dong", "fee": 10000, "textBook": "kor_book"});
    application.ask("lecture", "courses.register", &[course]);
    let class = json!({"courseId": 1, "fee": 10000, "student": "john-doe", "textBook": "kor_book"});
    application.ask("lecture", "classes.register", &[class]);
    comes_to(application, "lecture", "inquiry-mypages.find", "point", json!(1000));
    comes_to(application, "lecture", "gifts.find", "count", json!(1));
    comes_to(application, "lecture", "payments.find", "status", json!("CONFIRM"));
}
