"""alert (알림): an alert tells a student what has become of a class."""

from dataclasses import dataclass

from wit_world.imports.class_events import ClassCanceled, ClassRegistered
from wit_world.imports.course_events import DeliveryCanceled, DeliveryStarted
from wit_world.imports.gift_events import GiftCanceled, GiftGiven
from wit_world.imports.pay_events import PaymentApproved, PaymentCanceled
from wit_world.imports.point_events import PointCanceled, PointGiven

# What a student is told of each event.
MESSAGES = {
    ClassRegistered: "수강신청이 완료되었습니다.",
    ClassCanceled: "수강신청이 취소되었습니다.",
    PaymentApproved: "강의료가 결제되었습니다.",
    PaymentCanceled: "강의료 결제가 취소되었습니다.",
    DeliveryStarted: "교재 배송이 시작되었습니다.",
    DeliveryCanceled: "교재 배송이 취소되었습니다.",
    PointGiven: "포인트가 지급되었습니다.",
    PointCanceled: "포인트 지급이 취소되었습니다.",
    GiftGiven: "기프트가 지급되었습니다.",
    GiftCanceled: "기프트 지급이 취소되었습니다.",
}


@dataclass(frozen=True)
class Alert:
    """An alert: who was told what, of which event (`ClassRegistered`), and when (RFC 3339, UTC)."""

    id: int
    student: str
    event_type: str
    message: str
    time: str


def alert_of(id, event, time):
    """The alert that an event gives occasion to, under this id."""
    return Alert(id, event.student, type(event).__name__, MESSAGES[type(event)], time)
