//! Professor: a course is registered, a professor applies to its notice, is evaluated and confirmed, and the course is
//! cancelled.

use madang_testing::browser::Look;

use crate::support::{Reader, SHARED};

#[test]
fn a_course_finds_its_professor() {
    let host = SHARED.host();
    let reader = Reader::of(&host, Look::WIDE);

    reader.visit("/pages/professor/courses");
    reader.fill("#register-courseNo", "31");
    reader.fill("#register-title", "국어");
    reader.fill("#register-courseInfo", "국어과목");
    reader.set("#register-dueDate", "2027-07-01");
    reader.click("#register button");
    reader.await_text("#said", "The course is registered");
    reader.click("#courses tbody tr:first-child .button");
    reader.fill("#change-title", "국어 (심화)");
    reader.click("#change button");
    reader.await_text("#courses tbody tr:first-child", "국어 (심화)");

    reader.visit("/pages/professor/apply");
    reader.await_text("#notices tbody tr:first-child", "#31");
    reader.click("#notices tbody tr:first-child .button");
    reader.submit(
        "apply",
        &[
            ("professorNo", "201"),
            ("professorNm", "P01"),
            ("phoneNumber", "000-0000-0001"),
            ("age", "200"),
        ],
    );
    reader.await_text("#apply-age-error", "must be 0 to 150");
    reader.fill("#apply-age", "40");
    reader.click("#apply button");
    reader.await_text("#said", "You have applied");
    reader.await_text("#mine tbody tr:first-child", "Applyed");
    assert!(reader.url().contains("professorNo=201"), "{}", reader.url());

    reader.visit("/pages/professor/evaluate");
    reader.click("#evaluations tbody tr:first-child .button");
    reader.fill("#evaluate-score", "85");
    reader.check_access();
    reader.click("#evaluate button");
    reader.await_text("#said", "The evaluation is stored.");
    reader.await_text("#evaluations tbody tr:first-child", "Confirmed");
    reader.await_text("#messages", "교수로 임명 되었습니다.");
    reader.visit("/pages/professor/apply?professorNo=201");
    reader.await_text("#mine tbody tr:first-child", "Confirmed");

    reader.visit("/pages/professor/courses");
    reader.await_text("#courses tbody tr:first-child", "P01");
    reader.click("#courses tbody tr:first-child form button");
    reader.await_text("#said", "The course is cancelled");
    reader.visit("/pages/professor/apply?professorNo=201");
    reader.await_text("#mine tbody tr:first-child", "Canceled");
    reader.leave();
}
