//! Lecture: online courses, points and gifts (수강신청).

use crate::model::{
    Action, Call, Column, Context, Deed, Field, Form, Kind, List, Order, Page, Search, Sends, Show,
    System, When,
};
use crate::words::{Words, words};

const COURSE: Words = words("Course", "강의번호");
const NAME: Words = words("Name", "강의명");
const TEACHER: Words = words("Teacher", "강사");
const FEE: Words = words("Fee", "수강료");
const BOOK: Words = words("Text book", "교재");
const STUDENT: Words = words("Student", "수강생");
const CLASS: Words = words("Class", "수강번호");
const STATUS: Words = words("Status", "상태");
const POINT: Words = words("Points", "포인트");
const GIFTS: Words = words("Gifts", "선물");
const REGISTERED: When = When::Is("classStatus", &["CLASS_REGISTERED"]);

/// The system.
pub(crate) static SYSTEM: System = System {
    name: "lecture",
    title: words("Lecture", "수강신청"),
    about: words(
        "Students take courses, and get books, points and gifts.",
        "강의를 수강하고 교재와 포인트, 선물을 받습니다.",
    ),
    contexts: &[
        Context::new("class", words("Classes", "수강"), Order::Core).calls(&[Call {
            to: "pay",
            question: "take",
            before: &["ClassRegistered"],
        }]),
        Context::new("course", words("Courses", "강의"), Order::Core),
        Context::new("pay", words("Payments", "결제"), Order::Supporting),
        Context::new("point", words("Points", "포인트"), Order::Supporting).calls(&[Call {
            to: "gift",
            question: "give",
            before: &["PointGiven"],
        }]),
        Context::new("gift", words("Gifts", "선물"), Order::Supporting),
        Context::new("alert", words("Alerts", "알림"), Order::General),
        Context::new("my-page", words("My Page", "마이페이지"), Order::General),
    ],
    pages: &[
        Page {
            name: "classes",
            actor: words("Student", "수강생"),
            lead: words(
                "Take a course; book, points and gift follow by themselves.",
                "강의를 신청하면 교재와 포인트, 선물이 저절로 이어집니다.",
            ),
            forms: &[Form {
                name: "register",
                title: words("Take a course", "수강 신청"),
                sends: Sends::Post("lecture/classes", Some("lecture/courses")),
                fields: &[
                    Field::new("courseId", COURSE, Kind::Number)
                        .from("id")
                        .hint(words("Choose one from the list.", "목록에서 고를 수 있습니다.")),
                    Field::new("student", STUDENT, Kind::Text(100)),
                    Field::new("fee", FEE, Kind::Number).from("fee").hint(words("In won", "원")),
                    Field::new("textBook", BOOK, Kind::Text(200)).from("textBook"),
                ],
                button: words("Take it", "신청하기"),
                done: words(
                    "You are registered and the fee is paid; the rest follows by itself.",
                    "수강 등록과 결제가 끝났습니다. 나머지는 저절로 이어집니다.",
                ),
                ..Form::PLAIN
            }],
            lists: &[
                List {
                    name: "mine",
                    title: words("My Page", "나의 수강"),
                    context: "my-page",
                    path: "lecture/inquiryMypages",
                    search: Some(Search {
                        name: "findByStudent",
                        field: "student",
                        label: STUDENT,
                    }),
                    columns: &[
                        Column::new("classId", CLASS, Show::Id),
                        Column::new("courseName", NAME, Show::Text),
                        Column::new("student", STUDENT, Show::Text),
                        Column::new("fee", FEE, Show::Won),
                        Column::new("classStatus", STATUS, Show::Status),
                        Column::new("deliveryStatus", words("Delivery", "교재 배송"), Show::Status)
                            .pending(
                                "",
                                REGISTERED,
                                "course",
                                words(
                                    "The book is being sent; your place is kept.",
                                    "교재를 보내고 있습니다. 수강은 확정되었습니다.",
                                ),
                            ),
                        Column::new("point", POINT, Show::Number).pending(
                            "",
                            REGISTERED,
                            "point",
                            words(
                                "Points are on their way; they come with the gift.",
                                "포인트를 준비하고 있습니다. 선물과 함께 지급됩니다.",
                            ),
                        ),
                        Column::new("giftCount", GIFTS, Show::Number),
                    ],
                    actions: &[Action::Deed(Deed {
                        name: "cancel",
                        label: words("Cancel", "수강 취소"),
                        method: "DELETE",
                        path: "lecture/classes",
                        id: "classId",
                        body: &[],
                        when: REGISTERED,
                        done: words(
                            "Cancelled; fee, points and gift are taken back.",
                            "취소했습니다. 결제와 포인트, 선물이 되돌려집니다.",
                        ),
                    })],
                    empty: words("No course is taken yet.", "아직 수강하는 강의가 없습니다."),
                },
                List {
                    actions: &[Action::Open {
                        form: "register",
                        label: words("Choose", "고르기"),
                        when: When::Always,
                    }],
                    empty: words(
                        "There are no courses yet; teachers register them.",
                        "아직 강의가 없습니다. 강사가 등록합니다.",
                    ),
                    ..COURSE_LIST
                },
            ],
        },
        Page {
            name: "courses",
            actor: words("Teacher", "강사"),
            lead: words("Offer courses and change them.", "강의를 열고 바꿉니다."),
            forms: &[
                Form {
                    name: "offer",
                    title: words("Offer a course", "강의 등록"),
                    sends: Sends::Post("lecture/courses", None),
                    fields: &[
                        Field::new("name", NAME, Kind::Text(200)),
                        Field::new("teacher", TEACHER, Kind::Text(100)),
                        Field::new("fee", FEE, Kind::Number).hint(words("In won", "원")),
                        Field::new("textBook", BOOK, Kind::Text(200)),
                    ],
                    button: words("Offer", "등록하기"),
                    done: words("The course is offered.", "강의를 등록했습니다."),
                    ..Form::PLAIN
                },
                Form {
                    name: "change",
                    title: words("Change a course", "강의 변경"),
                    sends: Sends::Patch("lecture/courses"),
                    fields: &[
                        Field::new("name", NAME, Kind::Text(200)).from("name"),
                        Field::new("teacher", TEACHER, Kind::Text(100)).from("teacher"),
                        Field::new("fee", FEE, Kind::Number).from("fee"),
                        Field::new("textBook", BOOK, Kind::Text(200)).from("textBook"),
                    ],
                    button: words("Change", "변경하기"),
                    done: words("The course is changed.", "강의를 변경했습니다."),
                    ..Form::PLAIN
                },
            ],
            lists: &[List {
                actions: &[
                    Action::Open {
                        form: "change",
                        label: words("Change", "변경"),
                        when: When::Always,
                    },
                    Action::Deed(Deed {
                        name: "remove",
                        label: words("Remove", "삭제"),
                        method: "DELETE",
                        path: "lecture/courses",
                        id: "id",
                        body: &[],
                        when: When::Always,
                        done: words("The course is removed.", "강의를 삭제했습니다."),
                    }),
                ],
                empty: words("No course is offered yet.", "아직 등록한 강의가 없습니다."),
                ..COURSE_LIST
            }],
        },
        Page {
            name: "office",
            actor: words("Office", "운영 담당자"),
            lead: words(
                "Payments, points, gifts and what students were told.",
                "결제와 포인트, 선물, 알림을 봅니다.",
            ),
            forms: &[],
            lists: &[
                List {
                    name: "payments",
                    title: words("Payments", "결제 내역"),
                    context: "pay",
                    path: "lecture/payments",
                    columns: &[
                        Column::new("id", words("Payment", "결제번호"), Show::Id),
                        Column::new("classId", CLASS, Show::Id),
                        Column::new("student", STUDENT, Show::Text),
                        Column::new("fee", FEE, Show::Won),
                        Column::new("status", STATUS, Show::Status),
                    ],
                    empty: words("Nothing is paid yet.", "아직 결제가 없습니다."),
                    ..List::PLAIN
                },
                List {
                    name: "points",
                    title: words("Points", "포인트 내역"),
                    context: "point",
                    path: "lecture/points",
                    columns: &[
                        Column::new("classId", CLASS, Show::Id),
                        Column::new("student", STUDENT, Show::Text),
                        Column::new("point", POINT, Show::Number),
                        Column::new("status", STATUS, Show::Status),
                    ],
                    empty: words("No points are given yet.", "아직 포인트가 없습니다."),
                    ..List::PLAIN
                },
                List {
                    name: "gifts",
                    title: words("Gifts", "선물 내역"),
                    context: "gift",
                    path: "lecture/gifts",
                    columns: &[
                        Column::new("classId", CLASS, Show::Id),
                        Column::new("student", STUDENT, Show::Text),
                        Column::new("count", GIFTS, Show::Number),
                        Column::new("status", STATUS, Show::Status),
                    ],
                    empty: words("No gift is given yet.", "아직 선물이 없습니다."),
                    ..List::PLAIN
                },
                List {
                    name: "alerts",
                    title: words("Alerts", "알림 내역"),
                    context: "alert",
                    path: "lecture/alerts",
                    columns: &[
                        Column::new("student", STUDENT, Show::Text),
                        Column::new("message", words("Message", "내용"), Show::Text),
                        Column::new("time", words("Time", "시각"), Show::Text),
                    ],
                    empty: words("Nobody was told anything yet.", "아직 알림이 없습니다."),
                    ..List::PLAIN
                },
            ],
        },
    ],
};

const COURSES: &[Column] = &[
    Column::new("id", COURSE, Show::Id),
    Column::new("name", NAME, Show::Text),
    Column::new("teacher", TEACHER, Show::Text),
    Column::new("fee", FEE, Show::Won),
    Column::new("textBook", BOOK, Show::Text),
];

const COURSE_LIST: List = List {
    name: "courses",
    title: words("Courses", "강의 목록"),
    context: "course",
    path: "lecture/courses",
    columns: COURSES,
    ..List::PLAIN
};
