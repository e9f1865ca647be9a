"""Each event has its effects exactly once and in order, whatever is killed, repeated or unreadable."""

import contextlib
import io
import json
import unittest
import unittest.mock

from madang import consumer, message
from madang.env import Answered
from madang.errors import Conflict
from madang.event import dumps
from policies import ALERTS, POLICIES
from support import SYSTEM, Host, Killed, Redis, approved, env, event


class ConsumerTest(unittest.TestCase):
    """With a Redis of its own, empty before each test."""

    @classmethod
    def setUpClass(cls):
        cls.redis = Redis()

    @classmethod
    def tearDownClass(cls):
        cls.redis.close()

    def setUp(self):
        self.redis.run("FLUSHALL")
        self.log = io.StringIO()
        self.enterContext(contextlib.redirect_stderr(self.log))
        self.enterContext(contextlib.redirect_stdout(self.log))

    def tell(self, *events):
        """Puts events (or what is none) into the log."""
        for one in events:
            kind = one["type"] if isinstance(one, dict) else "PaymentApproved"
            number = self.redis.run("INCR", f"{{{SYSTEM}}}:log:head")[0]
            words = ["t", kind, "e", dumps(one) if isinstance(one, dict) else one]
            self.redis.run("XADD", f"{{{SYSTEM}}}:log", f"{number}-0", *words)

    def drain(self, host=None, **variables):
        """Drains until nothing is left, past pauses after failures."""
        host = host or Host(self.redis, **variables)
        while consumer.position(env(host)) < consumer.head(env(host)):
            with contextlib.suppress(consumer.Stuck):
                consumer.drain(env(host), POLICIES)
            # As if the time had passed that it waits and that a lease lasts.
            self.redis.run("HDEL", env(host).key("tries"), "after")
            self.redis.run("DEL", env(host).key("lease"))
        return env(host)

    def alerts(self):
        """What students were told, by the order of ids."""
        listing = ALERTS.listing(unittest.mock.Mock(parameter=lambda name: None))
        items, total = ALERTS.page(env(Host(self.redis)), listing)
        self.assertEqual(len(items), total)
        return [(item.value["student"], item.value["eventType"]) for item in items]

    def now(self):
        """Redis's clock, in milliseconds."""
        seconds, microseconds = self.redis.run("TIME")
        return int(seconds) * 1000 + int(microseconds) // 1000

    def test_each_event_is_told_once_and_kept(self):
        self.tell(approved(1), event("CourseRegistered", "courses/1@1", {}), approved(2, "영희"))
        around = self.drain()
        consumer.drain(around, POLICIES)
        self.assertEqual(self.alerts(), [("홍길동", "PaymentApproved"), ("영희", "PaymentApproved")])
        self.assertEqual(consumer.position(around), 3)
        self.assertEqual(message.describe(around), {"waiting": 2, "dead": 0})

    def test_killed_after_any_call_it_goes_on_as_if_nothing_had_happened(self):
        kills = 0
        for call in range(1, 100):
            self.redis.run("FLUSHALL")
            self.tell(approved(1), approved(2))
            host = Host(self.redis)
            host.kill_at = call
            with contextlib.suppress(Killed):
                consumer.drain(env(host), POLICIES)
            if host.calls < call:
                break
            kills += 1
            around = self.drain()
            self.assertEqual(self.alerts(), [("홍길동", "PaymentApproved")] * 2, call)
            self.assertEqual(message.describe(around), {"waiting": 2, "dead": 0})
        # Claim (by name, then by text), an id and a commit for each event, the claim that finds nothing left.
        self.assertGreaterEqual(kills, 6)

    def test_who_was_overtaken_writes_nothing(self):
        self.tell(approved(1))
        late, quick = Host(self.redis), Host(self.redis)
        waiting = consumer._claim(env(late), POLICIES, "late")
        self.redis.run("DEL", env(late).key("lease"))
        self.drain(quick)
        entry = next(consumer._entries(waiting[4:]))
        with self.assertRaises(consumer.Overtaken):
            consumer._handle(env(late), POLICIES, entry, (0, 1, 0), 1, "")
        self.assertEqual(len(self.alerts()), 1)

    def test_what_cannot_be_handled_is_put_aside_and_the_next_is_handled(self):
        short = event("GiftGiven", "gifts/1@1", {"id": 1, "classId": 1, "count": 1, "status": "s"})
        negative = approved(7)
        negative["data"]["fee"] = -1
        odd = ["{bad", "[" * 100_000, dumps(approved(8)).replace("홍", "\\ud800"), b"\xff"]
        self.tell(*odd, short, negative, approved(1))
        around = self.drain(max_attempts="2")
        self.assertEqual(self.alerts(), [("홍길동", "PaymentApproved")])
        letters = consumer.dead_letters(around)
        self.assertEqual([letter["number"] for letter in letters], [1, 2, 3, 4, 5, 6])
        kept = [letter["event"] for letter in letters]
        self.assertEqual(kept, [*odd[:3], "", short, negative])
        self.assertEqual([letter["tries"] for letter in letters], [2] * 6)
        self.assertIn("student: is required", letters[4]["reason"])
        self.assertIn("fee: must be a number from 0 up", letters[5]["reason"])

    def test_a_component_that_ends_without_an_answer_has_tried(self):
        self.tell(approved(1), approved(2))
        for _ in range(2):
            host = Host(self.redis, max_attempts="2")
            host.kill_at = 2
            with self.assertRaises(Killed):
                consumer.drain(env(host), POLICIES)
            self.redis.run("DEL", env(host).key("lease"))
        around = self.drain(max_attempts="2")
        reasons = [letter["reason"] for letter in consumer.dead_letters(around)]
        self.assertEqual(reasons, ["the component ended without an answer"])
        self.assertEqual(len(self.alerts()), 1)

    def test_a_dead_letter_is_replayed_once_it_can_be(self):
        self.tell(event("GiftGiven", "gifts/1@1", {"id": 1}))
        around = self.drain(max_attempts="1")
        with self.assertRaises(Exception):
            consumer.replay(around, POLICIES, 1)
        letter = consumer.dead_letters(around)[0]
        letter["event"]["data"] |= {"classId": 1, "student": "철수", "count": 1, "status": "GIFT_GIVEN"}
        self.redis.run("HSET", around.dead_key, 1, json.dumps(letter))
        self.assertTrue(consumer.replay(around, POLICIES, 1))
        self.assertFalse(consumer.replay(around, POLICIES, 1))
        self.assertEqual(self.alerts(), [("철수", "GiftGiven")])
        self.assertEqual(consumer.dead_letters(around), [])

    def test_of_two_who_replay_a_letter_at_once_one_does(self):
        self.tell(approved(1))
        around = self.drain(max_attempts="0")
        late = Host(self.redis)
        late.meanwhile["INCR"] = lambda: consumer.replay(around, POLICIES, 1)
        with self.assertRaises(Conflict):
            consumer.replay(env(late), POLICIES, 1)
        self.assertEqual(len(self.alerts()), 1)

    def test_what_nobody_here_hears_is_passed(self):
        self.tell(approved(1), *(event("CourseRegistered", f"courses/{id}@1", {}) for id in range(70)))
        around = self.drain()
        self.assertEqual((consumer.position(around), consumer.head(around)), (71, 71))

    def test_a_rejection_is_recorded_and_the_cursor_moves_on(self):
        def refuse(event, work):
            raise consumer.Rejected(409, "not today")

        self.tell(approved(1))
        heard = {kind: refuse for kind, _ in POLICIES._policies.values()}
        around = env(Host(self.redis))
        consumer.drain(around, consumer.Policies(heard))
        self.assertEqual((consumer.position(around), self.alerts()), (1, []))
        notes = consumer.objects(self.redis.run("XRANGE", around.key("refusals"), "-", "+"))
        self.assertEqual(list(notes), [{"event": 1, "reason": "not today"}])

    def test_a_message_goes_to_the_log_once(self):
        self.tell(approved(1))
        around = self.drain()
        message.deliver_due(around)
        message.deliver_due(around)
        told = 'message payments-1@1.1 to "홍길동": "강의료가 결제되었습니다."\n'
        self.assertEqual(self.log.getvalue().count(told), 1)
        self.assertEqual(message.describe(around), {"waiting": 0, "dead": 0})

    def test_a_message_that_fails_waits_and_then_is_dead_and_can_be_replayed(self):
        self.tell(approved(1))
        host = Host(self.redis, message_webhook_url="http://gateway/sms", message_attempts="2")
        around = self.drain(host)
        host.answers = [OSError("no route"), Answered(500)]
        begin = self.now()
        message.deliver_due(around)
        score = self.redis.run("ZSCORE", around.key("messages"), "payments-1@1.1")[0]
        self.assertTrue(begin + 1000 <= int(score) <= self.now() + 1000, score)
        self.redis.run("ZADD", around.key("messages"), "XX", 0, "payments-1@1.1")
        message.deliver_due(around)
        dead = message.dead_messages(around)
        self.assertEqual([(one["id"], one["reason"], one["tries"]) for one in dead],
                         [("payments-1@1.1", "answered 500", 2)])
        late = Host(self.redis)
        late.meanwhile["EVALSHA"] = lambda: message.replay_message(around, "payments-1@1.1")
        with self.assertRaises(Conflict):
            message.replay_message(env(late), "payments-1@1.1")
        self.assertFalse(message.replay_message(around, "payments-1@1.1"))
        message.deliver_due(around)
        self.assertEqual(message.describe(around), {"waiting": 0, "dead": 0})
        (url, headers, body), *others = host.sent
        self.assertEqual(others, [(url, headers, body)] * 2)
        self.assertEqual((url, headers["idempotency-key"]), ("http://gateway/sms", "payments-1@1.1"))
        told = {"recipient": "홍길동", "text": "강의료가 결제되었습니다."}
        self.assertEqual(json.loads(body)["data"], told)

    def test_a_webhook_that_is_away_is_cut_off(self):
        self.tell(*(approved(id) for id in range(1, 13)))
        host = Host(self.redis, message_webhook_url="http://gateway/sms")
        around = self.drain(host)
        host.answers = [OSError("no route")] * 12
        message.deliver_due(around)
        self.assertEqual(len(host.sent), 10)
        self.assertEqual(message.describe(around), {"waiting": 12, "dead": 0})
        # Three that go well after the pause close it again.
        host.time += 5000
        host.answers = []
        self.redis.run("ZADD", around.key("messages"), "XX", *due(self.redis, around))
        message.deliver_due(around)
        self.assertEqual(message.describe(around), {"waiting": 0, "dead": 0})



def due(redis, around):
    """All messages that wait, due now."""
    ids = redis.run("ZRANGE", around.key("messages"), 0, -1)
    return [word for id in ids for word in (0, id)]


if __name__ == "__main__":
    unittest.main()
