//! What course-management does for its neighbours.

use madang::{Error, Rejection, Work};

use crate::contract::madang::professor::course_management_calls::Completion;
use crate::domain::{Command, CourseManagement, HELD};

/// Gives the course this professor, once for each key: whether this key has done it.
///
/// # Errors
/// [`Rejection::MISSING`] where there is no such course; unavailable without Redis.
pub fn complete_course(work: &mut Work, completion: &Completion, key: &str) -> Result<bool, Error> {
    work.once(key, |work| {
        let found = work.find::<CourseManagement>("courseNo", completion.course_no)?;
        let course = *found.first().ok_or(Rejection::MISSING)?;
        match work.decide::<CourseManagement>(course, Command::Complete(completion.clone())) {
            Err(Error::Rejected(why)) if why == HELD => Ok(false),
            decided => decided.map(|_| true),
        }
    })
}

/// What became of [`complete_course`] of this key: whether it has taken effect. Where it has not, it never
/// will, even where that call is still on its way.
///
/// # Errors
/// Unavailable without Redis.
pub fn withdraw_completion(work: &mut Work, _: &Completion, key: &str) -> Result<bool, Error> {
    work.once(key, |_| Ok(false))
}
