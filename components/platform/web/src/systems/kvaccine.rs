//! K-Vaccine: vaccination (백신 예약).

use crate::model::{
    Action, Call, Column, Context, Deed, Field, Form, Given, Kind, List, Order, Page, Sends, Show,
    System, When,
};
use crate::words::{Words, words};

const NAME: Words = words("Name", "이름");
const NUMBER: Words = words("Registration number", "주민번호");
const FORMAT: Words = words("yyMMdd-Nnnnnnn; it is not kept", "yyMMdd-Nnnnnnn, 저장하지 않습니다");
const DATE: Words = words("Day", "예약일");
const STATUS: Words = words("Status", "상태");
const VACCINE: Words = words("Vaccine", "백신");
const INJECTED: Words = words("Injected", "접종일");
const COUNT: Words = words("Count", "수량");
const USER: Words = words("User", "사용자번호");

/// The system.
pub(crate) static SYSTEM: System = System {
    name: "kvaccine",
    title: words("K-Vaccine", "백신 예약"),
    about: words(
        "People reserve a day, and the hospital vaccinates them.",
        "날짜를 예약하고 병원에서 접종합니다.",
    ),
    contexts: &[
        Context::new("user", words("Users", "사용자"), Order::Core).calls(&[Call {
            to: "reservation",
            question: "date",
            before: &[],
        }]),
        Context::new("reservation", words("Reservations", "예약"), Order::Core),
        Context::new("hospital", words("Hospital", "병원"), Order::Supporting),
        Context::new("vaccine-stock", words("Stock", "백신 재고"), Order::General),
        Context::new("dashboard", words("Dashboard", "현황판"), Order::General),
    ],
    pages: &[
        Page {
            name: "reserve",
            actor: words("Citizen", "국민"),
            lead: words(
                "See which days have places left, and reserve one.",
                "예약할 수 있는 날짜를 보고 예약합니다.",
            ),
            forms: &[
                Form {
                    name: "days",
                    title: words("Days with places", "예약 가능일 조회"),
                    sends: Sends::Ask(
                        "kvaccine/user/date",
                        &[
                            Column::new("date", DATE, Show::Text),
                            Column::new("count", words("Places", "남은 인원"), Show::Number),
                        ],
                        words(
                            "The days cannot be asked for at the moment; please try again in a few seconds. \
                             You can reserve all the same.",
                            "조회 폭주로 서비스 지연 중입니다. 잠시 후 다시 조회해 주세요. 예약은 그대로 할 수 \
                             있습니다.",
                        ),
                    ),
                    fields: &[
                        Field::new("userName", NAME, Kind::Text(100)),
                        Field::new("userRegNumber", NUMBER, Kind::Secret).hint(FORMAT),
                    ],
                    button: words("Show days", "조회하기"),
                    done: words("Days with places left", "예약 가능일"),
                    ..Form::PLAIN
                },
                Form {
                    name: "reserve",
                    title: words("Reserve a day", "접종 예약"),
                    sends: Sends::Post("kvaccine/user/reserve", None),
                    fields: &[
                        Field::new("userName", NAME, Kind::Text(100)),
                        Field::new("userRegNumber", NUMBER, Kind::Secret).hint(FORMAT),
                        Field::new("reserveDate", DATE, Kind::Day)
                            .hint(words("Within the next ten days", "앞으로 열흘 안")),
                    ],
                    button: words("Reserve", "예약하기"),
                    done: words(
                        "The reservation is made; the hospital chooses the vaccine.",
                        "예약했습니다. 백신은 병원이 정합니다.",
                    ),
                    ..Form::PLAIN
                },
                Form {
                    name: "cancel",
                    title: words("Cancel my reservation", "예약 취소"),
                    sends: Sends::Post("kvaccine/user/cancel", None),
                    fields: &[Field::new("userRegNumber", NUMBER, Kind::Secret).hint(FORMAT)],
                    button: words("Cancel", "취소하기"),
                    done: words("The reservation is cancelled.", "예약을 취소했습니다."),
                    ..Form::PLAIN
                },
            ],
            lists: &[DASHBOARD],
        },
        Page {
            name: "hospital",
            actor: words("Hospital", "병원"),
            lead: words("Vaccinate those who have a reservation.", "예약한 사람에게 접종합니다."),
            forms: &[],
            lists: &[List {
                name: "hospital",
                title: words("Reservations at the hospital", "병원 예약자"),
                context: "hospital",
                path: "kvaccine/hospitals",
                columns: &[
                    Column::new("userId", USER, Show::Id),
                    Column::new("userName", NAME, Show::Text),
                    Column::new("userRegNumber", NUMBER, Show::Text),
                    Column::new("reserveDate", DATE, Show::Text),
                    Column::new("vaccineType", VACCINE, Show::Text),
                    Column::new("reserveStatus", STATUS, Show::Status),
                    Column::new("injectDate", INJECTED, Show::Text),
                ],
                actions: &[Action::Deed(Deed {
                    name: "inject",
                    label: words("Vaccinate", "접종"),
                    method: "POST",
                    path: "kvaccine/hospital/inject",
                    id: "",
                    body: &[("userId", Given::Field("userId"))],
                    when: When::Is("reserveStatus", &["RESERVE"]),
                    done: words("The vaccination is recorded.", "접종을 기록했습니다."),
                })],
                empty: words(
                    "Nobody has a reservation at the hospital yet.",
                    "아직 병원에 예약한 사람이 없습니다.",
                ),
                ..List::PLAIN
            }],
        },
        Page {
            name: "stock",
            actor: words("Stock keeper", "재고 담당자"),
            lead: words("Take vaccines in and see what is left.", "백신을 입고하고 재고를 봅니다."),
            forms: &[Form {
                name: "arrive",
                title: words("Vaccines arrive", "백신 입고"),
                sends: Sends::Post("kvaccine/vaccineStocks", None),
                fields: &[
                    Field::new("vaccineType", VACCINE, Kind::Text(50))
                        .hint(words("Such as Pfizer", "예: Pfizer")),
                    Field::new("vaccineCount", COUNT, Kind::Number),
                ],
                button: words("Take in", "입고하기"),
                done: words("The vaccines are in stock.", "입고했습니다."),
                ..Form::PLAIN
            }],
            lists: &[
                List {
                    name: "balance",
                    title: words("In stock", "재고"),
                    context: "vaccine-stock",
                    path: "kvaccine/stock",
                    columns: STOCK,
                    empty: words("Nothing is in stock.", "재고가 없습니다."),
                    ..List::PLAIN
                },
                List {
                    name: "ledger",
                    title: words("Ledger", "입출고 내역"),
                    context: "vaccine-stock",
                    path: "kvaccine/vaccineStocks",
                    columns: &[
                        Column::new("id", words("Entry", "번호"), Show::Id),
                        Column::new("vaccineType", VACCINE, Show::Text),
                        Column::new("vaccineCount", COUNT, Show::Number),
                        Column::new("time", words("Time", "시각"), Show::Text),
                    ],
                    empty: words("Nothing arrived yet.", "아직 내역이 없습니다."),
                    ..List::PLAIN
                },
            ],
        },
        Page {
            name: "dashboard",
            actor: words("Dashboard", "현황판"),
            lead: words(
                "All reservations, as they stand; it refreshes by itself.",
                "모든 예약의 현황이며 저절로 새로 고쳐집니다.",
            ),
            forms: &[],
            lists: &[DASHBOARD],
        },
    ],
};

const DASHBOARD: List = List {
    name: "dashboard",
    title: words("Dashboard", "접종 현황"),
    context: "dashboard",
    path: "kvaccine/dashboards",
    columns: &[
        Column::new("userId", USER, Show::Id),
        Column::new("userName", NAME, Show::Text),
        Column::new("userRegNumber", NUMBER, Show::Text),
        Column::new("reserveDate", DATE, Show::Text),
        Column::new("reserveStatus", STATUS, Show::Status),
        Column::new("vaccineType", VACCINE, Show::Text).pending(
            "",
            When::Is("reserveStatus", &["RESERVE"]),
            "hospital",
            words(
                "The hospital chooses the vaccine; the day is kept.",
                "병원에서 백신을 정하고 있습니다. 예약일은 확보되어 있습니다.",
            ),
        ),
        Column::new("injectDate", INJECTED, Show::Text),
    ],
    empty: words("Nobody has reserved yet.", "아직 예약이 없습니다."),
    ..List::PLAIN
};

const STOCK: &[Column] = &[
    Column::new("vaccineType", VACCINE, Show::Text),
    Column::new("vaccineCount", COUNT, Show::Number),
];
