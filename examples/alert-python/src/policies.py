"""What alert does when it hears of an event that changes a class, its payment, its delivery, its points
or its gift."""

from domain import MESSAGES, Alert, alert_of
from madang.collection import Collection
from madang.consumer import Policies
from madang.env import rfc3339
from madang.message import send

ALERTS = Collection("alerts", "Alert", Alert)


def _tell(event, work):
    """On each of these events: its student is told, and that is kept."""
    send(work, event.student, MESSAGES[type(event)])
    time = rfc3339(work.env.host.now())
    work.create(ALERTS, lambda id: alert_of(id, event, time))


POLICIES = Policies({kind: _tell for kind in MESSAGES})
