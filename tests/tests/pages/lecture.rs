//! Lecture: a teacher offers a course, a student takes it and cancels, and the office sees what follows.

use madang_testing::browser::Look;

use crate::support::{Reader, SHARED};

#[test]
fn a_course_is_taken_and_cancelled() {
    let host = SHARED.host();
    let reader = Reader::of(&host, Look { lang: "ko", ..Look::WIDE });

    reader.visit("/pages/lecture/courses");
    reader.submit(
        "offer",
        &[("name", "한국어"), ("teacher", "홍길동"), ("fee", "10000"), ("textBook", "kor_book")],
    );
    reader.await_text("#said", "강의를 등록했습니다");
    reader.click("#courses tbody tr:first-child .button");
    reader.fill("#change-fee", "12000");
    reader.click("#change button");
    reader.await_text("#courses tbody tr:first-child", "12,000원");

    reader.visit("/pages/lecture/classes");
    reader.click("#courses tbody tr:first-child .button");
    reader.fill("#register-student", "김순희");
    reader.click("#register button");
    reader.await_text("#said", "수강 등록과 결제가 끝났습니다");
    for settled in ["수강 등록", "배송 시작", "1,200", "한국어"] {
        reader.await_text("#mine tbody tr:first-child", settled);
    }
    reader.check_access();
    reader.click("#mine tbody tr:first-child button");
    reader.await_text("#said", "취소했습니다");
    for settled in ["수강 취소", "배송 취소"] {
        reader.await_text("#mine tbody tr:first-child", settled);
    }

    reader.visit("/pages/lecture/office");
    reader.await_text("#payments", "김순희");
    reader.await_text("#points", "포인트 회수");
    reader.await_text("#gifts", "선물 회수");
    reader.await_text("#alerts", "김순희");
    reader.leave();
}
