//! professor-applyment (담당교수신청): a notice is opened for a course, professors apply, and all of it is
//! canceled.

use std::borrow::Cow;

use madang::error::Class;
use madang::{Aggregate, Decision, Rejection, Value, text_within};
use serde::{Deserialize, Serialize};

use crate::contract::exports::madang::professor::professor_applyments::{
    Application, NewApplication, ProfessorApplyment as Resource, WholeApplication,
};
use crate::contract::madang::professor::professor_applyment_events::{
    ApplymentCanceled, ProfessorApplyed,
};

/// As many professors have applied as a notice takes.
pub const FULL: Rejection = Rejection::state("as many professors as it takes have applied for it");
/// Nobody has opened a notice for the course, or it is canceled.
pub const NO_NOTICE: Rejection = Rejection {
    class: Class::NotFound,
    detail: Cow::Borrowed("there is no notice for that course"),
    violations: Vec::new(),
};

/// So many professors can apply for a course: all of them are kept in its notice.
const MOST_PROFESSORS: usize = 1000;

/// The notice of a course (담당교수신청공고), with all who applied for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProfessorApplyment {
    id: u64,
    course_no: u64,
    /// Each professor once; who applied last is at the end, and is the one that is seen.
    professors: Vec<Professor>,
}

/// A professor who applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Professor {
    professor_no: u64,
    professor_nm: String,
    professor_spec: Option<String>,
    career: Option<String>,
    age: Option<u64>,
    phone_number: String,
}

/// What can be asked of a notice.
#[derive(Debug, Clone)]
pub enum Command {
    /// A course was registered.
    Open {
        /// Its id.
        id: u64,
        /// The course.
        course_no: u64,
    },
    /// A professor applies.
    Apply(Application),
    /// The same; what is left out stays as that professor has applied with before.
    Amend(Application),
    /// It is taken away, and with it all who applied.
    Cancel,
}

madang::events! {
    /// What happens to a notice.
    pub enum Event { ProfessorApplyed, ApplymentCanceled }
}

impl Aggregate for ProfessorApplyment {
    const COLLECTION: &'static str = "professorApplyments";
    const ENTITY: &'static str = "ProfessorApplyment";
    const UNIQUE: &'static [&'static str] = &["courseNo"];
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        match (state, command) {
            (None, Command::Open { id, course_no }) => {
                Ok(Decision::quiet(Self { id, course_no, professors: Vec::new() }))
            }
            (Some(notice), Command::Apply(application)) => notice.apply(application, None),
            (Some(notice), Command::Amend(application)) => {
                let before = notice.before(&application);
                notice.apply(application, before)
            }
            (Some(notice), Command::Cancel) => Ok(notice.cancel()),
            (Some(_), Command::Open { .. }) => Err(Rejection::state("it is opened already")),
            (None, _) => Err(Rejection::MISSING),
        }
    }

    fn resource(&self) -> Option<Resource> {
        let last = self.professors.last();
        Some(Resource {
            id: self.id,
            course_no: self.course_no,
            professor_no: last.map(|professor| professor.professor_no),
            professor_nm: last.map(|professor| professor.professor_nm.clone()),
            professor_spec: last.and_then(|professor| professor.professor_spec.clone()),
            career: last.and_then(|professor| professor.career.clone()),
            age: last.and_then(|professor| professor.age),
            phone_number: last.map(|professor| professor.phone_number.clone()),
        })
    }
}

impl From<NewApplication> for Application {
    fn from(new: NewApplication) -> Self {
        Application {
            course_no: Some(new.course_no),
            professor_no: Some(new.professor_no),
            professor_nm: Some(new.professor_nm),
            professor_spec: new.professor_spec,
            career: new.career,
            age: new.age,
            phone_number: Some(new.phone_number),
        }
    }
}

impl From<WholeApplication> for Application {
    fn from(whole: WholeApplication) -> Self {
        Application {
            course_no: whole.course_no,
            professor_no: Some(whole.professor_no),
            professor_nm: Some(whole.professor_nm),
            professor_spec: whole.professor_spec,
            career: whole.career,
            age: whole.age,
            phone_number: Some(whole.phone_number),
        }
    }
}

