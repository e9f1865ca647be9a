//! professor-evaluation (담당교수평가): who applied is evaluated, and confirmed once course-management has
//! given the course this professor.

use madang::{Aggregate, Decision, Rejection, Value};
use serde::{Deserialize, Serialize};

use crate::contract::exports::madang::professor::professor_evaluations::{
    ProfessorEvaluation as Resource, ProfessorEvaluationFields,
};
use crate::contract::madang::professor::course_management_calls::Completion;
use crate::contract::madang::professor::professor_applyment_events::ProfessorApplyed;
use crate::contract::madang::professor::professor_evaluation_events::ProfessorConfirmed;

/// The course has this professor already.
pub const HELD: Rejection = Rejection::state("the course has this professor already");
/// The course was canceled.
pub const NO_COURSE: Rejection = Rejection::state("there is no course with that courseNo");
/// Course-management does not say whether the course has this professor now.
pub const NO_ANSWER: Rejection =
    Rejection::later("the professor cannot be confirmed at the moment; try again shortly");
/// What became of the confirmation before is not known yet.
pub const OWED: Rejection =
    Rejection::later("whether the professor is confirmed is not known yet; try again shortly");
/// The application was canceled while the professor was to be confirmed.
pub const CANCELED: Rejection = Rejection::state("the application is canceled");
/// Nobody who applies for that course is evaluated.
pub const NOBODY: Rejection = Rejection::state("that professor is not evaluated for that course");
/// Course-management has answered already.
pub const SETTLED: Rejection = Rejection::state("the confirmation is settled already");

/// The evaluation of one professor for one course.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProfessorEvaluation {
    id: u64,
    /// The course's number.
    pub course_no: u64,
    professor_no: u64,
    professor_nm: String,
    phone_number: String,
    score: Option<u64>,
    success_flag: Option<bool>,
    /// How often it was to be confirmed: each time is another to course-management.
    confirmations: u64,
    /// How far the confirmation is that is not settled.
    pub pending: Option<Pending>,
    /// It was confirmed, and whoever asked for it does not know.
    is_news: bool,
}

/// A confirmation that is not settled. Until it is, the evaluation is seen as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Pending {
    /// Course-management is asked to complete the course.
    Asked {
        /// The score to be.
        score: u64,
    },
    /// It did not answer: what became of it is to be found out.
    Owed {
        /// The score to be.
        score: u64,
    },
    /// The application was canceled meanwhile: it must come to nothing, if it still can. Nobody sees the
    /// evaluation any more.
    Canceled,
}

/// What can be asked of an evaluation.
#[derive(Debug, Clone)]
pub enum Command {
    /// A professor applied.
    Open {
        /// Its id.
        id: u64,
        /// Who, and for which course.
        applyed: ProfessorApplyed,
    },
    /// The professor applied once more.
    Renew(ProfessorApplyed),
    /// The application is canceled.
    Cancel,
    /// Who is in charge of evaluations (평가 담당자) evaluates.
    Evaluate(ProfessorEvaluationFields),
    /// The course has this professor now.
    Confirm {
        /// Whether whoever asked for it hears of it.
        is_heard: bool,
    },
    /// The course had this professor already.
    Held,
    /// There is no such course.
    NoCourse,
    /// Course-management did not answer.
    GiveUp {
        /// Whether it may have completed the course all the same.
        may_be_done: bool,
    },
    /// It has not completed the course for this confirmation, and never will.
    Withdrawn,
}

madang::events! {
    /// What happens to an evaluation.
    pub enum Event { ProfessorConfirmed }
}

