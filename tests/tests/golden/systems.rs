//! The five systems: a run of each that tells all of its events.

use madang_testing::Host;
use madang_tests::kvaccine::{self, KVaccine, Person};
use madang_tests::lecture::{CLASSES, Lecture, asking, offering};
use madang_tests::outerpark::{self, OuterPark};
use madang_tests::professor::{Professor, applying, korean};
use madang_tests::{BookRent, Entry};
use serde_json::json;

/// A system.
pub struct System {
    /// `bookrent`.
    pub name: &'static str,
    /// Makes each of its events happen; the log.
    pub run: fn() -> Vec<Entry>,
    /// Its events in an order in which they can have happened.
    pub history: &'static [&'static str],
    /// Which of its goldens contexts refuse, and why, though they can read them: what began with a command
    /// they have never seen, and what follows from a golden is told before its own golden is.
    pub refusals: &'static [&'static str],
}

/// All of them.
pub const ALL: [System; 5] = [BOOKRENT, OUTERPARK, KVACCINE, PROFESSOR, LECTURE];

/// Makes a test of a check for each system.
macro_rules! for_each_system {
    ($check:ident) => {
        #[test]
        fn bookrent() {
            $check(&crate::systems::BOOKRENT);
        }
        #[test]
        fn outerpark() {
            $check(&crate::systems::OUTERPARK);
        }
        #[test]
        fn kvaccine() {
            $check(&crate::systems::KVACCINE);
        }
        #[test]
        fn professor() {
            $check(&crate::systems::PROFESSOR);
        }
        #[test]
        fn lecture() {
            $check(&crate::systems::LECTURE);
        }
    };
}
pub(crate) use for_each_system;

/// Book rental.
pub const BOOKRENT: System = System {
    name: "bookrent",
    run: bookrent,
    history: &["Registered", "BookRented", "DeliveryStarted", "BookCancelled", "DeliveryCancelled"],
    refusals: &["book, DeliveryCancelled: there is nothing of that id"],
};

/// Musical seats.
pub const OUTERPARK: System = System {
    name: "outerpark",
    run: outerpark,
    history: &[
        "MusicalRegistered",
        "SeatModified",
        "Reserved",
        "PaymentApproved",
        "Noticed",
        "Canceled",
        "PaymentCancelled",
    ],
    refusals: &[
        "musical, Canceled: that reservation holds no seats",
        "reservation, PaymentApproved: there is nothing of that id",
    ],
};

/// Vaccination.
pub const KVACCINE: System = System {
    name: "kvaccine",
    run: kvaccine,
    history: &[
        "UserReservationRequested",
        "ReservationRequested",
        "HospitalReservationReceived",
        "ReservationRejected",
        "UserReservationCancelled",
        "ReservationCancelled",
        "HospitalReservationCancelled",
        "VaccineInjected",
    ],
    refusals: &[
        "hospital, ReservationCancelled: the reservation at the hospital is canceled",
        "reservation, VaccineInjected: there is no reservation of that user",
        "user, ReservationRejected: there is nothing of that id",
        "user, VaccineInjected: there is nothing of that id",
    ],
};

/// Who teaches which course.
pub const PROFESSOR: System = System {
    name: "professor",
    run: professor,
    history: &[
        "CourseRegisted",
        "CourseModified",
        "ProfessorApplyed",
        "CourseCompleted",
        "ProfessorConfirmed",
        "CourseCanceled",
        "ApplymentCanceled",
    ],
    refusals: &[],
};

/// Online courses, points and gifts.
pub const LECTURE: System = System {
    name: "lecture",
    run: lecture,
    history: &[
        "CourseRegistered",
        "CourseModified",
        "PaymentApproved",
        "ClassRegistered",
        "DeliveryStarted",
        "GiftGiven",
        "PointGiven",
        "ClassCanceled",
        "PaymentCanceled",
        "DeliveryCanceled",
        "PointCanceled",
        "GiftCanceled",
        "CourseDeleted",
    ],
    refusals: &["pay, ClassCanceled: there is nothing of that id"],
};

fn bookrent() -> Vec<Entry> {
    let host = Host::start();
    let shop = BookRent::of(&host);
    let rent = shop.rent(shop.register("모비 딕"), 8);
    shop.settle();
    shop.cancel(rent);
    shop.settle();
    shop.log()
}

fn outerpark() -> Vec<Entry> {
    let host = Host::start();
    let park = OuterPark::of(&host);
    let musical = json!({"musicalId": 11, "name": "명성황후", "reservableSeat": 10});
    let _ = park.client.post("/outerpark/musicals", musical).expect(201);
    let asked = park.client.post("/outerpark/reservations", outerpark::asking(11, 2)).expect(201);
    park.settle();
    let _ = park.client.delete(asked.location()).expect(204);
    park.settle();
    park.log()
}

fn kvaccine() -> Vec<Entry> {
    let settings = kvaccine::settings().variable("kvaccine_vaccine_types", "Pfizer");
    let host = settings.variable("kvaccine_daily_capacity", "1").start();
    let kv = KVaccine::with_capacity(&host, 1);
    let person = |name: &str, number: &str| Person { name: name.into(), number: number.into() };
    let kim = person("Taeyeon Kim", "890309-2766876");
    let lee = person("Jieun Lee", "930619-2377821");
    kv.reserve(&kim);
    kv.settle();
    // The day is full.
    kv.reserve(&lee);
    kv.settle();
    kv.cancel(&kim);
    kv.settle();
    let user = kv.reserve(&lee);
    kv.settle();
    let _ = kv.inject(user).expect(200);
    kv.settle();
    kv.log()
}

fn professor() -> Vec<Entry> {
    let host = Host::start();
    let system = Professor::of(&host);
    let course = system.client.post("/professor/courseManagements", korean(11)).expect(201);
    let _ = system.client.patch(course.location(), json!({"title": "국문학"})).expect(200);
    system.settle();
    let _ = system.client.patch("/professor/professorApplyments/1", applying(201)).expect(200);
    system.settle();
    let _ = system.confirm("/professor/professorEvaluations/1", 85).expect(200);
    let _ = system.client.delete(course.location()).expect(204);
    system.settle();
    system.log()
}

fn lecture() -> Vec<Entry> {
    let host = Host::start();
    let lecture = Lecture::of(&host);
    let course = lecture.client.post("/lecture/courses", offering("korean")).expect(201);
    let _ = lecture.client.patch(course.location(), json!({"fee": 9_000})).expect(200);
    let class = lecture.client.post(CLASSES, asking("john-doe", 10_000)).expect(201);
    lecture.settle();
    let _ = lecture.client.delete(class.location()).expect(204);
    lecture.settle();
    let _ = lecture.client.delete(course.location()).expect(204);
    lecture.settle();
    lecture.log()
}
