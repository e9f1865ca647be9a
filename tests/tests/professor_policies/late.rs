//! A context that was down while events were told hears all of them when it is back, in order, and
//! without any client doing anything.

use super::host;
use madang_testing::eventually;
use madang_tests::SETTLING;
use madang_tests::professor::Professor;
use serde_json::{Value, json};

#[test]
fn a_notice_is_opened_late_and_one_of_a_canceled_course_comes_and_goes() {
    let Some(host) = host() else { return };
    let system = Professor::of(&host);
    system.down(&["professor-applyment"]);
    let (kept, canceled) = (system.register(), system.register());
    let _ = system.client.delete(&canceled.path()).expect(204);
    system.heal(&["professor-applyment"]);
    system.check();
    assert_eq!(system.numbered("professorApplyments", kept).len(), 1);
    assert_eq!(system.numbered("professorApplyments", canceled), Vec::<Value>::new());
}

#[test]
fn a_number_that_was_canceled_and_registered_again_has_a_notice_of_its_own() {
    let Some(host) = host() else { return };
    let system = Professor::of(&host);
    let (course, evaluation) = system.candidate(201);
    system.down(&["professor-applyment", "professor-evaluation", "my-page"]);
    let _ = system.client.delete(&course.path()).expect(204);
    let again = madang_tests::professor::korean(course.number);
    let _ = system.client.post("/professor/courseManagements", again).expect(201);
    system.heal(&["professor-applyment", "professor-evaluation", "my-page"]);
    system.check();
    assert_eq!(system.numbered("professorApplyments", course)[0]["professorNo"], Value::Null);
    assert_eq!(system.client.get(&evaluation).status, 404);
    assert_eq!(system.status(course, 201), "Canceled");
    system.apply(course, 201);
    system.check();
    assert_eq!(system.status(course, 201), "Applyed");
    assert_ne!(system.evaluation(course, 201), evaluation);
}

#[test]
fn evaluations_come_and_go_late_in_order() {
    let Some(host) = host() else { return };
    let system = Professor::of(&host);
    system.down(&["professor-evaluation"]);
    let courses = [system.register(), system.register()];
    for course in courses {
        [201, 202].iter().for_each(|professor| system.apply(course, *professor));
    }
    let _ = system.client.delete(&system.notice(courses[0])).expect(204);
    system.heal(&["professor-evaluation"]);
    system.check();
    let all = system.all("professorEvaluations");
    let left: Vec<_> = all.iter().map(|row| (&row["courseNo"], &row["professorNo"])).collect();
    let number = json!(courses[1].number);
    assert_eq!(left, [(&number, &json!(201)), (&number, &json!(202))]);
}

#[test]
fn a_cancel_of_what_is_not_there_is_recorded_and_passed_over() {
    let Some(host) = host() else { return };
    let system = Professor::of(&host);
    let course = system.register();
    let _ = system.client.delete(&system.notice(course)).expect(204);
    let _ = system.client.delete(&course.path()).expect(204);
    system.check();
    let refusals = system.info("professor-applyment")["refusals"].clone();
    assert_eq!(refusals[0]["reason"], "there is no notice for that course", "{refusals}");
}

#[test]
fn sms_and_my_page_come_late_in_order() {
    let Some(host) = host() else { return };
    let system = Professor::of(&host);
    system.down(&["notification", "my-page"]);
    let (course, evaluation) = system.candidate(201);
    let _ = system.confirm(&evaluation, 85).expect(200);
    let _ = system.client.delete(&course.path()).expect(204);
    eventually(SETTLING, || (system.told("ApplymentCanceled") == 1).then_some(()));
    system.heal(&["notification", "my-page"]);
    system.check();
    let all =
        ["교수 신청이 등록 되었습니다.", "교수로 임명 되었습니다.", "교수 신청이 취소 되었습니다."];
    assert_eq!(system.sent_to(201), all);
    assert_eq!(system.status(course, 201), "Canceled");
}