impl Aggregate for ProfessorEvaluation {
    const COLLECTION: &'static str = "professorEvaluations";
    const ENTITY: &'static str = "ProfessorEvaluation";
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        let Some(evaluation) = state else {
            return match command {
                Command::Open { id, applyed } => Ok(Decision::quiet(Self::open(id, applyed))),
                _ => Err(Rejection::MISSING),
            };
        };
        let stays = |pending| Decision::quiet(Self { pending, ..evaluation.clone() });
        match (evaluation.pending.clone(), command) {
            (_, Command::Renew(applyed)) => Ok(Decision::quiet(Self {
                professor_nm: applyed.professor_nm,
                phone_number: applyed.phone_number,
                ..evaluation
            })),
            (None, Command::Cancel) => Ok(Decision::removed()),
            (Some(_), Command::Cancel) => Ok(stays(Some(Pending::Canceled))),
            (pending, Command::Evaluate(fields)) => evaluation.evaluate(pending, fields),
            (Some(Pending::Asked { score }), Command::Confirm { is_heard }) => {
                Ok(evaluation.confirm(score, is_heard))
            }
            (Some(Pending::Owed { score }), Command::Confirm { .. }) => {
                Ok(evaluation.confirm(score, false))
            }
            (Some(Pending::Asked { .. }), Command::Held) => Ok(stays(None).refusing(HELD)),
            (Some(Pending::Asked { .. }), Command::NoCourse) => Ok(stays(None).refusing(NO_COURSE)),
            (Some(Pending::Asked { score }), Command::GiveUp { may_be_done }) => {
                let owed = may_be_done.then_some(Pending::Owed { score });
                Ok(stays(owed).refusing(NO_ANSWER))
            }
            (Some(Pending::Owed { .. }), Command::Withdrawn) => Ok(stays(None)),
            (Some(Pending::Canceled), Command::Confirm { .. } | Command::Withdrawn) => {
                Ok(Decision::removed().refusing(CANCELED))
            }
            _ => Err(SETTLED),
        }
    }

    fn resource(&self) -> Option<Resource> {
        (self.pending != Some(Pending::Canceled)).then(|| Resource {
            id: self.id,
            course_no: self.course_no,
            professor_no: self.professor_no,
            professor_nm: self.professor_nm.clone(),
            score: self.score,
            success_flag: self.success_flag,
            phone_number: self.phone_number.clone(),
        })
    }

    fn is_intent(&self) -> bool {
        self.pending.is_some()
    }
}

impl ProfessorEvaluation {
    fn open(id: u64, applyed: ProfessorApplyed) -> Self {
        let ProfessorApplyed { course_no, professor_no, professor_nm, phone_number, .. } = applyed;
        ProfessorEvaluation {
            id,
            course_no,
            professor_no,
            professor_nm,
            phone_number,
            score: None,
            success_flag: None,
            confirmations: 0,
            pending: None,
            is_news: false,
        }
    }

    /// Nobody is evaluated but the professor whose evaluation it is. What asks for just that which was
    /// confirmed without an answer is answered by it.
    fn evaluate(
        self,
        pending: Option<Pending>,
        fields: ProfessorEvaluationFields,
    ) -> Result<Decision<Self>, Rejection> {
        let ProfessorEvaluationFields { score, success_flag, .. } = fields;
        whose("courseNo", fields.course_no, self.course_no)?;
        whose("professorNo", fields.professor_no, self.professor_no)?;
        whose("professorNm", fields.professor_nm, self.professor_nm.clone())?;
        whose("phoneNumber", fields.phone_number, self.phone_number.clone())?;
        if let Some(score) = score.filter(|score| *score > 100) {
            return Err(Rejection::invalid("score", score, "must be 0 to 100"));
        }
        let to_confirm = match (success_flag, score) {
            (Some(true), None) => {
                return Err(Rejection::invalid("score", Value::Null, "is needed to confirm"));
            }
            (Some(true), Some(score)) => Some(score),
            _ => None,
        };
        if pending.is_some() {
            return Err(OWED);
        }
        let Some(asked) = to_confirm else {
            return Ok(Decision::quiet(Self { score, success_flag, is_news: false, ..self }));
        };
        let is_told = self.is_news && (self.score, self.success_flag) == (score, success_flag);
        if is_told {
            return Ok(Decision::quiet(Self { is_news: false, ..self }));
        }
        Ok(Decision::quiet(Self {
            confirmations: self.confirmations + 1,
            pending: Some(Pending::Asked { score: asked }),
            is_news: false,
            ..self
        }))
    }

    fn confirm(self, score: u64, is_heard: bool) -> Decision<Self> {
        let told = ProfessorConfirmed {
            id: self.id,
            course_no: self.course_no,
            professor_no: self.professor_no,
            professor_nm: self.professor_nm.clone(),
            score,
            success_flag: true,
            phone_number: self.phone_number.clone(),
        };
        let confirmed = Self {
            score: Some(score),
            success_flag: Some(true),
            pending: None,
            is_news: !is_heard,
            ..self
        };
        Decision::told(confirmed, told)
    }

    /// What course-management is asked, and the key that this confirmation has with it.
    pub fn completion(&self) -> (String, Completion) {
        let key = format!("{}/{}/{}", Self::COLLECTION, self.id, self.confirmations);
        let completion = Completion {
            course_no: self.course_no,
            professor_no: self.professor_no,
            professor_nm: self.professor_nm.clone(),
            phone_number: self.phone_number.clone(),
        };
        (key, completion)
    }
}

/// What is sent of whose evaluation it is must be what it is: confirming another is another's evaluation.
fn whose<T: PartialEq + Into<Value>>(
    property: &'static str,
    sent: Option<T>,
    own: T,
) -> Result<(), Rejection> {
    let Some(other) = sent.filter(|sent| *sent != own) else { return Ok(()) };
    Err(Rejection::invalid(property, other, "must be that of the evaluation"))
}

#[cfg(test)]
mod tests;
