//! That nothing untrue gets past the check.

use super::*;

fn entry(number: u64, kind: &str, data: Value) -> Entry {
    let event = json!({"id": number.to_string(), "source": "/test", "data": data});
    Entry { number, kind: kind.to_owned(), text: event.to_string(), event }
}

fn course(title: &str) -> Value {
    json!({"id": 1, "courseNo": 11, "title": title, "dueDate": "2021-07-01", "courseInfo": ""})
}

/// The course as it is once this professor teaches it.
fn taught(title: &str, professor: u64) -> Value {
    let mut course = course(title);
    let professor = json!({"successFlag": true, "professorNo": professor,
        "professorNm": format!("P{professor}"), "phoneNumber": professor.to_string()});
    merge(&mut course, professor);
    course
}

fn applied(id: u64, course: u64, professor: u64) -> Value {
    json!({"id": id, "courseNo": course, "professorNo": professor, "age": null,
        "professorNm": format!("P{professor}"), "phoneNumber": professor.to_string()})
}

fn evaluation(professor: u64, score: Value, flag: Value) -> Value {
    json!({"id": professor, "courseNo": 11, "professorNo": professor, "score": score,
        "professorNm": format!("P{professor}"), "successFlag": flag,
        "phoneNumber": professor.to_string()})
}

fn confirmed(professor: u64) -> Value {
    evaluation(professor, json!(85), json!(true))
}

fn sms(id: u64, professor: u64, contents: &str) -> Value {
    json!({"id": id, "time": "", "phoneNumber": professor.to_string(), "contents": contents})
}

fn inquiry(course: u64, professor: u64, status: &str) -> Value {
    json!({"id": course + professor, "courseNo": course, "professorNo": professor,
        "professorNm": format!("P{professor}"), "status": status})
}

/// Course 11, which has had two professors in turn and a third to be evaluated; course 12 is canceled.
fn settled() -> Truth {
    let blank = |number| json!({"id": number, "courseNo": number, "title": ""});
    let mut empty = blank(13);
    for field in ["successFlag", "professorNo", "professorNm", "phoneNumber"] {
        empty[field] = Value::Null;
    }
    let (registered, canceled) = ("교수 신청이 등록 되었습니다.", "교수 신청이 취소 되었습니다.");
    let appointed = "교수로 임명 되었습니다.";
    let mut overtaken = entry(14, "ApplymentCanceled", applied(2, 12, 1));
    overtaken.event["causationid"] = json!("13");
    Truth {
        log: vec![
            entry(1, "CourseRegisted", course("국어")),
            entry(2, "CourseRegisted", blank(12)),
            entry(3, "CourseRegisted", blank(13)),
            entry(4, "ProfessorApplyed", applied(1, 11, 1)),
            entry(5, "ProfessorApplyed", applied(1, 11, 2)),
            entry(6, "ProfessorApplyed", applied(1, 11, 3)),
            entry(7, "ProfessorApplyed", applied(2, 12, 1)),
            entry(8, "CourseModified", course("국문학")),
            entry(9, "CourseCompleted", taught("국문학", 1)),
            entry(10, "CourseCompleted", taught("국문학", 2)),
            entry(11, "ProfessorConfirmed", confirmed(2)),
            entry(12, "ProfessorConfirmed", confirmed(1)),
            entry(13, "CourseCanceled", blank(12)),
            overtaken,
        ],
        courses: vec![taught("국문학", 2), empty],
        notices: vec![applied(1, 11, 2), json!({"id": 3, "courseNo": 13, "professorNo": null})],
        evaluations: vec![confirmed(1), confirmed(2), evaluation(3, json!(40), json!(false))],
        sms: vec![
            sms(1, 1, registered),
            sms(2, 2, registered),
            sms(3, 3, registered),
            sms(4, 1, registered),
            sms(5, 1, appointed),
            sms(6, 2, appointed),
            sms(7, 1, canceled),
        ],
        inquiries: vec![
            inquiry(11, 1, "Confirmed"),
            inquiry(11, 2, "Confirmed"),
            inquiry(11, 3, "Applyed"),
            inquiry(12, 1, "Canceled"),
        ],
        dead_letters: 0,
    }
}

#[test]
fn what_agrees_is_no_contradiction() {
    assert_eq!(settled().contradictions(), Vec::<String>::new());
}

#[test]
fn what_a_cancel_has_overtaken_need_not_be_confirmed() {
    let mut truth = settled();
    truth.log.push(entry(15, "ApplymentCanceled", applied(1, 11, 1)));
    truth.log.remove(11);
    (12..).zip(&mut truth.log[11..]).for_each(|(number, entry)| entry.number = number);
    truth.evaluations.remove(0);
    truth.sms.push(sms(8, 1, "교수 신청이 취소 되었습니다."));
    truth.inquiries[0] = inquiry(11, 1, "Canceled");
    truth.notices.remove(0);
    truth.notices.insert(0, applied(1, 11, 3));
    assert_eq!(truth.contradictions(), Vec::<String>::new());
}

type Change = fn(&mut Truth);

#[test]
fn each_thing_that_is_not_true_is_found() {
    let changes: [(&str, Change); 22] = [
        ("the log has 15 where 14", |t| t.log[13].number = 15),
        ("registered anew", |t| t.log[1].event["data"]["courseNo"] = json!(11)),
        ("of no course", |t| t.log[7].event["data"]["courseNo"] = json!(99)),
        ("of no course", |t| t.log[12].event["data"]["courseNo"] = json!(99)),
        ("or not another", |t| t.log[9].event["data"]["professorNo"] = json!(1)),
        ("nobody tells Foreign", |t| t.log[7].kind = "Foreign".into()),
        ("it did not apply so", |t| t.log[13].event["data"]["age"] = json!(5)),
        ("confirmed and not completed", |t| t.log.swap(8, 10)),
        ("completed 1, confirmed 0", |t| drop(t.log.remove(11))),
        ("course 11", |t| t.courses[0] = taught("국문학", 1)),
        ("course 12", |t| t.courses.push(json!({"courseNo": 12}))),
        ("a second course", |t| t.courses.push(taught("국문학", 2))),
        ("notices", |t| drop(t.notices.pop())),
        ("notice {", |t| t.notices[0]["phoneNumber"] = json!("9")),
        ("notice {", |t| t.notices[1]["professorNo"] = json!(9)),
        ("evaluation (11, 2)", |t| t.evaluations[1]["score"] = json!(84)),
        ("evaluation (11, 1)", |t| t.evaluations[0]["successFlag"] = json!(false)),
        ("evaluation (11, 3)", |t| t.evaluations[2]["successFlag"] = json!(true)),
        ("a second evaluation", |t| t.evaluations.push(confirmed(1))),
        ("sent was", |t| drop(t.sms.pop())),
        ("sent was", |t| t.sms.swap(4, 5)),
        ("inquiry (11, 3)", |t| drop(t.inquiries.remove(2))),
    ];
    for (expected, change) in changes {
        let mut truth = settled();
        change(&mut truth);
        let wrong = truth.contradictions().join("\n");
        assert!(wrong.contains(expected), "{expected:?} is not in {wrong:?}");
    }
}
