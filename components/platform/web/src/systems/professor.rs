//! Professor: who teaches which course (담당교수).

use crate::model::{
    Action, Call, Column, Context, Deed, Field, Form, Kind, List, Order, Page, Search, Sends, Show,
    System, When,
};
use crate::words::{Words, words};

const COURSE: Words = words("Course", "교과번호");
const TITLE: Words = words("Title", "교과명");
const INFO: Words = words("About", "교과 정보");
const DUE: Words = words("Due", "마감일");
const PROFESSOR: Words = words("Professor", "교수번호");
const NAME: Words = words("Name", "교수명");
const PHONE: Words = words("Phone", "전화번호");
const SPEC: Words = words("Field of work", "전공·경력 사항");
const CAREER: Words = words("Career", "경력");
const AGE: Words = words("Age", "나이");
const SCORE: Words = words("Score", "점수");
const STATUS: Words = words("Status", "상태");
const CONFIRMED: Show = Show::Flag(words("Confirmed", "확정"), words("Not confirmed", "미확정"));

/// The system.
pub(crate) static SYSTEM: System = System {
    name: "professor",
    title: words("Professor", "담당교수"),
    about: words(
        "Courses find the professor who teaches them.",
        "교과를 맡을 교수를 모집하고, 평가하고, 임명합니다.",
    ),
    contexts: &[
        Context::new("course-management", words("Courses", "교과등록"), Order::Core),
        Context::new("professor-applyment", words("Applyments", "담당교수신청"), Order::Core),
        Context::new(
            "professor-evaluation",
            words("Evaluation", "담당교수평가"),
            Order::Supporting,
        )
        .calls(&[Call {
            to: "course-management",
            question: "complete-course",
            before: &["ProfessorConfirmed"],
        }]),
        Context::new("notification", words("Notification", "문자알림"), Order::General),
        Context::new("my-page", words("My Page", "진행현황조회"), Order::General),
    ],
    pages: &[
        Page {
            name: "courses",
            actor: words("Course manager", "교과 담당자"),
            lead: words(
                "Register courses; a notice for professors opens by itself.",
                "교과를 등록하면 담당교수 공고가 저절로 열립니다.",
            ),
            forms: &[
                Form {
                    name: "register",
                    title: words("Register a course", "교과 등록"),
                    sends: Sends::Post("professor/courseManagements", None),
                    fields: &[
                        Field::new("courseNo", COURSE, Kind::Number),
                        Field::new("title", TITLE, Kind::Text(200)),
                        Field::new("courseInfo", INFO, Kind::Long(2000)),
                        Field::new("dueDate", DUE, Kind::Day),
                    ],
                    button: words("Register", "등록하기"),
                    done: words(
                        "The course is registered; its notice opens by itself.",
                        "교과를 등록했습니다. 공고가 저절로 열립니다.",
                    ),
                    ..Form::PLAIN
                },
                Form {
                    name: "change",
                    title: words("Change a course", "교과 변경"),
                    sends: Sends::Patch("professor/courseManagements"),
                    fields: &[
                        Field::new("title", TITLE, Kind::Text(200)).from("title"),
                        Field::new("courseInfo", INFO, Kind::Long(2000)).from("courseInfo"),
                        Field::new("dueDate", DUE, Kind::Day).from("dueDate"),
                    ],
                    button: words("Change", "변경하기"),
                    done: words("The course is changed.", "교과를 변경했습니다."),
                    ..Form::PLAIN
                },
            ],
            lists: &[List {
                name: "courses",
                title: words("Courses", "교과 목록"),
                context: "course-management",
                path: "professor/courseManagements",
                columns: &[
                    Column::new("courseNo", COURSE, Show::Id),
                    Column::new("title", TITLE, Show::Text),
                    Column::new("dueDate", DUE, Show::Text),
                    Column::new("professorNm", NAME, Show::Text),
                    Column::new("successFlag", STATUS, CONFIRMED),
                ],
                actions: &[
                    Action::Open {
                        form: "change",
                        label: words("Change", "변경"),
                        when: When::Always,
                    },
                    Action::Deed(Deed {
                        name: "remove",
                        label: words("Cancel", "폐강"),
                        method: "DELETE",
                        path: "professor/courseManagements",
                        id: "id",
                        body: &[],
                        when: When::Always,
                        done: words(
                            "The course is cancelled, and with it all that was applied for.",
                            "폐강했습니다. 신청도 모두 취소됩니다.",
                        ),
                    }),
                ],
                empty: words("No course is registered yet.", "아직 등록한 교과가 없습니다."),
                ..List::PLAIN
            }],
        },
        Page {
            name: "apply",
            actor: words("Professor", "교수"),
            lead: words(
                "Apply for a course and follow what becomes of it.",
                "교과에 신청하고 진행 현황을 봅니다.",
            ),
            forms: &[Form {
                name: "apply",
                title: words("Apply for this course", "담당교수 신청"),
                sends: Sends::Patch("professor/professorApplyments"),
                fields: &[
                    Field::new("professorNo", PROFESSOR, Kind::Number),
                    Field::new("professorNm", NAME, Kind::Text(100)),
                    Field::new("phoneNumber", PHONE, Kind::Text(20)),
                    Field::new("age", AGE, Kind::Number).optional(),
                    Field::new("career", CAREER, Kind::Text(500)).optional(),
                    Field::new("professorSpec", SPEC, Kind::Text(500)).optional(),
                ],
                button: words("Apply", "신청하기"),
                done: words(
                    "You have applied; the evaluation follows.",
                    "신청했습니다. 평가가 이어집니다.",
                ),
                ..Form::PLAIN
            }],
            lists: &[
                List {
                    name: "mine",
                    title: words("My applications", "나의 진행 현황"),
                    context: "my-page",
                    path: "professor/applyStatusInquiries",
                    search: Some(Search {
                        name: "findByProfessorNo",
                        field: "professorNo",
                        label: PROFESSOR,
                    }),
                    columns: &[
                        Column::new("courseNo", COURSE, Show::Id),
                        Column::new("professorNo", PROFESSOR, Show::Id),
                        Column::new("professorNm", NAME, Show::Text),
                        Column::new("status", STATUS, Show::Status),
                    ],
                    empty: words("Nobody has applied yet.", "아직 신청이 없습니다."),
                    ..List::PLAIN
                },
                List {
                    name: "notices",
                    title: words("Notices", "공고 목록"),
                    context: "professor-applyment",
                    path: "professor/professorApplyments",
                    columns: &[
                        Column::new("id", words("Notice", "공고번호"), Show::Id),
                        Column::new("courseNo", COURSE, Show::Id),
                        Column::new(
                            "professorNm",
                            words("Last applicant", "마지막 신청자"),
                            Show::Text,
                        ),
                    ],
                    actions: &[
                        Action::Open {
                            form: "apply",
                            label: words("Apply", "신청"),
                            when: When::Always,
                        },
                        Action::Deed(Deed {
                            name: "withdraw",
                            label: words("Withdraw", "공고 취소"),
                            method: "DELETE",
                            path: "professor/professorApplyments",
                            id: "id",
                            body: &[],
                            when: When::Always,
                            done: words(
                                "The notice is withdrawn, and all applications with it.",
                                "공고와 신청을 모두 취소했습니다.",
                            ),
                        }),
                    ],
                    empty: words(
                        "There is no notice yet; one opens for each course.",
                        "아직 공고가 없습니다. 교과가 등록되면 열립니다.",
                    ),
                    ..List::PLAIN
                },
            ],
        },
        Page {
            name: "evaluate",
            actor: words("Evaluator", "평가 담당자"),
            lead: words(
                "Evaluate those who applied and confirm one.",
                "신청한 교수를 평가하고 확정합니다.",
            ),
            forms: &[Form {
                name: "evaluate",
                title: words("Evaluate", "담당교수 평가"),
                sends: Sends::Patch("professor/professorEvaluations"),
                fields: &[
                    Field::new("score", SCORE, Kind::Number)
                        .from("score")
                        .hint(words("0 to 100", "0~100점")),
                    Field::new(
                        "successFlag",
                        words("Confirm this professor", "이 교수로 확정"),
                        Kind::Flag,
                    ),
                ],
                button: words("Evaluate", "평가하기"),
                done: words("The evaluation is stored.", "평가를 저장했습니다."),
                ..Form::PLAIN
            }],
            lists: &[
                List {
                    name: "evaluations",
                    title: words("Evaluations", "평가 목록"),
                    context: "professor-evaluation",
                    path: "professor/professorEvaluations",
                    columns: &[
                        Column::new("courseNo", COURSE, Show::Id),
                        Column::new("professorNo", PROFESSOR, Show::Id),
                        Column::new("professorNm", NAME, Show::Text),
                        Column::new("score", SCORE, Show::Number),
                        Column::new("successFlag", STATUS, CONFIRMED),
                    ],
                    actions: &[Action::Open {
                        form: "evaluate",
                        label: words("Evaluate", "평가"),
                        when: When::Always,
                    }],
                    empty: words("Nobody is to be evaluated yet.", "아직 평가할 교수가 없습니다."),
                    ..List::PLAIN
                },
                List {
                    name: "messages",
                    title: words("Messages sent", "문자 발송 이력"),
                    context: "notification",
                    path: "professor/smsHistories",
                    columns: &[
                        Column::new("id", words("Message", "번호"), Show::Id),
                        Column::new("phoneNumber", PHONE, Show::Text),
                        Column::new("contents", words("Text", "내용"), Show::Text),
                        Column::new("time", words("Time", "시각"), Show::Text),
                    ],
                    empty: words("Nothing was sent yet.", "아직 보낸 문자가 없습니다."),
                    ..List::PLAIN
                },
            ],
        },
    ],
};
