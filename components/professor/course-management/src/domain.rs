//! course-management (교과등록): a course is registered, changed and canceled, and gets its professor.

use madang::date::Date;
use madang::{Aggregate, Decision, Rejection, Value, text_within};
use serde::{Deserialize, Serialize};

use crate::contract::exports::madang::professor::course_managements::{
    CourseManagement as Resource, CourseManagementFields, NewCourseManagement,
};
use crate::contract::madang::professor::course_management_calls::Completion;
use crate::contract::madang::professor::course_management_events::{
    CourseCanceled, CourseCompleted, CourseModified, CourseRegisted,
};

/// The course has this professor already.
pub const HELD: Rejection = Rejection::state("the course has this professor already");

/// A course (교과).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CourseManagement {
    id: u64,
    course_no: u64,
    subject: Subject,
    professor: Option<Professor>,
}

/// What a course is about, and when it is due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    title: String,
    due_date: String,
    course_info: String,
}

/// Who teaches a course (담당교수).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Professor {
    professor_no: u64,
    professor_nm: String,
    phone_number: String,
}

/// What can be asked of a course.
#[derive(Debug, Clone)]
pub enum Command {
    /// There is a new course.
    Register {
        /// Its id.
        id: u64,
        /// What it is.
        course: NewCourseManagement,
    },
    /// It is about something else, or due at another time.
    Change(CourseManagementFields),
    /// It does not take place.
    Cancel,
    /// A professor was chosen for it (completeCourse).
    Complete(Completion),
}

madang::events! {
    /// What happens to a course.
    #[allow(clippy::enum_variant_names, reason = "they are the seed's names")]
    pub enum Event { CourseRegisted, CourseModified, CourseCompleted, CourseCanceled }
}

impl Aggregate for CourseManagement {
    const COLLECTION: &'static str = "courseManagements";
    const ENTITY: &'static str = "CourseManagement";
    const UNIQUE: &'static [&'static str] = &["courseNo"];
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        match (state, command) {
            (None, Command::Register { id, course }) => register(id, course),
            (Some(course), Command::Change(fields)) => change(course, fields),
            (Some(course), Command::Cancel) => Ok(cancel(course)),
            (Some(course), Command::Complete(completion)) => complete(course, completion),
            (Some(_), Command::Register { .. }) => {
                Err(Rejection::state("it is registered already"))
            }
            (None, _) => Err(Rejection::MISSING),
        }
    }

    fn resource(&self) -> Option<Resource> {
        let Subject { title, due_date, course_info } = self.subject.clone();
        let professor = self.professor.as_ref();
        Some(Resource {
            id: self.id,
            course_no: self.course_no,
            title,
            due_date,
            course_info,
            success_flag: professor.map(|_| true),
            professor_no: professor.map(|professor| professor.professor_no),
            professor_nm: professor.map(|professor| professor.professor_nm.clone()),
            phone_number: professor.map(|professor| professor.phone_number.clone()),
        })
    }
}

fn register(id: u64, course: NewCourseManagement) -> Result<Decision<CourseManagement>, Rejection> {
    let NewCourseManagement { course_no, title, due_date, course_info } = course;
    number("courseNo", course_no)?;
    let subject = subject(title, due_date, course_info)?;
    let Subject { title, due_date, course_info } = subject.clone();
    let told = CourseRegisted { id, course_no, title, due_date, course_info };
    Ok(Decision::told(CourseManagement { id, course_no, subject, professor: None }, told))
}

/// The professor comes by being confirmed alone, and applyments know the course by its number.
fn change(
    course: CourseManagement,
    fields: CourseManagementFields,
) -> Result<Decision<CourseManagement>, Rejection> {
    let now = course.professor.as_ref();
    same("courseNo", fields.course_no, Some(course.course_no))?;
    same("successFlag", fields.success_flag, now.map(|_| true))?;
    same("professorNo", fields.professor_no, now.map(|now| now.professor_no))?;
    same("professorNm", fields.professor_nm, now.map(|now| now.professor_nm.clone()))?;
    same("phoneNumber", fields.phone_number, now.map(|now| now.phone_number.clone()))?;
    let subject = subject(fields.title, fields.due_date, fields.course_info)?;
    if subject == course.subject {
        return Ok(Decision::quiet(course));
    }
    let Subject { title, due_date, course_info } = subject.clone();
    let CourseManagement { id, course_no, .. } = course;
    let told = CourseModified { id, course_no, title, due_date, course_info };
    Ok(Decision::told(CourseManagement { subject, ..course }, told))
}

fn cancel(course: CourseManagement) -> Decision<CourseManagement> {
    let CourseManagement { id, course_no, subject, .. } = course;
    let Subject { title, due_date, course_info } = subject;
    let told = CourseCanceled { id, course_no, title, due_date, course_info };
    Decision::removed().telling(told)
}

fn complete(
    course: CourseManagement,
    completion: Completion,
) -> Result<Decision<CourseManagement>, Rejection> {
    let Completion { professor_no, professor_nm, phone_number, .. } = completion;
    number("professorNo", professor_no)?;
    text_within("professorNm", &professor_nm, 1, 100)?;
    text_within("phoneNumber", &phone_number, 1, 20)?;
    if course.professor.as_ref().is_some_and(|now| now.professor_no == professor_no) {
        return Err(HELD);
    }
    let professor = Professor { professor_no, professor_nm, phone_number };
    let Professor { professor_no, professor_nm, phone_number } = professor.clone();
    let CourseManagement { id, course_no, subject, .. } = course.clone();
    let Subject { title, due_date, course_info } = subject;
    let told = CourseCompleted {
        id,
        course_no,
        title,
        due_date,
        course_info,
        success_flag: true,
        professor_no,
        professor_nm,
        phone_number,
    };
    Ok(Decision::told(CourseManagement { professor: Some(professor), ..course }, told))
}

fn subject(title: String, due_date: String, course_info: String) -> Result<Subject, Rejection> {
    text_within("title", &title, 1, 200)?;
    text_within("courseInfo", &course_info, 0, 2000)?;
    if Date::parse(&due_date).is_none() {
        return Err(Rejection::invalid("dueDate", due_date, "must be a day, yyyy-MM-dd"));
    }
    Ok(Subject { title, due_date, course_info })
}

/// A number as the seed's `Long` holds it, from 1 up.
fn number(property: &'static str, number: u64) -> Result<(), Rejection> {
    if i64::try_from(number).is_ok_and(|number| number > 0) {
        return Ok(());
    }
    Err(Rejection::invalid(property, number, "must be a number from 1 to 9223372036854775807"))
}

/// What is sent of it, if anything, is what it is: a merge patch brings all that it does not change.
fn same<T: PartialEq + Into<Value>>(
    property: &'static str,
    sent: Option<T>,
    now: Option<T>,
) -> Result<(), Rejection> {
    let Some(other) = sent.filter(|sent| now.as_ref() != Some(sent)) else { return Ok(()) };
    Err(Rejection::invalid(property, other, "cannot be set here"))
}

#[cfg(test)]
mod tests;
