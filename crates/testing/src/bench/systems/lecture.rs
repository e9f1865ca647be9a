//! Lecture: students register for classes.

use super::{
    desk::{Commands, Desk, with_body, without_body},
    trade::{Begun, Facts, Reads, Trade, ask},
};
use anyhow::{Result, ensure};
use madang_testing::{
    Client,
    lecture::{CLASSES, HEARING, asking, offering},
};
use serde_json::{Value, json};

const COURSES: &str = "/lecture/courses";

/// See above.
#[derive(Default)]
pub struct Lectures {
    /// How many students there are, numbered from 1 up; each registers once.
    students: u64,
    /// Those that are on My Page.
    known: u64,
}

impl Trade for Lectures {
    fn facts(&self) -> Facts {
        Facts {
            name: "lecture",
            title: "Lecture",
            hearing: &["course", "point", "gift", "pay", "alert", "my-page"],
            asked: &["pay", "gift"],
            saga: "`POST /lecture/classes` → delivery, points and gift, on My Page",
            main: ("courses", "course"),
        }
    }

    fn measure(&mut self, desk: &mut Desk) -> Result<()> {
        let (count, system) = (desk.commands, self.facts().name);
        let courses = desk.command(self.create(count))?;
        let of = courses.clone();
        let path = move |number| format!("{COURSES}/{}", of[number]);
        let dearer = |number| {
            let mut course = offering(&format!("course {number}"));
            course["fee"] = json!(12_000);
            course
        };
        let what = "PUT /lecture/courses/{id}";
        desk.command(with_body(what, count, path, dearer, |course| course["fee"] == 12_000))?;
        let of = courses.clone();
        let path = move |number| format!("{COURSES}/{}", of[number]);
        let what = "PATCH /lecture/courses/{id}";
        let fee = |_| json!({"fee": 13_000});
        desk.command(with_body(what, count, path, fee, |course| course["fee"] == 13_000))?;
        desk.site.settle(system, &HEARING)?;
        let classes = desk.command(self.main(count))?;
        desk.site.settle(system, &HEARING)?;

        desk.read_collection(["GET /lecture/courses/{id}", "GET /lecture/courses"], &courses)?;
        desk.read_collection(["GET /lecture/classes/{id}", "GET /lecture/classes"], &classes)?;
        for (collection, whats) in [
            ("payments", ["GET /lecture/payments/{id}", "GET /lecture/payments"]),
            ("deliveries", ["GET /lecture/deliveries/{id}", "GET /lecture/deliveries"]),
            ("points", ["GET /lecture/points/{id}", "GET /lecture/points"]),
            ("gifts", ["GET /lecture/gifts/{id}", "GET /lecture/gifts"]),
            ("alerts", ["GET /lecture/alerts/{id}", "GET /lecture/alerts"]),
            ("inquiryMypages", ["GET /lecture/inquiryMypages/{id}", "GET /lecture/inquiryMypages"]),
        ] {
            let ids = desk.ids(system, collection)?;
            ensure!(ids.len() >= count, "{} {collection} of {count} classes", ids.len());
            desk.read_collection(whats, &ids)?;
        }
        self.made(Vec::new());
        let (what, view) = self.view();
        desk.read(what, view)?;

        let path = move |number| format!("{CLASSES}/{}", classes[number]);
        desk.command(without_body("DELETE /lecture/classes/{id}", count, path))?;
        desk.site.settle(system, &HEARING)?;
        let path = move |number| format!("{COURSES}/{}", courses[number]);
        desk.command(without_body("DELETE /lecture/courses/{id}", count, path))?;
        desk.site.settle(system, &HEARING)
    }

    fn supply(&mut self, desk: &Desk, _: usize) -> Result<()> {
        desk.load(1, self.create(1))?;
        desk.site.settle(self.facts().name, &HEARING)
    }

    fn main(&mut self, count: usize) -> Commands {
        let before = self.students;
        self.students += count as u64;
        let body = move |number: usize| asking(&student(before + number as u64 + 1), 10_000);
        let path = |_| CLASSES.to_owned();
        with_body("POST /lecture/classes", count, path, body, |class| {
            class["status"] == "CLASS_REGISTERED"
        })
    }

    fn view(&self) -> (&'static str, Reads) {
        let known = self.known;
        let read = move |number: usize| found(&student(number as u64 % known + 1));
        ("GET /lecture/inquiryMypages/search/findByStudent", Box::new(read))
    }

    fn made(&mut self, _: Vec<u64>) {
        self.known = self.students;
    }

    fn begin(&mut self, client: &Client) -> Result<Begun> {
        self.students += 1;
        let student = student(self.students);
        ask(client, "POST", CLASSES, asking(&student, 10_000))?;
        Ok(Begun {
            path: found(&student).0,
            is_settled: Box::new(|page: &Value| {
                let row = &page["_embedded"]["inquiryMypages"][0];
                row["deliveryStatus"] == "DELIVERY_START"
                    && row["point"] == 1000
                    && row["giftCount"] == 1
            }),
        })
    }

    fn create(&mut self, count: usize) -> Commands {
        let body = |number| offering(&format!("course {number}"));
        let path = |_| COURSES.to_owned();
        with_body("POST /lecture/courses", count, path, body, |course| course["fee"] == 10_000)
    }
}

fn student(number: u64) -> String {
    format!("student-{number}")
}

fn found(student: &str) -> (String, String) {
    let path = format!("/lecture/inquiryMypages/search/findByStudent?student={student}");
    (path, format!("\"student\":\"{student}\""))
}
