//! course (강의): a teacher's course, and the deliveries of its text book to those who take it.

use madang::{Aggregate, Decision, Rejection, text_within};
use serde::{Deserialize, Serialize};

use crate::contract::exports::madang::lecture::courses::{Course as CourseResource, CourseFields};
use crate::contract::exports::madang::lecture::deliveries::Delivery as DeliveryResource;
use crate::contract::madang::lecture::course_events::{
    CourseDeleted, CourseModified, CourseRegistered, DeliveryCanceled, DeliveryStarted,
};
use crate::contract::madang::lecture::pay_events::PaymentApproved;

/// The text book was on its way before.
pub const STARTED: Rejection = Rejection::state("the delivery is started already");
/// The text book is not to come any more.
pub const CANCELED: Rejection = Rejection::state("the delivery is canceled already");

/// The highest fee, in won.
const HIGHEST_FEE: u64 = 1_000_000_000;

/// A course.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Course {
    id: u64,
    /// What it is called.
    pub name: String,
    teacher: String,
    fee: u64,
    text_book: String,
}

/// What can be asked of a course.
#[derive(Debug, Clone)]
pub enum Command {
    /// A teacher has a new course.
    Register {
        /// Its id.
        id: u64,
        /// What it is.
        course: CourseFields,
    },
    /// It becomes another.
    Modify(CourseFields),
    /// It is offered no more.
    Delete,
}

madang::events! {
    /// What happens to a course, and to a delivery.
    pub enum Event {
        CourseRegistered, CourseModified, CourseDeleted, DeliveryStarted, DeliveryCanceled
    }
}

impl Aggregate for Course {
    const COLLECTION: &'static str = "courses";
    const ENTITY: &'static str = "Course";
    type Command = Command;
    type Event = Event;
    type Resource = CourseResource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        match (state, command) {
            (None, Command::Register { id, course }) => register(id, course),
            (Some(course), Command::Modify(fields)) => modify(course, fields),
            (Some(course), Command::Delete) => {
                let Course { id, name, teacher, fee, text_book } = course;
                let told = CourseDeleted { id, name, teacher, fee, text_book };
                Ok(Decision::removed().telling(told))
            }
            (Some(_), Command::Register { .. }) => {
                Err(Rejection::state("it is registered already"))
            }
            (None, _) => Err(Rejection::MISSING),
        }
    }

    fn resource(&self) -> Option<CourseResource> {
        let Course { id, name, teacher, fee, text_book } = self.clone();
        Some(CourseResource { id, name, teacher, fee, text_book })
    }
}

fn register(id: u64, fields: CourseFields) -> Result<Decision<Course>, Rejection> {
    let course = course(id, fields)?;
    let Course { id, name, teacher, fee, text_book } = course.clone();
    Ok(Decision::told(course, CourseRegistered { id, name, teacher, fee, text_book }))
}

fn modify(before: Course, fields: CourseFields) -> Result<Decision<Course>, Rejection> {
    let course = course(before.id, fields)?;
    if course == before {
        return Ok(Decision::quiet(course));
    }
    let Course { id, name, teacher, fee, text_book } = course.clone();
    Ok(Decision::told(course, CourseModified { id, name, teacher, fee, text_book }))
}

fn course(id: u64, fields: CourseFields) -> Result<Course, Rejection> {
    let CourseFields { name, teacher, fee, text_book } = fields;
    text_within("name", &name, 1, 200)?;
    text_within("teacher", &teacher, 1, 100)?;
    if fee > HIGHEST_FEE {
        return Err(Rejection::invalid("fee", fee, "must be 0 to 1000000000"));
    }
    text_within("textBook", &text_book, 1, 200)?;
    Ok(Course { id, name, teacher, fee, text_book })
}

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// `DELIVERY_START`.
    Started,
    /// `DELIVERY_CANCEL`.
    Canceled,
}

/// The delivery (교재배송) of a class's text book. Its id is the class's, so that there is one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    class_id: u64,
    course_id: u64,
    student: String,
    text_book: String,
    status: Status,
}

