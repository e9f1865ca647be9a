"""alert (알림): what students were told, as they are by KakaoTalk (카톡).

What is where, and the three ways in to it: HTTP, the channel, and the world's typed function.
"""

from wit_world import exports
from wit_world.exports.alerts import Alert

from madang.event import from_wire
from madang.rest import Context
from madang.spin import answer, hear, typed
from policies import ALERTS, POLICIES

CONTEXT = Context("lecture", "alert", "0.1.0", ALERTS, POLICIES)


class IncomingHandler(exports.IncomingHandler):
    """HTTP."""

    def handle(self, request, response_out):
        answer(CONTEXT, request, response_out)


class InboundRedis(exports.InboundRedis):
    """The channel: a doorbell."""

    def handle_message(self, message):
        hear(CONTEXT)


class Alerts(exports.Alerts):
    """The world's own function."""

    def find(self, id):
        return typed(CONTEXT, lambda env: from_wire(Alert, ALERTS.find(env, id).value))
