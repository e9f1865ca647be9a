//! The rules of courses.

use madang::spec::{Given, given};

use super::*;

fn new() -> NewCourseManagement {
    NewCourseManagement {
        course_no: 11,
        title: "국어".into(),
        due_date: "2021-07-01".into(),
        course_info: "국어과목".into(),
    }
}

fn registered() -> Given<CourseManagement> {
    given([Command::Register { id: 1, course: new() }])
}

fn by(professor_no: u64) -> Completion {
    let (professor_nm, phone_number) = ("P01".into(), "000-0000-0001".into());
    Completion { course_no: 11, professor_no, professor_nm, phone_number }
}

fn completed() -> Given<CourseManagement> {
    let register = Command::Register { id: 1, course: new() };
    given([register, Command::Complete(by(201))])
}

fn fields() -> CourseManagementFields {
    let NewCourseManagement { title, due_date, course_info, .. } = new();
    CourseManagementFields {
        title,
        due_date,
        course_info,
        course_no: None,
        success_flag: None,
        professor_no: None,
        professor_nm: None,
        phone_number: None,
    }
}

fn told_to(professor_no: u64) -> Event {
    let NewCourseManagement { course_no, title, due_date, course_info } = new();
    let Completion { professor_nm, phone_number, .. } = by(professor_no);
    let (id, success_flag) = (1, true);
    CourseCompleted {
        id,
        course_no,
        title,
        due_date,
        course_info,
        success_flag,
        professor_no,
        professor_nm,
        phone_number,
    }
    .into()
}

#[test]
fn a_course_is_registered_and_told_and_has_no_professor() {
    let NewCourseManagement { course_no, title, due_date, course_info } = new();
    let told = CourseRegisted { id: 1, course_no, title, due_date, course_info };
    let register = Command::Register { id: 1, course: new() };
    let course = given::<CourseManagement>([]).when(register.clone());
    let seen = course.then_events([told.into()]).resource().unwrap();
    assert_eq!((seen.success_flag, seen.professor_no, seen.phone_number), (None, None, None));
    registered().when(register).then_rejected(Rejection::state("it is registered already"));
    assert_eq!(CourseManagement::UNIQUE, ["courseNo"]);
}

#[test]
fn what_is_registered_or_changed_must_be_whole() {
    let long = "가".repeat(2001);
    let title = |text: &str| Rejection::invalid("title", text, "must be 1 to 200 characters");
    let info = Rejection::invalid("courseInfo", &*long, "must be 0 to 2000 characters");
    let date = |text: &str| Rejection::invalid("dueDate", text, "must be a day, yyyy-MM-dd");
    for (course, refused) in [
        (NewCourseManagement { title: String::new(), ..new() }, title("")),
        (NewCourseManagement { title: long[..603].into(), ..new() }, title(&long[..603])),
        (NewCourseManagement { course_info: long.clone(), ..new() }, info),
        (NewCourseManagement { due_date: "2021-02-29".into(), ..new() }, date("2021-02-29")),
        (NewCourseManagement { due_date: String::new(), ..new() }, date("")),
    ] {
        let NewCourseManagement { title, due_date, course_info, .. } = course.clone();
        let change = CourseManagementFields { title, due_date, course_info, ..fields() };
        registered().when(Command::Change(change)).then_rejected(refused.clone());
        let register = Command::Register { id: 1, course };
        given::<CourseManagement>([]).when(register).then_rejected(refused);
    }
    for course_no in [0, u64::MAX] {
        let course = NewCourseManagement { course_no, ..new() };
        let what = "must be a number from 1 to 9223372036854775807";
        let refused = Rejection::invalid("courseNo", course_no, what);
        let register = Command::Register { id: 1, course };
        given::<CourseManagement>([]).when(register).then_rejected(refused);
    }
}

#[test]
fn a_change_is_told_and_no_change_is_not() {
    let change = CourseManagementFields { title: "국문학".into(), ..fields() };
    let NewCourseManagement { course_no, due_date, course_info, .. } = new();
    let told =
        CourseModified { id: 1, course_no, title: "국문학".into(), due_date, course_info };
    registered().when(Command::Change(change)).then_events([told.into()]);
    registered().when(Command::Change(fields())).then_nothing_changes();
}

#[test]
fn neither_its_number_nor_its_professor_can_be_set() {
    let none = fields;
    for (fields, property, value) in [
        (CourseManagementFields { course_no: Some(12), ..none() }, "courseNo", 12.into()),
        (
            CourseManagementFields { success_flag: Some(false), ..none() },
            "successFlag",
            false.into(),
        ),
        (CourseManagementFields { professor_no: Some(202), ..none() }, "professorNo", 202.into()),
        (
            CourseManagementFields { professor_nm: Some("P".into()), ..none() },
            "professorNm",
            "P".into(),
        ),
        (
            CourseManagementFields { phone_number: Some("1".into()), ..none() },
            "phoneNumber",
            "1".into(),
        ),
    ] {
        let value: Value = value;
        let refused = Rejection::invalid(property, value, "cannot be set here");
        registered().when(Command::Change(fields.clone())).then_rejected(refused.clone());
        completed().when(Command::Change(fields)).then_rejected(refused);
    }
}

#[test]
fn what_a_merge_patch_brings_of_them_is_no_change() {
    let Completion { professor_no, professor_nm, phone_number, .. } = by(201);
    let merged = CourseManagementFields {
        course_no: Some(11),
        success_flag: Some(true),
        professor_no: Some(professor_no),
        professor_nm: Some(professor_nm),
        phone_number: Some(phone_number),
        ..fields()
    };
    completed().when(Command::Change(merged)).then_nothing_changes();
}

#[test]
fn another_professor_completes_it_and_the_same_one_does_not() {
    let course = registered().when(Command::Complete(by(201))).then_events([told_to(201)]);
    let seen = course.resource().unwrap();
    assert_eq!((seen.success_flag, seen.professor_no), (Some(true), Some(201)));
    assert_eq!(seen.phone_number.as_deref(), Some("000-0000-0001"));
    completed().when(Command::Complete(by(201))).then_rejected(HELD);
    let other = completed().when(Command::Complete(by(202))).then_events([told_to(202)]);
    other.when(Command::Complete(by(201))).then_events([told_to(201)]);
}

#[test]
fn a_professor_must_be_whole() {
    let refuse = |by, property, value: Value, what: &'static str| {
        registered()
            .when(Command::Complete(by))
            .then_rejected(Rejection::invalid(property, value, what));
    };
    refuse(by(0), "professorNo", 0.into(), "must be a number from 1 to 9223372036854775807");
    let nameless = Completion { professor_nm: String::new(), ..by(1) };
    refuse(nameless, "professorNm", "".into(), "must be 1 to 100 characters");
    let unreachable = Completion { phone_number: String::new(), ..by(1) };
    refuse(unreachable, "phoneNumber", "".into(), "must be 1 to 20 characters");
}

#[test]
fn a_course_that_is_canceled_is_told_and_is_no_more() {
    let NewCourseManagement { course_no, title, due_date, course_info } = new();
    let told = CourseCanceled { id: 1, course_no, title, due_date, course_info };
    let gone = completed().when(Command::Cancel).then_events([told.into()]);
    assert_eq!(gone.resource(), None);
    for command in [Command::Cancel, Command::Change(fields()), Command::Complete(by(201))] {
        given::<CourseManagement>([]).when(command).then_rejected(Rejection::MISSING);
    }
}
