//! point (포인트): a payment brings its student points, which end with it.

use madang::{Aggregate, Decision, Rejection};
use serde::{Deserialize, Serialize};

use crate::contract::exports::madang::lecture::points::Point as Resource;
use crate::contract::madang::lecture::pay_events::{PaymentApproved, PaymentCanceled};
use crate::contract::madang::lecture::point_events::{PointCanceled, PointGiven};

/// They were given before.
pub const GIVEN: Rejection = Rejection::state("the points are given already");
/// The payment is canceled: there are none for it any more.
pub const CANCELED: Rejection = Rejection::state("the points are canceled");

/// How a class's points stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// `POINT_GIVEN`.
    Given,
    /// `POINT_CANCEL`.
    Canceled,
}

/// The points for a class. Their id is the class's, so that they are given once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    class_id: u64,
    student: String,
    point: u64,
    status: Status,
}

/// What can be asked of points.
#[derive(Debug, Clone)]
pub enum Command {
    /// The class is paid.
    Give(PaymentApproved),
    /// It is not paid any more.
    Cancel(PaymentCanceled),
}

madang::events! {
    /// What happens to points.
    pub enum Event { PointGiven, PointCanceled }
}

impl Aggregate for Point {
    const COLLECTION: &'static str = "points";
    const ENTITY: &'static str = "Point";
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        match (state.map(|point| point.status), command) {
            (None, Command::Give(approved)) => Ok(give(approved)),
            (Some(Status::Given), Command::Give(_)) => Err(GIVEN),
            (Some(Status::Canceled), _) => Err(CANCELED),
            // Also where none were given yet, because the approval is among the dead letters: gift may
            // have been asked for it, and whoever replays the letter must find it over.
            (None | Some(Status::Given), Command::Cancel(canceled)) => Ok(cancel(canceled)),
        }
    }

    fn resource(&self) -> Option<Resource> {
        let Point { class_id, student, point, status } = self.clone();
        let status = status.on_the_wire().to_owned();
        Some(Resource { id: class_id, class_id, student, point, status })
    }
}

impl Status {
    fn on_the_wire(self) -> &'static str {
        match self {
            Status::Given => "POINT_GIVEN",
            Status::Canceled => "POINT_CANCEL",
        }
    }
}

/// 10% of the fee, rounded down.
fn give(approved: PaymentApproved) -> Decision<Point> {
    let PaymentApproved { class_id, student, fee, .. } = approved;
    let (point, status) = (fee / 10, Status::Given);
    let told = PointGiven {
        id: class_id,
        class_id,
        student: student.clone(),
        point,
        status: status.on_the_wire().to_owned(),
    };
    Decision::told(Point { class_id, student, point, status }, told)
}

fn cancel(canceled: PaymentCanceled) -> Decision<Point> {
    let PaymentCanceled { class_id, student, .. } = canceled;
    let status = Status::Canceled;
    let told = PointCanceled {
        id: class_id,
        class_id,
        student: student.clone(),
        point: 0,
        status: status.on_the_wire().to_owned(),
    };
    Decision::told(Point { class_id, student, point: 0, status }, told)
}

#[cfg(test)]
mod tests {
    use madang::spec::given;

    use super::*;

    fn approved(fee: u64) -> Command {
        Command::Give(PaymentApproved {
            id: 7,
            class_id: 7,
            course_id: 1,
            fee,
            student: "john-doe".into(),
            text_book: "kor_book".into(),
            status: "CONFIRM".into(),
        })
    }

    fn canceled() -> Command {
        Command::Cancel(PaymentCanceled {
            id: 7,
            class_id: 7,
            course_id: 1,
            fee: 10_000,
            student: "john-doe".into(),
            status: "CANCEL".into(),
        })
    }

    fn seen(point: u64, status: &str) -> Option<Resource> {
        let (student, status) = ("john-doe".to_owned(), status.to_owned());
        Some(Resource { id: 7, class_id: 7, student, point, status })
    }

    fn told_canceled() -> Event {
        PointCanceled {
            id: 7,
            class_id: 7,
            student: "john-doe".into(),
            point: 0,
            status: "POINT_CANCEL".into(),
        }
        .into()
    }

    #[test]
    fn a_tenth_of_the_fee_is_given_rounded_down_and_told() {
        for (fee, point) in [(10_000, 1_000), (12_345, 1_234), (9, 0), (0, 0)] {
            let told = PointGiven {
                id: 7,
                class_id: 7,
                student: "john-doe".into(),
                point,
                status: "POINT_GIVEN".into(),
            };
            let points = given::<Point>([]).when(approved(fee)).then_events([told.into()]);
            assert_eq!(points.resource(), seen(point, "POINT_GIVEN"));
        }
    }

    #[test]
    fn points_are_canceled_kept_and_told() {
        let points =
            given::<Point>([approved(10_000)]).when(canceled()).then_events([told_canceled()]);
        assert_eq!(points.resource(), seen(0, "POINT_CANCEL"));
    }

    #[test]
    fn points_are_given_once_and_canceled_once() {
        given::<Point>([approved(10_000)]).when(approved(10_000)).then_rejected(GIVEN);
        let over = || given::<Point>([approved(10_000), canceled()]);
        over().when(canceled()).then_rejected(CANCELED);
        over().when(approved(10_000)).then_rejected(CANCELED);
    }

    #[test]
    fn what_is_canceled_before_it_was_given_is_told_and_never_given() {
        let points = given::<Point>([]).when(canceled()).then_events([told_canceled()]);
        assert_eq!(points.resource(), seen(0, "POINT_CANCEL"));
        points.when(approved(10_000)).then_rejected(CANCELED);
    }
}
