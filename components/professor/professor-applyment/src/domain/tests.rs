//! The rules of notices.

use madang::spec::{Given, given};

use super::*;

fn opened() -> Command {
    Command::Open { id: 1, course_no: 11 }
}

/// What the seed's professor applies with.
fn by(professor_no: u64) -> Application {
    Application {
        course_no: None,
        professor_no: Some(professor_no),
        professor_nm: Some("P01".into()),
        professor_spec: Some("TEST".into()),
        career: Some("15".into()),
        age: Some(40),
        phone_number: Some("000-0000-0001".into()),
    }
}

fn nothing() -> Application {
    Application {
        course_no: None,
        professor_no: None,
        professor_nm: None,
        professor_spec: None,
        career: None,
        age: None,
        phone_number: None,
    }
}

fn applied(professors: &[u64]) -> Given<ProfessorApplyment> {
    let applications = professors.iter().map(|no| Command::Apply(by(*no)));
    given([opened()].into_iter().chain(applications))
}

fn told(professor_no: u64) -> ProfessorApplyed {
    ProfessorApplyed {
        id: 1,
        course_no: 11,
        professor_no,
        professor_nm: "P01".into(),
        professor_spec: Some("TEST".into()),
        career: Some("15".into()),
        age: Some(40),
        phone_number: "000-0000-0001".into(),
    }
}

fn canceled(professor_no: u64) -> Event {
    let ProfessorApplyed { id, course_no, professor_nm, professor_spec, career, age, .. } =
        told(professor_no);
    let phone_number = "000-0000-0001".into();
    ApplymentCanceled {
        id,
        course_no,
        professor_no,
        professor_nm,
        professor_spec,
        career,
        age,
        phone_number,
    }
    .into()
}

#[test]
fn a_notice_is_opened_without_a_professor_and_nobody_is_told() {
    let seen = given::<ProfessorApplyment>([]).when(opened()).then_silence().resource();
    let seen = seen.unwrap();
    assert_eq!((seen.id, seen.course_no, seen.professor_no), (1, 11, None));
    assert_eq!((seen.professor_nm, seen.career, seen.age), (None, None, None));
    let refused = Rejection::state("it is opened already");
    applied(&[]).when(opened()).then_rejected(refused);
    assert_eq!(ProfessorApplyment::UNIQUE, ["courseNo"]);
}

#[test]
fn each_professor_who_applies_is_told_and_the_last_is_seen() {
    let one = applied(&[]).when(Command::Apply(by(201))).then_events([told(201).into()]);
    assert_eq!(one.resource().unwrap().professor_no, Some(201));
    let two = one.when(Command::Amend(by(202))).then_events([told(202).into()]);
    assert_eq!(two.resource().unwrap().professor_no, Some(202));
}

#[test]
fn who_applies_as_before_is_seen_and_not_told() {
    applied(&[201]).when(Command::Apply(by(201))).then_nothing_changes();
    let again = applied(&[201, 202]).when(Command::Apply(by(201))).then_silence();
    assert_eq!(again.resource().unwrap().professor_no, Some(201));
    again.when(Command::Cancel).then_events([canceled(202), canceled(201)]);
}

#[test]
fn who_has_applied_may_leave_out_what_stays() {
    let new = Application { phone_number: Some("1".into()), ..nothing() };
    let renewed = ProfessorApplyed { phone_number: "1".into(), ..told(201) };
    applied(&[201]).when(Command::Amend(new.clone())).then_events([renewed.clone().into()]);
    let named = Application { professor_no: Some(201), ..new };
    applied(&[201, 202]).when(Command::Amend(named)).then_events([renewed.into()]);
}

#[test]
fn another_professor_inherits_nothing() {
    let other = Application { career: None, age: None, professor_spec: None, ..by(202) };
    let alone = ProfessorApplyed { career: None, age: None, professor_spec: None, ..told(202) };
    applied(&[201]).when(Command::Amend(other.clone())).then_events([alone.into()]);
    for (other, property) in [
        (Application { phone_number: None, ..other.clone() }, "phoneNumber"),
        (Application { professor_nm: None, ..other }, "professorNm"),
    ] {
        let refused = Rejection::invalid(property, Value::Null, "is required");
        applied(&[201]).when(Command::Amend(other)).then_rejected(refused);
    }
    let refused = Rejection::invalid("professorNo", Value::Null, "is required");
    applied(&[]).when(Command::Amend(nothing())).then_rejected(refused.clone());
    applied(&[201]).when(Command::Apply(nothing())).then_rejected(refused);
}

#[test]
fn an_application_must_be_whole() {
    let refuse = |application, property, value: Value, what: &'static str| {
        let refused = Rejection::invalid(property, value, what);
        applied(&[]).when(Command::Apply(application)).then_rejected(refused);
    };
    let long = "가".repeat(501);
    let number = "must be a number from 1 to 9223372036854775807";
    refuse(by(0), "professorNo", 0.into(), number);
    refuse(by(u64::MAX), "professorNo", u64::MAX.into(), number);
    let text = |text: &str| Some(text.to_owned());
    let with = by(201);
    let nameless = Application { professor_nm: text(""), ..with.clone() };
    refuse(nameless, "professorNm", "".into(), "must be 1 to 100 characters");
    let unreachable = Application { phone_number: text(""), ..with.clone() };
    refuse(unreachable, "phoneNumber", "".into(), "must be 1 to 20 characters");
    let versed = Application { professor_spec: text(&long), ..with.clone() };
    refuse(versed, "professorSpec", long.clone().into(), "must be 0 to 500 characters");
    let busy = Application { career: text(&long), ..with.clone() };
    refuse(busy, "career", long.into(), "must be 0 to 500 characters");
    let old = Application { age: Some(151), ..with.clone() };
    refuse(old, "age", 151.into(), "must be 0 to 150");
    let elsewhere = Application { course_no: Some(12), ..with };
    refuse(elsewhere, "courseNo", 12.into(), "must be the notice's own");
}

#[test]
fn a_notice_takes_so_many_professors_and_no_more() {
    let all: Vec<u64> = (1..=1000).collect();
    applied(&all).when(Command::Apply(by(1001))).then_rejected(FULL);
    applied(&all).when(Command::Apply(by(1))).then_silence();
}

#[test]
fn all_who_applied_are_told_when_it_is_taken_away() {
    let gone = applied(&[201, 202]).when(Command::Cancel);
    let gone = gone.then_events([canceled(201), canceled(202)]);
    assert_eq!(gone.resource(), None);
    applied(&[]).when(Command::Cancel).then_silence();
    for command in [Command::Apply(by(201)), Command::Amend(by(201)), Command::Cancel] {
        given::<ProfessorApplyment>([]).when(command).then_rejected(Rejection::MISSING);
    }
}