/// What can be asked of a delivery.
#[derive(Debug, Clone)]
pub enum Shipping {
    /// The class is paid.
    Start {
        /// What for, and by whom.
        approved: PaymentApproved,
        /// What the course is called; none where there is no such course.
        course_name: Option<String>,
    },
    /// It is not paid any more.
    Cancel,
}

impl Aggregate for Delivery {
    const COLLECTION: &'static str = "deliveries";
    const ENTITY: &'static str = "Delivery";
    type Command = Shipping;
    type Event = Event;
    type Resource = DeliveryResource;

    fn decide(state: Option<Self>, command: Shipping) -> Result<Decision<Self>, Rejection> {
        match (state, command) {
            (None, Shipping::Start { approved, course_name }) => Ok(start(approved, course_name)),
            (Some(_), Shipping::Start { .. }) => Err(STARTED),
            (Some(Delivery { status: Status::Canceled, .. }), Shipping::Cancel) => Err(CANCELED),
            (Some(delivery), Shipping::Cancel) => Ok(cancel(delivery)),
            (None, Shipping::Cancel) => Err(Rejection::MISSING),
        }
    }

    fn resource(&self) -> Option<DeliveryResource> {
        let Delivery { class_id, course_id, student, text_book, status } = self.clone();
        let (id, status) = (class_id, status.on_the_wire().to_owned());
        Some(DeliveryResource { id, class_id, course_id, student, text_book, status })
    }
}

impl Status {
    fn on_the_wire(self) -> &'static str {
        match self {
            Status::Started => "DELIVERY_START",
            Status::Canceled => "DELIVERY_CANCEL",
        }
    }
}

fn start(approved: PaymentApproved, course_name: Option<String>) -> Decision<Delivery> {
    let PaymentApproved { class_id, course_id, student, text_book, .. } = approved;
    let status = Status::Started;
    let told = DeliveryStarted {
        id: class_id,
        class_id,
        course_id,
        course_name,
        student: student.clone(),
        text_book: text_book.clone(),
        status: status.on_the_wire().to_owned(),
    };
    Decision::told(Delivery { class_id, course_id, student, text_book, status }, told)
}

fn cancel(delivery: Delivery) -> Decision<Delivery> {
    let delivery = Delivery { status: Status::Canceled, ..delivery };
    let Delivery { class_id, course_id, student, text_book, status } = delivery.clone();
    let (id, status) = (class_id, status.on_the_wire().to_owned());
    Decision::told(
        delivery,
        DeliveryCanceled { id, class_id, course_id, student, text_book, status },
    )
}

#[cfg(test)]
mod tests {
    use madang::spec::{Given, given};

    use super::*;

    fn fields(name: &str, fee: u64) -> CourseFields {
        let (teacher, text_book) = ("hong-gil-dong".to_owned(), "kor_book".to_owned());
        CourseFields { name: name.to_owned(), teacher, fee, text_book }
    }

    fn registered() -> Command {
        Command::Register { id: 1, course: fields("korean", 10_000) }
    }

    fn korean() -> Given<Course> {
        given::<Course>([registered()])
    }

    #[test]
    fn a_course_is_registered_and_told() {
        let CourseFields { name, teacher, fee, text_book } = fields("korean", 10_000);
        let told = CourseRegistered {
            id: 1,
            name: name.clone(),
            teacher: teacher.clone(),
            fee,
            text_book: text_book.clone(),
        };
        let course = given::<Course>([]).when(registered()).then_events([told.into()]);
        let seen = CourseResource { id: 1, name, teacher, fee, text_book };
        assert_eq!(course.resource(), Some(seen));
        korean().when(registered()).then_rejected(Rejection::state("it is registered already"));
    }

