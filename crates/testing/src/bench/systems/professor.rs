//! Professor: courses are registered, professors apply for them and are confirmed.

use super::{
    desk::{CLIENTS, Commands, Desk, with_body, without_body},
    trade::{Begun, Facts, Reads, Trade, ask, take},
};
use anyhow::{Result, ensure};
use madang_testing::{
    Client,
    professor::{HEARING, applying, korean},
};
use serde_json::{Value, json};

const COURSES: &str = "/professor/courseManagements";
const APPLYMENTS: &str = "/professor/professorApplyments";
const EVALUATIONS: &str = "/professor/professorEvaluations";
/// Professors are numbered as the courses that they apply for, from here on.
const PROFESSORS: u64 = 1_000_000;

/// See above.
#[derive(Default)]
pub struct Professors {
    /// How many courses were registered, under the numbers from 1 up.
    registered: u64,
    /// For how many of them a professor has applied.
    applied: u64,
    /// Evaluations that wait, with the professor of each.
    waiting: Vec<(u64, u64)>,
    confirmed: Vec<u64>,
}

impl Professors {
    /// One professor more for each course that has none: POST.
    fn apply(&mut self, count: usize) -> Commands {
        let before = self.applied;
        self.applied += count as u64;
        let body = move |number: usize| {
            let course = before + number as u64 + 1;
            let mut body = applying(PROFESSORS + course);
            body["courseNo"] = json!(course);
            body
        };
        let path = |_| APPLYMENTS.to_owned();
        with_body("POST /professor/professorApplyments", count, path, body, |notice| {
            notice["professorNo"].is_u64()
        })
    }

    /// Notes the evaluations that nobody has confirmed, as many as there have to be.
    fn find_waiting(&mut self, desk: &Desk, count: usize) -> Result<()> {
        let all = desk.all(self.facts().name, "professorEvaluations")?;
        let number = |row: &Value, name: &str| row[name].as_u64().unwrap_or_default();
        let waiting = all.iter().filter(|row| row["successFlag"] != true);
        self.waiting = waiting.map(|row| (number(row, "id"), number(row, "professorNo"))).collect();
        ensure!(self.waiting.len() >= count, "{} of {count} evaluations", self.waiting.len());
        Ok(())
    }

    fn settle(&self, desk: &Desk) -> Result<()> {
        desk.site.settle(self.facts().name, &HEARING)
    }
}

impl Trade for Professors {
    fn facts(&self) -> Facts {
        Facts {
            name: "professor",
            title: "Professor",
            hearing: &HEARING,
            asked: &["professor-applyment"],
            saga: "`PATCH /professor/professorEvaluations/{id}` → `Confirmed` on My Page",
            main: ("courseManagements", "course-management"),
        }
    }

