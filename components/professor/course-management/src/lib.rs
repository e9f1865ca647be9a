//! course-management (교과등록): the courses, and which professor teaches each.

mod domain;
mod policies;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition, Work};

use contract::exports::madang::professor::course_managements::{
    CourseManagement as Resource, CourseManagementFields, Guest, NewCourseManagement,
};
use contract::madang::professor::course_management_calls::Completion;
use domain::{Command, CourseManagement};

madang::contract!(
    CourseManagements,
    "madang:professor/course-management",
    "../../../wit/professor"
);

struct CourseManagements;

fn courses() -> Collection<CourseManagement> {
    Collection::new()
        .on_post(|id, course| Command::Register { id, course })
        .on_put(Command::Change)
        .on_delete(|| Command::Cancel)
        .values_as_text(&["courseNo", "professorNo", "successFlag"])
        .search("findByCourseNo", "courseNo")
}

impl Context for CourseManagements {
    fn define() -> Definition {
        Definition::new("professor", "course-management")
            .collection(courses())
            .internal("complete-course", policies::complete_course)
            .internal("withdraw-completion", policies::withdraw_completion)
    }
}

impl Guest for CourseManagements {
    fn register(course: NewCourseManagement) -> Result<Resource, Problem> {
        let command = |id| Ok(Command::Register { id, course: course.clone() });
        typed::<Self, _>(|env| courses().create(env, &command)?.record())
    }

    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| courses().find(env, id)?.record())
    }

    fn change(id: u64, course: CourseManagementFields) -> Result<Resource, Problem> {
        let command = |_| Ok(Command::Change(course.clone()));
        typed::<Self, _>(|env| courses().decide(env, id, &command)?.record())
    }

    fn cancel(id: u64) -> Result<(), Problem> {
        let command = |_| Ok(Command::Cancel);
        typed::<Self, _>(|env| courses().change(env, id, None, &command).map(drop))
    }

    fn complete_course(completion: Completion, key: String) -> Result<bool, Problem> {
        typed::<Self, _>(|env| {
            Work::transact(env, |work| policies::complete_course(work, &completion, &key))
        })
    }

    fn withdraw_completion(completion: Completion, key: String) -> Result<bool, Problem> {
        typed::<Self, _>(|env| {
            Work::transact(env, |work| policies::withdraw_completion(work, &completion, &key))
        })
    }
}
