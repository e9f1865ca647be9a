//! BookRent: book rental (대여).

use crate::model::{
    Action, Call, Column, Context, Deed, Field, Form, Given, Kind, List, Order, Page, Search,
    Sends, Show, System, When,
};
use crate::words::{Words, words};

const TITLE: Words = words("Title", "도서명");
const BOOK: Words = words("Book", "도서번호");
const USER: Words = words("User", "사용자번호");
const ADDRESS: Words = words("Address", "배송 주소");
const RENT: Words = words("Rent", "대여번호");
const STATUS: Words = words("Status", "상태");
const DELIVERY: Words = words("Delivery", "배송");

/// The system.
pub(crate) static SYSTEM: System = System {
    name: "bookrent",
    title: words("BookRent", "도서 대여"),
    about: words(
        "Books are rented, delivered and returned.",
        "도서를 대여하고, 배송받고, 반납합니다.",
    ),
    contexts: &[
        Context::new("rent", words("Rents", "대여관리"), Order::Core).calls(&[Call {
            to: "book",
            question: "check-and-change-status",
            before: &["BookRented"],
        }]),
        Context::new("book", words("Books", "도서관리"), Order::Supporting),
        Context::new("delivery", words("Deliveries", "배송관리"), Order::Supporting),
        Context::new("view", words("View", "현황조회"), Order::General),
    ],
    pages: &[
        Page {
            name: "rent",
            actor: words("Customer", "고객"),
            lead: words(
                "Rent a book and follow it to your door.",
                "도서를 대여하고 배송까지 따라갑니다.",
            ),
            forms: &[Form {
                name: "rent",
                title: words("Rent a book", "도서 대여"),
                sends: Sends::Post("bookrent/rents", Some("bookrent/books")),
                fields: &[
                    Field::new("bookId", BOOK, Kind::Number)
                        .from("id")
                        .hint(words("Choose one from the list.", "목록에서 고를 수 있습니다.")),
                    Field::new("userId", USER, Kind::Number),
                    Field::new("address", ADDRESS, Kind::Text(500)),
                ],
                button: words("Rent", "대여하기"),
                done: words(
                    "The book is yours; its delivery follows by itself.",
                    "대여했습니다. 배송은 저절로 이어집니다.",
                ),
                failed: Some((
                    "Fail",
                    words(
                        "The book could not be rented: it is not there, somebody has it, or books cannot \
                         be asked at the moment. Nothing is owed.",
                        "대여하지 못했습니다. 없는 도서이거나, 이미 대여 중이거나, 도서관리에 지금 물어볼 수 \
                         없습니다. 남은 의무는 없습니다.",
                    ),
                )),
            }],
            lists: &[
                List {
                    name: "mine",
                    title: words("My rents", "나의 대여 현황"),
                    context: "view",
                    path: "bookrent/views",
                    search: Some(Search { name: "findByUserId", field: "userId", label: USER }),
                    columns: &[
                        Column::new("rentId", RENT, Show::Id),
                        Column::new("bookId", BOOK, Show::Id),
                        Column::new("rentStatus", words("Rent", "대여"), Show::Status),
                        Column::new("deliveryStatus", DELIVERY, Show::Status).pending(
                            "",
                            When::Is("rentStatus", &["Rent"]),
                            "delivery",
                            words("The delivery is being prepared.", "배송을 준비하고 있습니다."),
                        ),
                    ],
                    actions: &[Action::Deed(Deed {
                        name: "cancel",
                        label: words("Return", "반납·취소"),
                        method: "PATCH",
                        path: "bookrent/rents",
                        id: "rentId",
                        body: &[("status", Given::Text("Cancel"))],
                        when: When::Is("rentStatus", &["Rent"]),
                        done: words(
                            "Cancelled; once its delivery is, the book can be rented again.",
                            "취소했습니다. 배송이 취소되면 도서를 다시 대여할 수 있습니다.",
                        ),
                    })],
                    empty: words("Nothing is rented yet.", "아직 대여한 도서가 없습니다."),
                },
                List {
                    actions: &[Action::Open {
                        form: "rent",
                        label: words("Choose", "고르기"),
                        when: When::Is("status", &["true"]),
                    }],
                    empty: words(
                        "There are no books yet; the librarian registers them.",
                        "아직 도서가 없습니다. 도서 담당자가 등록합니다.",
                    ),
                    ..BOOK_LIST
                },
            ],
        },
        Page {
            name: "books",
            actor: words("Librarian", "도서 담당자"),
            lead: words("Register books and see who has them.", "도서를 등록하고 현황을 봅니다."),
            forms: &[Form {
                name: "register",
                title: words("Register a book", "도서 등록"),
                sends: Sends::Post("bookrent/books", None),
                fields: &[
                    Field::new("title", TITLE, Kind::Text(200)),
                    Field::new("status", words("Can be rented", "대여 가능"), Kind::Flag),
                ],
                button: words("Register", "등록하기"),
                done: words("The book is registered.", "도서를 등록했습니다."),
                ..Form::PLAIN
            }],
            lists: &[
                List {
                    actions: &[Action::Deed(Deed {
                        name: "remove",
                        label: words("Remove", "삭제"),
                        method: "DELETE",
                        path: "bookrent/books",
                        id: "id",
                        body: &[],
                        when: When::Is("status", &["true"]),
                        done: words("The book is removed.", "도서를 삭제했습니다."),
                    })],
                    empty: words("No book is registered yet.", "아직 등록한 도서가 없습니다."),
                    ..BOOK_LIST
                },
                List {
                    name: "rents",
                    title: words("All rents", "모든 대여"),
                    context: "rent",
                    path: "bookrent/rents",
                    columns: &[
                        Column::new("id", RENT, Show::Id),
                        Column::new("bookId", BOOK, Show::Id),
                        Column::new("userId", USER, Show::Id),
                        Column::new("address", ADDRESS, Show::Text),
                        Column::new("status", STATUS, Show::Status),
                    ],
                    empty: words("Nothing is rented yet.", "아직 대여가 없습니다."),
                    ..List::PLAIN
                },
                List {
                    name: "deliveries",
                    title: words("Deliveries", "배송 현황"),
                    context: "delivery",
                    path: "bookrent/deliveries",
                    columns: &[
                        Column::new("id", DELIVERY, Show::Id),
                        Column::new("rentId", RENT, Show::Id),
                        Column::new("bookId", BOOK, Show::Id),
                        Column::new("address", ADDRESS, Show::Text),
                        Column::new("status", STATUS, Show::Status),
                    ],
                    empty: words("Nothing is delivered yet.", "아직 배송이 없습니다."),
                    ..List::PLAIN
                },
            ],
        },
    ],
};

const BOOKS: &[Column] = &[
    Column::new("id", BOOK, Show::Id),
    Column::new("title", TITLE, Show::Text),
    Column::new(
        "status",
        STATUS,
        Show::Flag(words("Can be rented", "대여 가능"), words("Rented", "대여 중")),
    ),
];

const BOOK_LIST: List = List {
    name: "books",
    title: words("Books", "도서 목록"),
    context: "book",
    path: "bookrent/books",
    columns: BOOKS,
    ..List::PLAIN
};
