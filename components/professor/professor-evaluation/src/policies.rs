//! What professor-evaluation does when it hears of applications, and what it asks of course-management.

use madang::error::Class;
use madang::{Env, Error, Policies, Work};

use crate::contract::madang::professor::professor_applyment_events::{
    ApplymentCanceled, ProfessorApplyed,
};
use crate::domain::{Command, NOBODY, Pending, ProfessorEvaluation};

madang::heard!(ProfessorApplyed, ApplymentCanceled);

/// On `ProfessorApplyed`: there is an evaluation of that professor for that course. On
/// `ApplymentCanceled`: there is none.
pub fn policies() -> Policies {
    Policies::new()
        .on(|applyed: ProfessorApplyed, work| {
            match find(work, applyed.course_no, applyed.professor_no)? {
                Some(id) => {
                    work.decide::<ProfessorEvaluation>(id, Command::Renew(applyed)).map(drop)
                }
                None => {
                    let open = |id| Ok(Command::Open { id, applyed });
                    work.create::<ProfessorEvaluation>(open).map(drop)
                }
            }
        })
        .on(|canceled: ApplymentCanceled, work| {
            let id = find(work, canceled.course_no, canceled.professor_no)?.ok_or(NOBODY)?;
            work.decide::<ProfessorEvaluation>(id, Command::Cancel).map(drop)
        })
}

/// The evaluation of a professor for a course. It is looked for among the professor's: they are few.
fn find(work: &mut Work, course_no: u64, professor_no: u64) -> Result<Option<u64>, Error> {
    for id in work.find::<ProfessorEvaluation>("professorNo", professor_no)? {
        let found = work.load::<ProfessorEvaluation>(id)?;
        if found.is_some_and(|evaluation| evaluation.course_no == course_no) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Asks course-management to complete the course; or, where it did not answer that, what became of it.
///
/// # Errors
/// Unavailable, where what became of it cannot be found out now.
pub fn settle(evaluation: &ProfessorEvaluation, env: &Env) -> Result<Command, Error> {
    let (key, completion) = evaluation.completion();
    let ask = |question| env.call("course-management", question, &key, &completion);
    if !matches!(evaluation.pending, Some(Pending::Asked { .. })) {
        let is_done = ask("withdraw-completion")?;
        return Ok(if is_done { Command::Confirm { is_heard: false } } else { Command::Withdrawn });
    }
    Ok(match ask("complete-course") {
        // Whoever takes up what another has left answers nobody.
        Ok(true) => Command::Confirm { is_heard: !env.resumed },
        Ok(false) => Command::Held,
        Err(Error::Rejected(why)) if why.class == Class::NotFound => Command::NoCourse,
        Err(Error::Unasked(_)) => Command::GiveUp { may_be_done: false },
        Err(_) => Command::GiveUp { may_be_done: true },
    })
}
