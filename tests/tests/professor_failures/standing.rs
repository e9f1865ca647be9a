//! What stands while others are down: registering, applying, canceling; and what follows when they are back.

use madang_testing::{Host, eventually, in_parallel};
use madang_tests::professor::{CONTEXTS, HEARING, Professor};
use madang_tests::{SETTLING, problem, with_faults};
use serde_json::{Value, json};

#[test]
fn with_professor_evaluation_down_courses_and_applications_are_taken_and_evaluated_later() {
    let Some(host) = with_faults(Host::builder()) else { return };
    let system = Professor::of(&host);
    system.down(&["professor-evaluation"]);
    let courses = in_parallel(5, |i| {
        let course = system.register();
        let professors = [10 + 2 * i as u64, 11 + 2 * i as u64];
        professors.iter().for_each(|professor| system.apply(course, *professor));
        (course, professors)
    });
    let path = "/professor/professorEvaluations";
    problem(&system.client.get(path), 503, path);
    for (course, professors) in &courses {
        for professor in professors {
            eventually(SETTLING, || {
                (system.status(*course, *professor) == "Applyed").then_some(())
            });
        }
    }
    system.heal(&["professor-evaluation"]);
    system.check();
    assert_eq!(system.all("professorEvaluations").len(), 10);
    let (course, professors) = courses[0];
    let _ = system.confirm(&system.evaluation(course, professors[1]), 85).expect(200);
    system.check();
    assert_eq!(system.professor_of(course), professors[1]);
}

#[test]
fn a_course_that_is_canceled_while_all_others_are_down_is_canceled_everywhere_later() {
    let Some(host) = with_faults(Host::builder()) else { return };
    let system = Professor::of(&host);
    let (course, evaluation) = system.candidate(201);
    system.apply(course, 202);
    let (other, standing) = system.candidate(203);
    let _ = system.confirm(&evaluation, 85).expect(200);
    system.down(&HEARING);
    let _ = system.client.delete(&course.path()).expect(204);
    assert_eq!(system.told("ApplymentCanceled"), 0);
    system.heal(&HEARING);
    // Looking at the log is nothing that a client does: it wakes nobody.
    eventually(SETTLING, || (system.told("ApplymentCanceled") == 2).then_some(()));
    system.check();
    assert_eq!(system.numbered("professorApplyments", course), Vec::<Value>::new());
    problem(&system.client.get(&evaluation), 404, &evaluation);
    for professor in [201, 202] {
        assert_eq!(system.status(course, professor), "Canceled");
        let sent = system.sent_to(professor);
        assert_eq!(sent.last(), Some(&json!("교수 신청이 취소 되었습니다.")), "{sent:?}");
    }
    assert_eq!(system.status(other, 203), "Applyed");
    let _ = system.client.get(&standing).expect(200);
}

#[test]
fn an_sms_goes_to_the_professors_phone_once() {
    let host = Host::start();
    let system = Professor::of(&host);
    let (_, evaluation) = system.candidate(201);
    let _ = system.confirm(&evaluation, 85).expect(200);
    system.check();
    eventually(SETTLING, || {
        let messages = &system.info("notification")["messages"];
        if messages["waiting"] == 0 { Ok(()) } else { Err(messages.to_string()) }
    });
    assert_eq!(system.info("notification")["messages"], json!({"waiting": 0, "dead": 0}));
    if host.has_faults() {
        let logs = std::fs::read_dir(host.state_dir().join("logs")).expect("the logs");
        let texts: Vec<_> =
            logs.map(|log| std::fs::read_to_string(log.unwrap().path()).unwrap()).collect();
        for text in ["교수 신청이 등록 되었습니다.", "교수로 임명 되었습니다."]
        {
            let told = format!("\"000-0000-0201\": \"{text}\"");
            assert_eq!(texts.iter().map(|log| log.matches(&told).count()).sum::<usize>(), 1);
        }
    }
}

#[test]
fn stopped_and_started_again_all_is_as_it_was_and_goes_on() {
    let mut host = Host::builder().env("MADANG_REDIS_FSYNC", "always").start();
    let system = Professor::of(&host);
    let (course, evaluation) = system.candidate(201);
    let (canceled, _) = system.candidate(202);
    let _ = system.confirm(&evaluation, 85).expect(200);
    let _ = system.client.delete(&canceled.path()).expect(204);
    system.check();
    let log = system.log();
    drop(system);
    host.restart();
    let system = Professor::of(&host);
    system.check();
    assert_eq!(system.log(), log);
    assert_eq!(system.professor_of(course), 201);
    system.apply(course, 203);
    let _ = system.confirm(&system.evaluation(course, 203), 90).expect(200);
    system.check();
    for context in CONTEXTS {
        assert_eq!(system.info(context)["deadLetters"], json!(0), "{context}");
    }
}
