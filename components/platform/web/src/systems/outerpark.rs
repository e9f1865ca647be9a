//! OuterPark: musical seats (뮤지컬 예약).

use crate::model::{
    Action, Call, Column, Context, Deed, Field, Form, Kind, List, Order, Page, Search, Sends, Show,
    System, When,
};
use crate::words::{Words, words};

const MUSICAL: Words = words("Musical", "공연번호");
const NAME: Words = words("Name", "공연명");
const LEFT: Words = words("Seats left", "남은 좌석");
const PRICE: Words = words("Price", "가격");
const SEATS: Words = words("Seats", "좌석 수");
const RESERVATION: Words = words("Reservation", "예약번호");
const PAYMENT: Words = words("Payment", "결제번호");
const STATUS: Words = words("Status", "상태");

/// The system.
pub(crate) static SYSTEM: System = System {
    name: "outerpark",
    title: words("OuterPark", "뮤지컬 예약"),
    about: words(
        "Seats of musicals are reserved, paid and given back.",
        "뮤지컬 좌석을 예약하고, 결제하고, 취소합니다.",
    ),
    contexts: &[
        Context::new("reservation", words("Reservations", "예약"), Order::Core).calls(&[Call {
            to: "musical",
            question: "check-and-modify-seat",
            before: &["Reserved"],
        }]),
        Context::new("musical", words("Musicals", "뮤지컬"), Order::Core),
        Context::new("payment", words("Payments", "결제"), Order::Supporting),
        Context::new("notice", words("Notices", "알림"), Order::General),
        Context::new("customer-center", words("My Page", "고객센터"), Order::General),
    ],
    pages: &[
        Page {
            name: "reserve",
            actor: words("Customer", "고객"),
            lead: words(
                "Reserve seats; payment and notice follow by themselves.",
                "좌석을 예약하면 결제와 알림이 저절로 이어집니다.",
            ),
            forms: &[Form {
                name: "reserve",
                title: words("Reserve seats", "좌석 예약"),
                sends: Sends::Post("outerpark/reservations", Some("outerpark/musicals")),
                fields: &[
                    Field::new("musicalId", MUSICAL, Kind::Number)
                        .from("musicalId")
                        .hint(words("Choose one from the list.", "목록에서 고를 수 있습니다.")),
                    Field::new("seats", SEATS, Kind::Number).hint(words("1 to 100", "1~100석")),
                    Field::new("price", PRICE, Kind::Number).hint(words("In won", "원")),
                ],
                button: words("Reserve", "예약하기"),
                done: words(
                    "The seats are yours; the payment follows by itself.",
                    "좌석을 예약했습니다. 결제는 저절로 이어집니다.",
                ),
                ..Form::PLAIN
            }],
            lists: &[
                List {
                    name: "mine",
                    title: words("My Page", "나의 예약"),
                    context: "customer-center",
                    path: "outerpark/myPages",
                    search: Some(Search {
                        name: "findByReservationId",
                        field: "reservationId",
                        label: RESERVATION,
                    }),
                    columns: &[
                        Column::new("reservationId", RESERVATION, Show::Id),
                        Column::new("musicalId", MUSICAL, Show::Id),
                        Column::new("seats", SEATS, Show::Number),
                        Column::new("paymentId", PAYMENT, Show::Id),
                        Column::new("status", STATUS, Show::Status).pending(
                            "SeatsReserved",
                            When::Always,
                            "payment",
                            words(
                                "The payment is being made; your seats are kept.",
                                "결제를 진행하고 있습니다. 좌석은 확보되어 있습니다.",
                            ),
                        ),
                    ],
                    actions: &[Action::Deed(Deed {
                        name: "cancel",
                        label: words("Cancel", "예약 취소"),
                        method: "DELETE",
                        path: "outerpark/reservations",
                        id: "reservationId",
                        body: &[],
                        when: When::Is("status", &["SeatsReserved", "ApprovedPayment"]),
                        done: words(
                            "Cancelled; seats and payment are given back.",
                            "취소했습니다. 좌석과 결제가 되돌려집니다.",
                        ),
                    })],
                    empty: words("Nothing is reserved yet.", "아직 예약이 없습니다."),
                },
                List {
                    actions: &[Action::Open {
                        form: "reserve",
                        label: words("Choose", "고르기"),
                        when: When::Always,
                    }],
                    empty: words(
                        "There are no musicals yet; the manager registers them.",
                        "아직 공연이 없습니다. 공연 관리자가 등록합니다.",
                    ),
                    ..MUSICAL_LIST
                },
            ],
        },
        Page {
            name: "musicals",
            actor: words("Manager", "공연 관리자"),
            lead: words("Register musicals and their seats.", "공연과 좌석을 등록하고 바꿉니다."),
            forms: &[
                Form {
                    name: "register",
                    title: words("Register a musical", "공연 등록"),
                    sends: Sends::Post("outerpark/musicals", None),
                    fields: &[
                        Field::new("musicalId", MUSICAL, Kind::Number),
                        Field::new("name", NAME, Kind::Text(200)),
                        Field::new("reservableSeat", LEFT, Kind::Number)
                            .hint(words("0 to 1,000,000", "0~1,000,000석")),
                    ],
                    button: words("Register", "등록하기"),
                    done: words("The musical is registered.", "공연을 등록했습니다."),
                    ..Form::PLAIN
                },
                Form {
                    name: "change",
                    title: words("Change a musical", "공연 변경"),
                    sends: Sends::Patch("outerpark/musicals"),
                    fields: &[
                        Field::new("name", NAME, Kind::Text(200)).from("name"),
                        Field::new("reservableSeat", LEFT, Kind::Number).from("reservableSeat"),
                    ],
                    button: words("Change", "변경하기"),
                    done: words("The musical is changed.", "공연을 변경했습니다."),
                    ..Form::PLAIN
                },
            ],
            lists: &[List {
                actions: &[Action::Open {
                    form: "change",
                    label: words("Change", "변경"),
                    when: When::Always,
                }],
                empty: words("No musical is registered yet.", "아직 등록한 공연이 없습니다."),
                ..MUSICAL_LIST
            }],
        },
        Page {
            name: "office",
            actor: words("Office", "운영 담당자"),
            lead: words("Payments and notices, as they happen.", "결제와 알림을 봅니다."),
            forms: &[],
            lists: &[
                List {
                    name: "payments",
                    title: words("Payments", "결제 내역"),
                    context: "payment",
                    path: "outerpark/payments",
                    columns: &[
                        Column::new("id", PAYMENT, Show::Id),
                        Column::new("reservationId", RESERVATION, Show::Id),
                        Column::new("price", PRICE, Show::Won),
                        Column::new("status", STATUS, Show::Status),
                    ],
                    empty: words("Nothing is paid yet.", "아직 결제가 없습니다."),
                    ..List::PLAIN
                },
                List {
                    name: "notices",
                    title: words("Notices", "알림 내역"),
                    context: "notice",
                    path: "outerpark/notices",
                    columns: &[
                        Column::new("id", words("Notice", "알림번호"), Show::Id),
                        Column::new("paymentId", PAYMENT, Show::Id),
                        Column::new("sendText", words("Text", "내용"), Show::Status),
                    ],
                    empty: words("Nobody was told anything yet.", "아직 알림이 없습니다."),
                    ..List::PLAIN
                },
            ],
        },
    ],
};

const MUSICALS: &[Column] = &[
    Column::new("musicalId", MUSICAL, Show::Id),
    Column::new("name", NAME, Show::Text),
    Column::new("reservableSeat", LEFT, Show::Number),
];

const MUSICAL_LIST: List = List {
    name: "musicals",
    title: words("Musicals", "공연 목록"),
    context: "musical",
    path: "outerpark/musicals",
    columns: MUSICALS,
    ..List::PLAIN
};
