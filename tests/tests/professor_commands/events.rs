//! Events: CloudEvents with the fields of the specification, in the log.

use madang_testing::Host;
use madang_tests::professor::{Professor, applying, korean};
use serde_json::{Value, json};

const SAGA: &str = "saga-of-this-test";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// An object with more members.
fn with(object: &Value, more: Value) -> Value {
    let mut object = object.clone();
    let Value::Object(more) = more else { panic!("{more}") };
    object.as_object_mut().unwrap().extend(more);
    object
}

#[test]
fn each_event_has_the_members_and_fields_of_the_specification() {
    let host = Host::start();
    let system = Professor::of(&host);
    let traced = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let client = system.client.with("x-correlation-id", SAGA).with("traceparent", traced);
    let registered = client.post("/professor/courseManagements", korean(11)).expect(201);
    system.settle();
    let course = registered.location();
    let _ = client.patch(course, json!({"title": "국문학"})).expect(200);
    let _ = client.patch("/professor/professorApplyments/1", applying(201)).expect(200);
    system.settle();
    let evaluation = json!({"successFlag": true, "score": 85});
    let _ = client.patch("/professor/professorEvaluations/1", evaluation).expect(200);
    let _ = client.delete(course).expect(204);
    system.check();

    let professor =
        json!({"professorNo": 201, "professorNm": "P201", "phoneNumber": "000-0000-0201"});
    let first = with(&korean(11), json!({"id": 1}));
    let changed = with(&first, json!({"title": "국문학"}));
    let applied =
        json!({"id": 1, "courseNo": 11, "age": 40, "career": "15", "professorSpec": "TEST"});
    let applied = with(&applied, professor.clone());
    let confirmed = json!({"id": 1, "courseNo": 11, "score": 85, "successFlag": true});
    let expected = [
        ("CourseRegisted", "course-management", "courseManagements", first),
        ("CourseModified", "course-management", "courseManagements", changed.clone()),
        ("ProfessorApplyed", "professor-applyment", "professorApplyments", applied.clone()),
        (
            "CourseCompleted",
            "course-management",
            "courseManagements",
            with(&with(&changed, professor.clone()), json!({"successFlag": true})),
        ),
        (
            "ProfessorConfirmed",
            "professor-evaluation",
            "professorEvaluations",
            with(&confirmed, professor),
        ),
        ("CourseCanceled", "course-management", "courseManagements", changed),
        ("ApplymentCanceled", "professor-applyment", "professorApplyments", applied),
    ];
    let log = system.log();
    assert_eq!(log.len(), expected.len(), "{log:#?}");
    for (entry, (kind, context, collection, data)) in log.iter().zip(expected) {
        assert_eq!(entry.kind, kind);
        let (source, subject) = (format!("/professor/{context}"), format!("{collection}/1"));
        assert_eq!(entry.fields(&source, &subject, SAGA), data, "{kind}");
        assert_eq!(&entry.text_of("traceparent")[3..35], TRACE, "{kind}");
    }
}

#[test]
fn what_follows_from_an_event_names_it_as_its_cause() {
    let host = Host::start();
    let system = Professor::of(&host);
    let (course, _) = system.candidate(201);
    system.apply(course, 202);
    let _ = system.client.delete(&course.path()).expect(204);
    system.check();
    let log = system.log();
    let canceled = log.iter().find(|entry| entry.kind == "CourseCanceled").unwrap();
    let caused = log.iter().filter(|entry| entry.kind == "ApplymentCanceled");
    let caused: Vec<_> = caused.map(|entry| entry.text_of("causationid")).collect();
    assert_eq!(caused, [canceled.text_of("id"); 2]);
}
