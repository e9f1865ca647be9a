"""Events, records, and how they stand on the wire and in Redis."""

import json
import unittest

from madang.errors import Fault, Rejected
from madang.event import Envelope, continued, dumps, from_wire, parse, to_wire
from madang.index import entries
from madang.pack import pack
from madang.redis import CLAIM, COMMIT, DUE, LIST, RELEASE
from support import TRACE, approved
from wit_world.imports.course_events import DeliveryStarted
from wit_world.imports.pay_events import PaymentApproved


class EventTest(unittest.TestCase):
    def test_records_travel_in_camel_case(self):
        data = approved(1)["data"]
        record = from_wire(PaymentApproved, data | {"eventType": "PaymentApproved"})
        self.assertEqual((record.class_id, record.text_book), (1, "b"))
        self.assertEqual(to_wire(record), data)

    def test_a_field_that_cannot_be_is_named(self):
        data = approved(1)["data"]
        for field, value in [("classId", "1"), ("classId", True), ("fee", -1), ("fee", 2**64),
                             ("fee", 1.0), ("student", None), ("student", ["a"])]:
            with self.subTest(field=field, value=value), self.assertRaises(Rejected) as refused:
                from_wire(PaymentApproved, data | {field: value})
            self.assertEqual(refused.exception.violation.property, field)

    def test_an_optional_field_may_be_left_out(self):
        data = {"id": 1, "classId": 1, "courseId": 1, "student": "a", "textBook": "b", "status": "s"}
        self.assertIsNone(from_wire(DeliveryStarted, data).course_name)
        self.assertEqual(from_wire(DeliveryStarted, data | {"courseName": "c"}).course_name, "c")

    def test_what_is_no_event_is_a_fault(self):
        whole = approved(1)
        for text in ["{bad", "[]", "{}", dumps(whole | {"id": 7}), dumps({**whole, "data": []})]:
            with self.subTest(text=text), self.assertRaises(Fault):
                Envelope.read(1, text).fact(PaymentApproved)

    def test_json_is_read_as_the_platform_reads_it(self):
        for bad in ["{bad", "NaN", "[-Infinity]", "1e999", "[" * 128 + "]" * 128, "[" * 100_000,
                    '"\\ud800"', '{"a": "\\udc00b"}', ""]:
            with self.subTest(bad=bad[:20]), self.assertRaises(ValueError):
                parse(bad)
        for good in ["[" * 127 + "]" * 127, '["' + "[" * 500 + '\\\\"]', '"\\ud83d\\ude00"', "[1.5e3]",
                     "[" + "[]," * 500 + "{}]"]:
            self.assertEqual(parse(dumps(parse(good))), json.loads(good))

    def test_a_trace_is_handed_on_as_it_came(self):
        self.assertEqual(Envelope(approved(1)).cause().traceparent, TRACE)
        self.assertEqual(continued(TRACE, lambda: 0x10), TRACE)
        for bad in [None, "", "00-0-0-01", TRACE.upper(), TRACE.replace("4bf9", "0000").replace("2", "é")]:
            self.assertRegex(continued(bad, lambda: 7), r"^00-[0-9a-f]{32}-[0-9a-f]{16}-00$")

    def test_lists_are_messagepack(self):
        packed = b"\xdd\0\0\0\2\xdb\0\0\0\2ab\xdd\0\0\0\1\xdb\0\0\0\1" + b"7"
        self.assertEqual(pack(["ab", [7]]), packed)

    def test_fields_sort_as_their_values_do_and_then_by_id(self):
        def member(value, id):
            return dict(entries({"id": id, "field": value}, id))["field"]

        members = [member(*one) for one in [(None, 9), (2, 10), (10, 1), (10, 2), ("a", 1), ("ab", 1),
                                            ("b", 1), ("가", 1)]]
        self.assertEqual(members, sorted(members))
        self.assertEqual(member("ab", 7), b"ab\x00" + b"00000000000000000007")
        # What ends a value does not stand in one.
        self.assertEqual(member("a\0b\1", 7), b"a\2b\2\0" + b"00000000000000000007")
        self.assertNotEqual(member("x" * 300 + "1", 1), member("x" * 300 + "2", 1))

    def test_the_scripts_are_the_platforms(self):
        for script, begin in [(CLAIM, "-- The next events"), (COMMIT, "-- One commit"),
                              (DUE, "-- The intents"), (LIST, "-- A page"), (RELEASE, "-- The end")]:
            self.assertTrue(script.text.decode().startswith(begin), begin)
            self.assertRegex(script.sha, r"^[0-9a-f]{40}$")
