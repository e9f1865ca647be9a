//! What professor-applyment does when it hears of a course.

use madang::{Error, Policies, Work};

use crate::contract::exports::madang::professor::professor_applyments::NewApplication;
use crate::contract::madang::professor::course_management_events::{
    CourseCanceled, CourseRegisted,
};
use crate::domain::{Command, NO_NOTICE, ProfessorApplyment};

madang::heard!(CourseRegisted, CourseCanceled);

/// On `CourseRegisted`: its notice is opened. On `CourseCanceled`: it is taken away, with all who applied.
pub fn policies() -> Policies {
    Policies::new()
        .on(|registed: CourseRegisted, work| {
            let course_no = registed.course_no;
            work.create::<ProfessorApplyment>(|id| Ok(Command::Open { id, course_no })).map(drop)
        })
        .on(|canceled: CourseCanceled, work| {
            let notice = notice_of(work, canceled.course_no)?;
            work.decide::<ProfessorApplyment>(notice, Command::Cancel).map(drop)
        })
}

/// The notice of the course that a professor applies for.
///
/// # Errors
/// [`NO_NOTICE`] where the course has none; unavailable without Redis.
pub fn find(work: &mut Work, application: &NewApplication) -> Result<u64, Error> {
    notice_of(work, application.course_no)
}

fn notice_of(work: &mut Work, course_no: u64) -> Result<u64, Error> {
    let found = work.find::<ProfessorApplyment>("courseNo", course_no)?;
    Ok(*found.first().ok_or(NO_NOTICE)?)
}
