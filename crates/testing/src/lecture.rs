//! Lecture as students, teachers and its operator use it, and the truth behind it.

mod truth;

pub use truth::Truth;

use crate::system::{Intents, SETTLING, System, id_in};
use crate::{Answer, Host};
use serde_json::{Value, json};
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The contexts.
pub const CONTEXTS: [&str; 7] = ["course", "class", "pay", "point", "gift", "alert", "my-page"];

/// Those that hear events.
pub const HEARING: [&str; 6] = ["course", "pay", "point", "gift", "alert", "my-page"];

/// Where classes are asked for.
pub const CLASSES: &str = "/lecture/classes";

/// Where the classes are that wait for pay, by when they are to be taken up.
pub const INTENTS: Intents = Intents { context: "class", collection: "classes" };

/// Lecture on a host.
#[derive(Debug)]
pub struct Lecture<'h>(System<'h>);

impl<'h> Deref for Lecture<'h> {
    type Target = System<'h>;

    fn deref(&self) -> &System<'h> {
        &self.0
    }
}

impl<'h> Lecture<'h> {
    /// Lecture on this host, as it runs now: after a restart it is to be made anew.
    pub fn of(host: &'h Host) -> Self {
        Self(System::of("lecture", host))
    }

    /// Registers a course and gives its id.
    #[track_caller]
    pub fn offer(&self, name: &str) -> u64 {
        id_in(&self.client.post("/lecture/courses", offering(name)).expect(201))
    }

    /// Asks for a class, whatever comes of it.
    #[track_caller]
    pub fn ask(&self, student: &str, fee: u64) -> Answer {
        self.client.post(CLASSES, asking(student, fee))
    }

    /// Registers a class and gives its id.
    #[track_caller]
    pub fn register(&self, student: &str, fee: u64) -> u64 {
        let answer = self.ask(student, fee).expect(201);
        assert_eq!(answer.json()["status"], "CLASS_REGISTERED", "{answer}");
        id_in(&answer)
    }

    /// Cancels a class.
    #[track_caller]
    pub fn cancel(&self, class: u64) {
        let _ = self.client.delete(&format!("{CLASSES}/{class}")).expect(204);
    }

    /// What there is of a class in a collection: itself, its payment, its delivery, its points, its gift;
    /// null where there is nothing.
    #[track_caller]
    pub fn of_class(&self, collection: &str, class: u64) -> Value {
        let answer = self.client.get(&format!("/lecture/{collection}/{class}"));
        if answer.status == 404 { Value::Null } else { answer.expect(200).json() }
    }

    /// The classes of a student, as My Page knows them.
    #[track_caller]
    pub fn pages_of(&self, student: &str) -> Vec<Value> {
        let path = format!("/lecture/inquiryMypages/search/findByStudent?student={student}");
        let found = self.client.get(&path).expect(200).json();
        found["_embedded"]["inquiryMypages"].as_array().cloned().unwrap_or_default()
    }

    /// How a student's only class stands on My Page; null where it does not.
    ///
    /// # Panics
    /// Where the student has more.
    #[track_caller]
    pub fn page_of(&self, student: &str) -> Value {
        let mut pages = self.pages_of(student);
        assert!(pages.len() <= 1, "{pages:?}");
        pages.pop().unwrap_or_default()
    }

    /// The types of the events that were told of a class, in the log's order.
    #[track_caller]
    pub fn told_of(&self, class: u64) -> Vec<String> {
        let log = self.log().into_iter();
        log.filter(|entry| truth::class_of(entry) == Some(class)).map(|entry| entry.kind).collect()
    }

    /// Takes contexts down once nothing is owed: an instance at work goes on when its component is
    /// taken down, and would hear what is told next.
    #[track_caller]
    pub fn down(&self, contexts: &[&str]) {
        self.settle();
        self.down_now(contexts);
    }

    /// [`Lecture::settle`], without the pause in which nobody takes up a class that waits for pay: somebody
    /// may be at work on it, and here nobody is any more.
    ///
    /// # Panics
    /// With what is owed, when it does not get there within [`SETTLING`].
    #[track_caller]
    pub fn settle_now(&self) {
        self.take_up(INTENTS);
        self.settle();
    }

    /// Waits until nothing is owed: every context has handled the whole log, and no class waits for pay.
    ///
    /// # Panics
    /// With what is owed, when it does not get there within [`SETTLING`].
    #[track_caller]
    pub fn settle(&self) {
        self.settle_contexts(SETTLING, &HEARING, |redis| self.none_waits(redis, INTENTS));
    }
}

/// How many are at work, which others go on as long as.
#[derive(Debug)]
pub struct AtWork(AtomicUsize);

impl AtWork {
    /// So many begin.
    pub fn all(count: usize) -> Self {
        Self(AtomicUsize::new(count))
    }

    /// Does one's work, which ends with it, even by a panic: nobody would ever end otherwise.
    pub fn ending_with(&self, work: impl FnOnce()) {
        struct End<'a>(&'a AtomicUsize);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        let _end = End(&self.0);
        work();
    }

    /// Whether anybody still is.
    pub fn goes_on(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

/// The component of a context.
pub fn component(context: &str) -> String {
    format!("lecture-{context}")
}

/// The body that registers a course.
pub fn offering(name: &str) -> Value {
    json!({"name": name, "teacher": "hong-gil-dong", "fee": 10_000, "textBook": "kor_book"})
}

/// The body that asks for a class.
pub fn asking(student: &str, fee: u64) -> Value {
    json!({"courseId": 1, "fee": fee, "student": student, "textBook": "kor_book"})
}
