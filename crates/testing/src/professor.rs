//! The system professor as a client and its operator use it, and the truth behind it.

mod truth;

pub use truth::Truth;

use crate::system::{Intents, SETTLING, System, id_in};
use crate::{Answer, Host, eventually};
use serde_json::{Value, json};
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};

/// The contexts.
pub const CONTEXTS: [&str; 5] =
    ["course-management", "professor-applyment", "professor-evaluation", "notification", "my-page"];

/// Those that hear events: all but the one that is asked.
pub const HEARING: [&str; 4] =
    ["professor-applyment", "professor-evaluation", "notification", "my-page"];

/// Where the evaluations are that wait for course-management, by when they are to be taken up.
pub const INTENTS: Intents =
    Intents { context: "professor-evaluation", collection: "professorEvaluations" };

/// Professor on a host.
#[derive(Debug)]
pub struct Professor<'h>(System<'h>);

impl<'h> Deref for Professor<'h> {
    type Target = System<'h>;

    fn deref(&self) -> &System<'h> {
        &self.0
    }
}

/// A course that was registered.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    /// Its id.
    pub id: u64,
    /// Its `courseNo`.
    pub number: u64,
}

/// A professor who has applied for one course.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// The course, for which nobody else applies.
    pub course: Course,
    /// Who.
    pub professor: u64,
    /// Where the evaluation is.
    pub evaluation: String,
}

impl Course {
    /// Where it is.
    pub fn path(&self) -> String {
        format!("/professor/courseManagements/{}", self.id)
    }
}

impl<'h> Professor<'h> {
    /// Professor on this host, as it runs now: after a restart it is to be made anew.
    pub fn of(host: &'h Host) -> Self {
        Self(System::of("professor", host))
    }

    /// Registers a course under a number that no other has.
    #[track_caller]
    pub fn register(&self) -> Course {
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let answer = self.client.post("/professor/courseManagements", korean(number)).expect(201);
        Course { id: id_in(&answer), number }
    }

    /// Where a course's notice is, once it is open.
    #[track_caller]
    pub fn notice(&self, course: Course) -> String {
        let id = eventually(SETTLING, || {
            let notices = self.numbered("professorApplyments", course);
            notices.first().map(|notice| notice["id"].clone())
        });
        format!("/professor/professorApplyments/{id}")
    }

    /// A professor applies for a course.
    #[track_caller]
    pub fn apply(&self, course: Course, professor: u64) {
        let _ = self.client.patch(&self.notice(course), applying(professor)).expect(200);
    }

    /// Where a professor's evaluation for a course is, once there is one.
    #[track_caller]
    pub fn evaluation(&self, course: Course, professor: u64) -> String {
        let id = eventually(SETTLING, || {
            let all = self.all("professorEvaluations").into_iter();
            let mut of_both =
                all.filter(|e| e["courseNo"] == course.number && e["professorNo"] == professor);
            of_both.next().map(|evaluation| evaluation["id"].clone())
        });
        format!("/professor/professorEvaluations/{id}")
    }

    /// A professor applies for a course that has no other: where the evaluation is.
    #[track_caller]
    pub fn candidate(&self, professor: u64) -> (Course, String) {
        let course = self.register();
        self.apply(course, professor);
        (course, self.evaluation(course, professor))
    }

    /// The same, with a professor who has never applied for anything.
    #[track_caller]
    pub fn newcomer(&self) -> Newcomer {
        static PROFESSORS: AtomicU64 = AtomicU64::new(10_001);
        let professor = PROFESSORS.fetch_add(1, Ordering::Relaxed);
        let (course, evaluation) = self.candidate(professor);
        Newcomer { course, professor, evaluation }
    }

    /// Asks to confirm the professor of an evaluation, whatever comes of it.
    #[track_caller]
    pub fn confirm(&self, evaluation: &str, score: u64) -> Answer {
        self.client.patch(evaluation, json!({"successFlag": true, "score": score}))
    }

    /// The same, until the answer is not that it should be tried again shortly.
    #[track_caller]
    pub fn confirm_patiently(&self, evaluation: &str, score: u64) -> Answer {
        eventually(SETTLING, || {
            let answer = self.confirm(evaluation, score);
            if answer.status == 503 { Err(answer.to_string()) } else { Ok(answer) }
        })
    }

    /// The number of a course's professor; null where it has none.
    #[track_caller]
    pub fn professor_of(&self, course: Course) -> Value {
        self.client.get(&course.path()).expect(200).json()["professorNo"].clone()
    }

    /// The score of an evaluation, and whether it was confirmed.
    #[track_caller]
    pub fn evaluated(&self, evaluation: &str) -> (Value, Value) {
        let found = self.client.get(evaluation).expect(200).json();
        (found["score"].clone(), found["successFlag"].clone())
    }

    /// How a professor's application for a course stands on My Page; null where it does not.
    #[track_caller]
    pub fn status(&self, course: Course, professor: u64) -> Value {
        let rows = self.search("applyStatusInquiries", "findByProfessorNo", professor);
        let mut of_course = rows.into_iter();
        let row = of_course.find(|row| row["courseNo"] == course.number);
        row.map(|row| row["status"].clone()).unwrap_or_default()
    }

    /// What was sent to a professor, in order.
    #[track_caller]
    pub fn sent_to(&self, professor: u64) -> Vec<Value> {
        let all = self.all("smsHistories").into_iter();
        let of_it = all.filter(|sms| sms["phoneNumber"] == phone_of(professor));
        of_it.map(|sms| sms["contents"].clone()).collect()
    }

    /// What a collection has for a course.
    #[track_caller]
    pub fn numbered(&self, collection: &str, course: Course) -> Vec<Value> {
        self.search(collection, "findByCourseNo", course.number)
    }

    /// Takes contexts down once nothing is owed: an instance at work goes on when its component is
    /// taken down, and would hear what is told next.
    #[track_caller]
    pub fn down(&self, contexts: &[&str]) {
        self.settle();
        self.down_now(contexts);
    }

    /// Has what waits for course-management be taken up at once: nobody is at work on it any more.
    #[track_caller]
    pub fn take_up(&self) {
        System::take_up(self, INTENTS);
    }

    /// Waits until nothing is owed: every context has handled the whole log, and no evaluation waits for
    /// course-management.
    ///
    /// # Panics
    /// With what is owed, when it does not get there within [`SETTLING`].
    #[track_caller]
    pub fn settle(&self) {
        self.settle_contexts(SETTLING, &HEARING, |redis| self.none_waits(redis, INTENTS));
    }
}

/// A context's component.
pub fn component(context: &str) -> String {
    format!("professor-{context}")
}

/// The body of the seed's course, under another number.
pub fn korean(number: u64) -> Value {
    json!({"courseNo": number, "title": "국어", "courseInfo": "국어과목", "dueDate": "2021-07-01"})
}

/// The body that a professor applies with: text for numbers, as the seed's client sends it.
pub fn applying(professor: u64) -> Value {
    json!({"professorNo": professor.to_string(), "professorNm": format!("P{professor}"), "age": "40",
        "career": "15", "professorSpec": "TEST", "phoneNumber": phone_of(professor)})
}

/// A professor's phone number.
pub fn phone_of(professor: u64) -> String {
    format!("000-0000-{professor:04}")
}