impl ProfessorApplyment {
    /// What the professor has applied with before.
    fn before(&self, application: &Application) -> Option<Professor> {
        let mut professors = self.professors.iter().rev();
        let of = |professor_no| professors.find(|p| p.professor_no == professor_no);
        application.professor_no.map_or(self.professors.last(), of).cloned()
    }

    /// Who applies with what he or she has applied with already is seen as the last, and nobody is told.
    fn apply(
        mut self,
        application: Application,
        before: Option<Professor>,
    ) -> Result<Decision<Self>, Rejection> {
        if let Some(course_no) = application.course_no.filter(|sent| *sent != self.course_no) {
            return Err(Rejection::invalid("courseNo", course_no, "must be the notice's own"));
        }
        let professor = Professor::of(application, before)?;
        let before = self.professors.iter().position(|p| p.professor_no == professor.professor_no);
        let before = before.map(|at| self.professors.remove(at));
        if self.professors.len() >= MOST_PROFESSORS {
            return Err(FULL);
        }
        let is_known = before.as_ref() == Some(&professor);
        self.professors.push(professor.clone());
        let Professor { professor_no, professor_nm, professor_spec, career, age, phone_number } =
            professor;
        let (id, course_no) = (self.id, self.course_no);
        let decision = Decision::quiet(self);
        if is_known {
            return Ok(decision);
        }
        Ok(decision.telling(ProfessorApplyed {
            id,
            course_no,
            professor_no,
            professor_nm,
            professor_spec,
            career,
            age,
            phone_number,
        }))
    }

    fn cancel(self) -> Decision<Self> {
        let ProfessorApplyment { id, course_no, professors } = self;
        professors.into_iter().fold(Decision::removed(), |decision, professor| {
            let Professor { professor_no, professor_nm, professor_spec, career, age, phone_number } =
                professor;
            decision.telling(ApplymentCanceled {
                id,
                course_no,
                professor_no,
                professor_nm,
                professor_spec,
                career,
                age,
                phone_number,
            })
        })
    }
}

impl Professor {
    fn of(application: Application, before: Option<Professor>) -> Result<Self, Rejection> {
        let required = |property| Rejection::invalid(property, Value::Null, "is required");
        let before = before.as_ref();
        let professor_no = application.professor_no.or(before.map(|p| p.professor_no));
        let professor_nm = application.professor_nm.or(before.map(|p| p.professor_nm.clone()));
        let phone_number = application.phone_number.or(before.map(|p| p.phone_number.clone()));
        let professor = Professor {
            professor_no: professor_no.ok_or_else(|| required("professorNo"))?,
            professor_nm: professor_nm.ok_or_else(|| required("professorNm"))?,
            professor_spec: application
                .professor_spec
                .or_else(|| before.and_then(|p| p.professor_spec.clone())),
            career: application.career.or_else(|| before.and_then(|p| p.career.clone())),
            age: application.age.or_else(|| before.and_then(|p| p.age)),
            phone_number: phone_number.ok_or_else(|| required("phoneNumber"))?,
        };
        professor.check()?;
        Ok(professor)
    }

    fn check(&self) -> Result<(), Rejection> {
        // The seed's `Long`.
        if self.professor_no == 0 || i64::try_from(self.professor_no).is_err() {
            let what = "must be a number from 1 to 9223372036854775807";
            return Err(Rejection::invalid("professorNo", self.professor_no, what));
        }
        text_within("professorNm", &self.professor_nm, 1, 100)?;
        text_within("phoneNumber", &self.phone_number, 1, 20)?;
        text_within("professorSpec", self.professor_spec.as_deref().unwrap_or_default(), 0, 500)?;
        text_within("career", self.career.as_deref().unwrap_or_default(), 0, 500)?;
        match self.age {
            Some(age) if age > 150 => Err(Rejection::invalid("age", age, "must be 0 to 150")),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
