//! course (강의): what a teacher (강사) offers, and the text books that are on their way to students.

mod domain;
mod policies;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition};

use contract::exports::madang::lecture::{courses, deliveries};
use domain::{Command, Course, Delivery};

madang::contract!(Courses, "madang:lecture/course", "../../../wit/lecture");

struct Courses;

fn courses() -> Collection<Course> {
    Collection::new()
        .on_post(|id, course| Command::Register { id, course })
        .on_put(Command::Modify)
        .on_delete(|| Command::Delete)
        .values_as_text(&["fee"])
}

fn deliveries() -> Collection<Delivery> {
    Collection::new()
}

impl Context for Courses {
    fn define() -> Definition {
        Definition::new("lecture", "course")
            .collection(courses())
            .collection(deliveries())
            .policies(policies::policies())
    }
}

impl courses::Guest for Courses {
    fn register(course: courses::CourseFields) -> Result<courses::Course, Problem> {
        let command = |id| Ok(Command::Register { id, course: course.clone() });
        typed::<Self, _>(|env| courses().create(env, &command)?.record())
    }

    fn find(id: u64) -> Result<courses::Course, Problem> {
        typed::<Self, _>(|env| courses().find(env, id)?.record())
    }

    fn modify(id: u64, course: courses::CourseFields) -> Result<courses::Course, Problem> {
        let command = |_| Ok(Command::Modify(course.clone()));
        typed::<Self, _>(|env| courses().decide(env, id, &command)?.record())
    }

    fn delete(id: u64) -> Result<(), Problem> {
        typed::<Self, _>(|env| courses().change(env, id, None, &|_| Ok(Command::Delete)).map(drop))
    }
}

impl deliveries::Guest for Courses {
    fn find(id: u64) -> Result<deliveries::Delivery, Problem> {
        typed::<Self, _>(|env| deliveries().find(env, id)?.record())
    }
}