    fn measure(&mut self, desk: &mut Desk) -> Result<()> {
        let (count, system) = (desk.commands, self.facts().name);
        let courses = desk.command(self.create(count))?;
        let changed =
            |_| json!({"title": "영어", "courseInfo": "영어과목", "dueDate": "2021-08-01"});
        let of = courses.clone();
        let path = move |number| format!("{COURSES}/{}", of[number]);
        let what = "PUT /professor/courseManagements/{id}";
        desk.command(with_body(what, count, path, changed, |course| course["title"] == "영어"))?;
        let of = courses.clone();
        let path = move |number| format!("{COURSES}/{}", of[number]);
        let what = "PATCH /professor/courseManagements/{id}";
        let title = |_| json!({"title": "수학"});
        desk.command(with_body(what, count, path, title, |course| course["title"] == "수학"))?;
        self.settle(desk)?;

        // Each way to apply for a third of the courses.
        let notices = desk.ids(system, "professorApplyments")?;
        ensure!(notices.len() == count, "{} notices of {count} courses", notices.len());
        let third = count / 3;
        desk.command(self.apply(third))?;
        let applied = |notice: &Value| notice["professorNo"].is_u64();
        for what in
            ["PATCH /professor/professorApplyments/{id}", "PUT /professor/professorApplyments/{id}"]
        {
            let (before, of) = (self.applied as usize, notices.clone());
            self.applied += third as u64;
            let path = move |number: usize| format!("{APPLYMENTS}/{}", of[before + number]);
            let body = move |number: usize| applying(PROFESSORS + (before + number) as u64 + 1);
            desk.command(with_body(what, third, path, body, applied))?;
        }
        self.settle(desk)?;
        self.find_waiting(desk, 3 * third)?;
        let (half, professors) = (self.waiting.len() / 2, self.waiting.clone());
        desk.command(self.main(half))?;
        let waiting = take(&mut self.waiting, half);
        let path = move |number: usize| format!("{EVALUATIONS}/{}", waiting[number].0);
        let body = |_| json!({"successFlag": true, "score": 85});
        let what = "PUT /professor/professorEvaluations/{id}";
        desk.command(with_body(what, half, path, body, |row| row["successFlag"] == true))?;
        self.settle(desk)?;

        let whats = ["GET /professor/courseManagements/{id}", "GET /professor/courseManagements"];
        desk.read_collection(whats, &courses)?;
        let whats =
            ["GET /professor/professorApplyments/{id}", "GET /professor/professorApplyments"];
        desk.read_collection(whats, &notices)?;
        for (what, path) in [
            ("GET /professor/courseManagements/search/findByCourseNo", COURSES),
            ("GET /professor/professorApplyments/search/findByCourseNo", APPLYMENTS),
        ] {
            desk.read(what, move |number| {
                let course = number % count + 1;
                let path = format!("{path}/search/findByCourseNo?courseNo={course}");
                (path, format!("\"courseNo\":{course},"))
            })?;
        }
        let ids = desk.ids(system, "professorEvaluations")?;
        let whats =
            ["GET /professor/professorEvaluations/{id}", "GET /professor/professorEvaluations"];
        desk.read_collection(whats, &ids)?;
        let ids = desk.ids(system, "smsHistories")?;
        let whats = ["GET /professor/smsHistories/{id}", "GET /professor/smsHistories"];
        desk.read_collection(whats, &ids)?;
        let ids = desk.ids(system, "applyStatusInquiries")?;
        let whats =
            ["GET /professor/applyStatusInquiries/{id}", "GET /professor/applyStatusInquiries"];
        desk.read_collection(whats, &ids)?;
        self.confirmed = professors.into_iter().map(|(_, professor)| professor).collect();
        let (what, view) = self.view();
        desk.read(what, view)?;

        let half = count / 2;
        let path = move |number: usize| format!("{APPLYMENTS}/{}", notices[number]);
        let what = "DELETE /professor/professorApplyments/{id}";
        desk.command(without_body(what, half, path))?;
        self.settle(desk)?;
        let path = move |number: usize| format!("{COURSES}/{}", courses[half + number]);
        let what = "DELETE /professor/courseManagements/{id}";
        desk.command(without_body(what, count - half, path))?;
        self.settle(desk)
    }

    fn supply(&mut self, desk: &Desk, count: usize) -> Result<()> {
        desk.load(CLIENTS, self.create(count))?;
        self.settle(desk)?;
        desk.load(CLIENTS, self.apply(count))?;
        self.settle(desk)?;
        self.find_waiting(desk, count)
    }

    fn main(&mut self, count: usize) -> Commands {
        let waiting = take(&mut self.waiting, count);
        self.confirmed = waiting.iter().map(|(_, professor)| *professor).collect();
        let path = move |number: usize| format!("{EVALUATIONS}/{}", waiting[number].0);
        let body = |number| json!({"successFlag": true, "score": number % 101});
        let what = "PATCH /professor/professorEvaluations/{id}";
        with_body(what, count, path, body, |row| row["successFlag"] == true)
    }

    fn view(&self) -> (&'static str, Reads) {
        let of = self.confirmed.clone();
        let read = move |number: usize| found(of[number % of.len()]);
        ("GET /professor/applyStatusInquiries/search/findByProfessorNo", Box::new(read))
    }

    fn made(&mut self, _: Vec<u64>) {}

    fn begin(&mut self, client: &Client) -> Result<Begun> {
        let (evaluation, professor) = take(&mut self.waiting, 1)[0];
        let body = json!({"successFlag": true, "score": 85});
        ask(client, "PATCH", &format!("{EVALUATIONS}/{evaluation}"), body)?;
        Ok(Begun {
            path: found(professor).0,
            is_settled: Box::new(|page| {
                page["_embedded"]["applyStatusInquiries"][0]["status"] == "Confirmed"
            }),
        })
    }

    fn create(&mut self, count: usize) -> Commands {
        let before = self.registered;
        self.registered += count as u64;
        let body = move |number: usize| korean(before + number as u64 + 1);
        let path = |_| COURSES.to_owned();
        with_body("POST /professor/courseManagements", count, path, body, |course| {
            course["title"] == "국어"
        })
    }

    /// Courses, for half of which professors apply then: a confirmation's events are not heard by those who
    /// open notices and evaluations.
    fn prepare(&mut self, desk: &Desk, count: usize) -> Result<()> {
        desk.load(CLIENTS, self.create(count / 2))?;
        self.settle(desk)
    }

    fn tell(&mut self, desk: &Desk, count: usize) -> Result<()> {
        desk.load(CLIENTS, self.apply(count / 2))?;
        desk.load(CLIENTS, self.create(count - count / 2)).map(drop)
    }
}

fn found(professor: u64) -> (String, String) {
    let search = format!("search/findByProfessorNo?professorNo={professor}");
    (format!("/professor/applyStatusInquiries/{search}"), format!("\"professorNo\":{professor},"))
}
