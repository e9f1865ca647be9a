//! professor-evaluation (담당교수평가): how each professor who applies for a course is evaluated.

mod domain;
mod policies;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition};

use contract::exports::madang::professor::professor_evaluations::{
    Guest, ProfessorEvaluation as Resource, ProfessorEvaluationFields,
};
use domain::{Command, ProfessorEvaluation};

madang::contract!(
    ProfessorEvaluations,
    "madang:professor/professor-evaluation",
    "../../../wit/professor"
);

struct ProfessorEvaluations;

fn evaluations() -> Collection<ProfessorEvaluation> {
    Collection::new()
        .on_put(Command::Evaluate)
        .values_as_text(&["courseNo", "professorNo", "score", "successFlag"])
        .settled_by(policies::settle)
}

impl Context for ProfessorEvaluations {
    fn define() -> Definition {
        Definition::new("professor", "professor-evaluation")
            .calls(&["course-management"])
            .collection(evaluations())
            .policies(policies::policies())
    }
}

impl Guest for ProfessorEvaluations {
    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| evaluations().find(env, id)?.record())
    }

    fn evaluate(id: u64, evaluation: ProfessorEvaluationFields) -> Result<Resource, Problem> {
        let command = |_| Ok(Command::Evaluate(evaluation.clone()));
        typed::<Self, _>(|env| evaluations().decide(env, id, &command)?.record())
    }
}
