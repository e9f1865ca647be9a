//! professor-applyment (담당교수신청): the notices of courses, and who applies for them.

mod domain;
mod policies;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition};

use contract::exports::madang::professor::professor_applyments::{
    Application, Guest, NewApplication, ProfessorApplyment as Resource, WholeApplication,
};
use domain::{Command, ProfessorApplyment};

madang::contract!(
    ProfessorApplyments,
    "madang:professor/professor-applyment",
    "../../../wit/professor"
);

struct ProfessorApplyments;

fn notices() -> Collection<ProfessorApplyment> {
    Collection::new()
        .on_post_to(policies::find, |new: NewApplication| Command::Apply(new.into()))
        .on_put(|whole: WholeApplication| Command::Apply(whole.into()))
        .on_patch(Command::Amend)
        .on_delete(|| Command::Cancel)
        .values_as_text(&["courseNo", "professorNo", "age"])
        .search("findByCourseNo", "courseNo")
}

impl Context for ProfessorApplyments {
    fn define() -> Definition {
        Definition::new("professor", "professor-applyment")
            .collection(notices())
            .policies(policies::policies())
    }
}

impl Guest for ProfessorApplyments {
    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| notices().find(env, id)?.record())
    }

    fn apply(id: u64, application: Application) -> Result<Resource, Problem> {
        let command = |_| Ok(Command::Amend(application.clone()));
        typed::<Self, _>(|env| notices().decide(env, id, &command)?.record())
    }

    fn cancel(id: u64) -> Result<(), Problem> {
        let command = |_| Ok(Command::Cancel);
        typed::<Self, _>(|env| notices().change(env, id, None, &command).map(drop))
    }
}