    #[test]
    fn a_course_is_modified_and_told_where_it_is_another_then() {
        let CourseFields { name, teacher, fee, text_book } = fields("english", 12_000);
        let told = CourseModified { id: 1, name, teacher, fee, text_book };
        korean()
            .when(Command::Modify(fields("english", 12_000)))
            .then_events([told.into()])
            .when(Command::Modify(fields("english", 12_000)))
            .then_nothing_changes();
    }

    #[test]
    fn a_course_is_deleted_and_told() {
        let CourseFields { name, teacher, fee, text_book } = fields("korean", 10_000);
        let told = CourseDeleted { id: 1, name, teacher, fee, text_book };
        let gone = korean().when(Command::Delete).then_events([told.into()]);
        assert_eq!(gone.resource(), None);
        gone.when(Command::Delete).then_rejected(Rejection::MISSING);
        let modify = Command::Modify(fields("korean", 1));
        given::<Course>([]).when(modify).then_rejected(Rejection::MISSING);
    }

    #[test]
    fn a_course_must_be_whole() {
        let text = |field, value: &str, most| {
            Rejection::invalid(field, value, format!("must be 1 to {most} characters"))
        };
        let fee = Rejection::invalid("fee", 1_000_000_001, "must be 0 to 1000000000");
        let (long, longer) = ("가".repeat(101), "가".repeat(201));
        let whole = || fields("korean", 10_000);
        for (fields, refused) in [
            (CourseFields { name: "".into(), ..whole() }, text("name", "", 200)),
            (CourseFields { name: longer.clone(), ..whole() }, text("name", &longer, 200)),
            (CourseFields { teacher: "".into(), ..whole() }, text("teacher", "", 100)),
            (CourseFields { teacher: long.clone(), ..whole() }, text("teacher", &long, 100)),
            (CourseFields { fee: 1_000_000_001, ..whole() }, fee),
            (CourseFields { text_book: "".into(), ..whole() }, text("textBook", "", 200)),
            (CourseFields { text_book: longer.clone(), ..whole() }, text("textBook", &longer, 200)),
        ] {
            let register = Command::Register { id: 1, course: fields.clone() };
            given::<Course>([]).when(register).then_rejected(refused.clone());
            korean().when(Command::Modify(fields)).then_rejected(refused);
        }
        for fee in [0, 1_000_000_000] {
            let register = Command::Register { id: 1, course: fields("korean", fee) };
            assert!(given::<Course>([register]).resource().is_some());
        }
    }

    fn paid() -> Shipping {
        let approved = PaymentApproved {
            id: 7,
            class_id: 7,
            course_id: 1,
            fee: 10_000,
            student: "john-doe".into(),
            text_book: "kor_book".into(),
            status: "CONFIRM".into(),
        };
        Shipping::Start { approved, course_name: Some("korean".into()) }
    }

    #[test]
    fn a_delivery_is_started_and_canceled_once_each_and_told() {
        let (student, text_book) = ("john-doe".to_owned(), "kor_book".to_owned());
        let started = DeliveryStarted {
            id: 7,
            class_id: 7,
            course_id: 1,
            course_name: Some("korean".into()),
            student: student.clone(),
            text_book: text_book.clone(),
            status: "DELIVERY_START".into(),
        };
        let status = "DELIVERY_CANCEL".to_owned();
        let canceled =
            DeliveryCanceled { id: 7, class_id: 7, course_id: 1, student, text_book, status };
        let delivery = given::<Delivery>([]).when(paid()).then_events([started.into()]);
        assert_eq!(delivery.resource().unwrap().status, "DELIVERY_START");
        let delivery = delivery.when(Shipping::Cancel).then_events([canceled.into()]);
        assert_eq!(delivery.resource().unwrap().status, "DELIVERY_CANCEL");
        delivery.when(Shipping::Cancel).then_rejected(CANCELED);
        given::<Delivery>([paid()]).when(paid()).then_rejected(STARTED);
        given::<Delivery>([paid(), Shipping::Cancel]).when(paid()).then_rejected(STARTED);
        given::<Delivery>([]).when(Shipping::Cancel).then_rejected(Rejection::MISSING);
    }
}
